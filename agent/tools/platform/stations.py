"""What the platform knows of each station: its edition, its password, its keys. No I/O.

What is not told is learnt: edition, password and system of an order are those of the last right
frame.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from agent.tools.platform.checker import Rules
from agent.tools.platform.verdict import Verdict
from protocols.hj212.answers import INTERACTION_ST
from protocols.hj212.cp import find, parse_cp
from protocols.hj212.editions import Edition, edition
from protocols.hj212.seal import Rendering

MOST_STATIONS = 10_000
"""How many stations that nobody named are remembered."""

_MN = re.compile(rb";MN=([^;&]{0,64});")


@dataclass(slots=True)
class Station:
    """One station. `edition` and `pw` None: any; `key` None: nothing is sealed."""

    mn: str = ""
    edition: Edition | None = None
    pw: str | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)
    previous_key: bytes | None = field(default=None, repr=False)
    rendering: Rendering = "raw"
    st: str = "32"
    _heard: Edition | None = None
    _said_pw: str = field(default="123456", repr=False)

    @property
    def speaks(self) -> Edition:
        """The edition of an order to it: the one settled, else the one heard, else 2017."""
        return self.edition or self._heard or edition("hj212-2017")

    @property
    def order_pw(self) -> str:
        """The password of an order to it: the one settled, else the one heard."""
        return self._said_pw if self.pw is None else self.pw

    @property
    def seals(self) -> bool:
        """Whether anything is sealed between us."""
        return self.key is not None and self.rendering != "off"

    def rules(self) -> Rules:
        """Give what its frames must keep to."""
        keys = tuple(key for key in (self.key, self.previous_key) if key) if self.seals else ()
        return Rules(self.edition, self.pw, keys, self.rendering)

    def learn(self, verdict: Verdict) -> None:
        """Remember how a right frame of it spoke."""
        segment = verdict.segment
        if not verdict.ok or segment is None:
            return
        self._heard = verdict.edition
        self._said_pw = segment.pw or self._said_pw
        if segment.st != INTERACTION_ST:
            self.st = segment.st

    def renew(self, key: bytes) -> None:
        """Take a new key into use; the one before still opens what was under way."""
        self.previous_key, self.key = self.key, key


@dataclass(slots=True)
class Roster:
    """All stations. `default` is how a station is that nobody named.

    `assigned` gives the MN of a logger by its id (1001, 1002 of 2025).
    """

    default: Station = field(default_factory=Station)
    stations: dict[str, Station] = field(default_factory=dict)
    assigned: dict[str, str] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)
    """The MN of a logger by the topic level it registered on."""

    def station(self, mn: str) -> Station:
        """Give a station by its MN; one that is new is made like the default."""
        known = self.stations.get(mn)
        if known is None:
            known = replace(self.default, mn=mn)
            if mn and len(self.stations) < MOST_STATIONS:
                self.stations[mn] = known
        return known

    def of_frame(self, frame: bytes) -> Station:
        """Give the station a frame says it is from: the header is never sealed."""
        found = _MN.search(frame)
        return self.station(found[1].decode("ascii", "replace") if found else "")

    def registered(self, verdict: Verdict, level: str) -> None:
        """Remember on which level a logger registered: the answers to its 1002 come there too."""
        segment = verdict.segment
        if not verdict.ok or segment is None or segment.cn != "1001" or segment.mn:
            return
        mn = self.assigned.get(find(parse_cp(segment.cp), "i23005-Info") or "")
        if mn is not None:
            self.levels[level] = mn

    def one_of(self, mn: str, level: str) -> bool:
        """Say whether a topic of that level is right for that MN."""
        return mn == level or self.levels.get(level) == mn
