"""A platform across a desk: frames in, what was said out, and the rows that are left."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_house import House

from agent.commands import TABLE
from agent.commands.attending import attend
from agent.errors import LinkError, Unreachable
from agent.plan import StationPlan, make_plan
from agent.settings.overriding import overridden
from agent.store import overrides
from agent.uplink.desk import Desk, HardwareFacts, Office
from agent.uplink.dispatcher import Dispatcher, dispatcher
from agent.uplink.header import Header
from agent.uplink.open_ends import OpenEnds
from protocols.hj212.frame import encode_frame
from protocols.hj212.segment import Segment
from protocols.hj212.times import wire_qn

MN = "010000A8900016F000169DC0"
OLD_MN = "88888880000001"
PW = "123456"
FACTS = HardwareFacts("LOGGER0123456789ABCDEF01", "CPU01", "001122334455", "001122334466")


@dataclass
class FakeTalk:
    """One life of a connection that writes down what is said."""

    station: StationPlan
    header: Header
    said: list[Segment] = field(default_factory=list)
    lost_reasons: list[str] = field(default_factory=list)
    renewed: int = 0
    answers: bool = True
    """Whether the platform gives 9013 and 9014."""
    breaks_at: str = ""
    """The command whose frame does not get out any more."""
    on_renew: Callable[[], None] = lambda: None
    on_say: Callable[[Segment], Awaitable[None]] | None = None
    """What the platform does as soon as it has a frame."""

    async def say(self, segment: Segment) -> None:
        if segment.cn == self.breaks_at:
            raise Unreachable("the line is cut")
        self.header.bytes_of(segment)  # what the edition cannot say fails here
        self.said.append(segment)
        if self.on_say is not None:
            await self.on_say(segment)

    async def answered(self, qn: str) -> bool:
        assert any(one.qn == qn for one in self.said)
        return self.answers

    async def renew(self) -> None:
        self.renewed += 1
        self.on_renew()

    def lost(self, reason: str) -> None:
        self.lost_reasons.append(reason)

    @property
    def frames(self) -> list[str]:
        """Everything said so far, as `CN data area`."""
        return [f"{one.cn} {one.cp}".strip() for one in self.said]


@dataclass
class Platform:
    """The other side of one station, with the whole agent behind the desk but its links."""

    house: House
    talk: FakeTalk
    office: Office
    dispatcher: Dispatcher
    reloads: list[None]
    clock_set: list[float]

    @property
    def edition(self) -> str:
        return self.talk.header.edition.base

    def qn(self, offset_s: float = 0.0) -> str:
        """Give a request number of the platform's clock, which is ours."""
        return wire_qn(int((self.house.clock.now() + offset_s) * 1000) + 123)

    def frame(
        self,
        cn: str,
        cp: str = "",
        *,
        qn: str | None = None,
        st: str = "32",
        pw: str = PW,
        mn: str | None = None,
        flag: int | None = None,
    ) -> bytes:
        version = self.talk.header.edition.flag_version
        flag = version * 4 + 1 if flag is None else flag
        mn = self.talk.header.mn if mn is None else mn
        qn = self.qn() if qn is None else qn
        text = f"QN={qn};ST={st};CN={cn};PW={pw};MN={mn};Flag={flag};CP=&&{cp}&&"
        return encode_frame(text.encode())

    async def ask(self, cn: str, cp: str = "", **header: Any) -> list[str]:
        """Send one request; give what was said in answer."""
        before = len(self.talk.said)
        await self.dispatcher.take(self.frame(cn, cp, **header), self.talk)
        return self.talk.frames[before:]

    async def tell_open_ends(self) -> list[str]:
        """Let the desk look once for what has ended meanwhile; give what was said."""
        before = len(self.talk.said)
        await OpenEnds(self.dispatcher.serving).tell_once(Desk(self.office, self.talk))
        return self.talk.frames[before:]

    async def cut(self, cn: str, cp: str = "", *, at: str, **header: Any) -> list[str]:
        """Send one request; the connection breaks when it is to be answered by `at`."""
        self.talk.breaks_at = at
        before = len(self.talk.said)
        try:
            await self.dispatcher.take(self.frame(cn, cp, **header), self.talk)
        except LinkError:
            pass
        else:
            raise AssertionError("the connection did not break")
        finally:
            self.talk.breaks_at = ""
        return self.talk.frames[before:]

    def command(self, cn: str) -> dict[str, Any]:
        """Give the one row of a command."""
        names = ("qn_rtn", "exe_rtn", "action", "told_at", "repeats", "request", "outcome")
        ((*values,),) = self.house.rows(f"SELECT {', '.join(names)} FROM commands WHERE cn = ?", cn)
        return dict(zip(names, values, strict=True))

    def journal(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Give (who, what, detail) of all lines about commands."""
        rows = self.house.rows(
            "SELECT who, what, detail FROM journal WHERE what LIKE 'command %' ORDER BY seq"
        )
        return [(who, what, json.loads(detail)) for who, what, detail in rows]

    def overrides(self) -> dict[str, Any]:
        """Give what platforms set."""
        rows = self.house.rows("SELECT name, value FROM overrides")
        return {name: json.loads(value) for name, value in rows}

    async def reload(self) -> None:
        """Put what was set in force, as the daemon does when the office asks for it."""
        rows = await self.house.store.read(overrides.load)
        self.house.plan = make_plan(overridden(self.office.file(), rows))


def platform(house: House, *, edition: str = "hj212-2017", pw: str = PW) -> Platform:
    """Sit down across the desk of the house's first station."""
    station = next(iter(house.plan.stations.values()))
    spoken = station.wording.edition
    assert spoken.base == edition
    header = Header(spoken, station.mn, pw)
    file = house.plan.site
    reloads: list[None] = []
    clock_set: list[float] = []

    def set_clock(at: float) -> None:
        clock_set.append(at)
        house.clock.jump(at - house.clock.now())

    async def reload() -> None:
        reloads.append(None)

    office = Office(
        plan=lambda: house.plan,
        file=lambda: file,
        names=lambda: house.names,
        store=house.store,
        clock=house.clock,
        bells=house.bells,
        time=house.time,
        table=TABLE,
        attend=attend,
        set_clock=set_clock,
        hardware=lambda: FACTS,
        reload=reload,
    )
    talk = FakeTalk(station, header)
    return Platform(house, talk, office, dispatcher(office), reloads, clock_set)


def machine_key(house: House) -> Path:
    return house.store.path.parent / "machine.key"
