"""Whether a request may run: MN, PW, ST, CN, policy by effect, age, what can be done here."""

from __future__ import annotations

from collections.abc import Mapping

from agent.uplink.desk import Desk, Service
from agent.uplink.results import (
    FAILED,
    REFUSED,
    WRONG_CN,
    WRONG_MN,
    WRONG_PW,
    WRONG_QN,
    WRONG_ST,
    Asked,
)
from protocols.hj212.commands import Command, command
from protocols.hj212.editions import Edition
from protocols.hj212.message import read_message
from protocols.hj212.segment import Segment
from protocols.hj212.times import parse_wire_time

OLDEST_S = 600.0
"""An order to equipment that is older, or from further ahead, does not run (architecture §3.8)."""
WITHOUT_END = frozenset({"2011", "2021"})
"""Requests that 2005 answers with 9011 and the uploads alone."""
LOGGER_ST = "91"
_OLD_QN_RTN = (1, 2, 3)
_OLD_EXE_RTN = (1, 2, 100)


def read(
    segment: Segment, desk: Desk, table: Mapping[str, Service], *, repeated: bool = False
) -> tuple[Asked | None, int | None]:
    """Give the request as it is served, or the QnRtn that refuses it.

    Who asks again may still use the password before: it has not heard that there is a new one.
    """
    if (wrong := _wrong_header(segment, desk, repeated=repeated)) is not None:
        return None, wrong
    known = request(segment.cn, desk.edition)
    service = table.get(known.cn) if known is not None else None
    if known is None or service is None:
        return None, WRONG_CN
    if _policy(known, desk) == "refuse":
        return None, REFUSED
    if known.effect == "control" and _too_old(segment, desk):
        return None, WRONG_QN
    order, _ = read_message(segment, desk.edition, direction="down")
    asked = Asked(segment, order, known)
    return asked, service.refusal(asked, desk)


def qn_rtn_in(edition: Edition, qn_rtn: int) -> int:
    """Give a QnRtn as the edition has it: 2005 knows no finer refusal than 2."""
    return qn_rtn if edition.base != "hj212-2005" or qn_rtn in _OLD_QN_RTN else REFUSED


def exe_rtn_in(edition: Edition, exe_rtn: int) -> int:
    """Give an ExeRtn as the edition has it."""
    return exe_rtn if edition.base != "hj212-2005" or exe_rtn in _OLD_EXE_RTN else FAILED


def _wrong_header(segment: Segment, desk: Desk, *, repeated: bool) -> int | None:
    header = desk.talk.header
    # 1002 brings the MN: whom it is for its data area says
    brings_mn = segment.cn == "1002" and command("1002", "down", desk.edition.base) is not None
    if not brings_mn and not header.is_for(segment.mn):
        return WRONG_MN
    if not header.knows(segment.pw) and not (repeated and header.knew(segment.pw)):
        return WRONG_PW
    of_logger = segment.cn.startswith("1") and segment.st == LOGGER_ST
    if segment.st not in desk.station.by_st() and not of_logger:
        return WRONG_ST
    return None


def request(cn: str, edition: Edition) -> Command | None:
    """Look a request up; one of a dialect is served as the one it speaks like."""
    return command(edition.extra_commands.get(cn) or cn, "down", edition.base)


def _policy(known: Command, desk: Desk) -> str:
    policy = desk.station.destination.commands
    if known.effect == "control":
        return policy.control
    return policy.parameters if known.effect == "parameters" else "allow"


def _too_old(segment: Segment, desk: Desk) -> bool:
    """Compare the QN with the platform's own clock, as far as that is known."""
    office = desk.office
    if not office.time.trusted:
        return False
    try:
        given_at = parse_wire_time(segment.qn)
    except ValueError:
        return True  # 17 digits that are no time
    theirs = office.clock.now() + office.offsets.get(desk.station.destination.id, 0.0)
    return abs(theirs - given_at) > OLDEST_S
