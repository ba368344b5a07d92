"""Stations as people write them down, and what changed since: keys and passwords of exchanges.

`--station 010000A8900016F000169DC0,edition=hj212-2025,key=…` or a file, one mapping a station:

    - {mn: 010000A8900016F000169DC0, edition: hj212-2025, pw: "123456", key: 0123456789abcdef}
    - {mn: 010000A8900016F000169DC1, edition: hebei}
    - {logger: LOGGER00000000000000001, mn: 010000A8900016F000169DC2, edition: hj212-2025}
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from agent.errors import PaikouError
from agent.settings.dialect import named_edition
from agent.tools.platform.stations import Roster, Station
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.seal import parse_key

Text = Annotated[str, BeforeValidator(str)]


class BadStation(PaikouError):
    """A station that cannot be read; the text names it, and no secret."""

    exit_code: ClassVar[int] = 2


class StationLine(BaseModel):
    """One station: `logger` is the id a logger of 2025 registers with to be given its MN."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    mn: Annotated[Text, Field(pattern=r"^[0-9A-Za-z_.-]{1,24}$")]
    edition: str | None = None
    pw: Annotated[Text, Field(pattern=r"^[0-9A-Za-z]{0,6}$")] | None = None
    key: Text | None = None
    previous_key: Text | None = None
    rendering: Literal["raw", "hexlist", "hex", "off"] = "raw"
    logger: Text | None = None

    def station(self) -> Station:
        """Give it as the platform has it. Raises `BadStation`, `ConfigError`."""
        try:
            return Station(
                mn=self.mn,
                edition=named_edition(self.edition) if self.edition else None,
                pw=self.pw,
                key=parse_key(self.key) if self.key else None,
                previous_key=parse_key(self.previous_key) if self.previous_key else None,
                rendering=self.rendering,
            )
        except LocalFrameError as problem:
            raise BadStation(f"{self.mn}: {problem}") from None


def read_option(text: str) -> StationLine:
    """Read `MN[,name=value…]`. Raises `BadStation`."""
    mn, *words = text.split(",")
    pairs = dict(word.partition("=")[::2] for word in words)
    return _line({"mn": mn, **pairs}, where=mn)


def read_file(path: Path) -> list[StationLine]:
    """Read a file of stations. Raises `BadStation`."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise BadStation(f"{path}: {problem}") from None
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise BadStation(f"{path}: a list of mappings expected")
    return [_line(one, where=f"{path}: {one.get('mn', '?')}") for one in told]


def enrol(roster: Roster, lines: list[StationLine]) -> None:
    """Put stations on the roster. Raises `BadStation`, `ConfigError`."""
    for line in lines:
        roster.stations[line.mn] = line.station()
        if line.logger is not None:
            roster.assigned[line.logger] = line.mn


def remember(path: Path, station: Station) -> None:
    """Write down a station's password and keys, for the owner's eyes only."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept[station.mn] = {
        "pw": station.pw,
        "key": station.key.hex() if station.key else None,
        "previous_key": station.previous_key.hex() if station.previous_key else None,
    }
    draft = path.with_suffix(f"{path.suffix}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(kept, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def recall(path: Path, roster: Roster) -> None:
    """Take passwords and keys as an earlier run left them. Raises `BadStation`."""
    if not path.exists():
        return
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise BadStation(f"{path}: {problem}") from None
    for mn, said in kept.items():
        line, station = _line({"mn": mn, **said}, where=f"{path}: {mn}"), roster.station(mn)
        told = line.station()
        station.pw = station.pw if told.pw is None else told.pw
        station.key, station.previous_key = told.key or station.key, told.previous_key


def _line(said: dict[str, Any], *, where: str) -> StationLine:
    try:
        return StationLine.model_validate(said)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise BadStation(f"{where}: {key}: {first['msg']}") from None
