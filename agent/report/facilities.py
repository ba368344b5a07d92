"""Uploads of treatment equipment: states (2021) and run times of a day (2041)."""

from __future__ import annotations

from collections.abc import Sequence

from agent.model import Upload, Urgency
from agent.report.wording import Wording
from protocols.hj212.message import Message, print_message
from protocols.hj212.reports import FacilityRunTimes, FacilityStates

STATES_CN = "2021"
RUN_TIMES_CN = "2041"


def states(wording: Wording, *, st: str, at: int, said: Sequence[tuple[str, int]]) -> Upload:
    """Make a 2021: how each facility stood at a moment."""
    return _upload(wording, FacilityStates(STATES_CN, float(at), tuple(said)), st, at)


def run_times(wording: Wording, *, st: str, day: int, said: Sequence[tuple[str, float]]) -> Upload:
    """Make a 2041: the hours each facility ran on the local day that starts then."""
    return _upload(wording, FacilityRunTimes(RUN_TIMES_CN, float(day), tuple(said)), st, day)


def _upload(
    wording: Wording, message: FacilityStates | FacilityRunTimes, st: str, at: int
) -> Upload:
    whole: Message = message
    packets = print_message(whole, wording.edition)
    shared = wording.shared_qn and len(packets) > 1
    return Upload(message.cn, st, at, packets, 0, Urgency.LIVE, wording.answer, shared)
