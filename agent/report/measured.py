"""Uploads of values that have a command of their own: checks (2062), furnace temperature (2111)."""

from __future__ import annotations

from dataclasses import dataclass

from agent.model import Upload, Urgency
from agent.report.wording import Wording
from protocols.hj212.commands import command
from protocols.hj212.message import FactorValues, print_message
from protocols.hj212.reports import Measured

CHECK_CN = "2062"
FURNACE_CN = "2111"


@dataclass(frozen=True, slots=True)
class CheckSaid:
    """A check of an instrument as a platform is told of it, in the factor's wire unit."""

    factor: str
    start: int
    number: int
    reading: float
    nominal: float
    passed: bool


def has(wording: Wording, cn: str) -> bool:
    """Say whether an edition has an upload of that command."""
    return command(cn, "up", wording.edition.base) is not None


def checked(wording: Wording, said: CheckSaid, *, st: str) -> Upload | None:
    """Make the report of a check (2062); None where the edition has none.

    `DataTime` is the start of the check (HJ 212-2025 §10.2). Two checks that began at once are
    two uploads: the number tells them apart.
    """
    values = {
        "SampleRd": _value(wording, said.factor, said.reading),
        "StandardValue": _value(wording, said.factor, said.nominal),
        "ResultType": float(said.passed),
    }
    return _measured(wording, CHECK_CN, said.factor, values, st, said.start, said.number)


def furnace(
    wording: Wording, *, st: str, factor: str, start: int, mean: float, number: int = 0
) -> Upload | None:
    """Make the report of a five-minute mean of furnace temperature (2111), labelled by its start.

    The number tells the furnaces of one station apart. None where the edition has none.
    """
    values = {"Avg": _value(wording, factor, mean)}
    return _measured(wording, FURNACE_CN, factor, values, st, start, number)


def _measured(
    wording: Wording,
    cn: str,
    factor: str,
    values: dict[str, float],
    st: str,
    at: int,
    revision: int,
) -> Upload | None:
    if not has(wording, cn):
        return None
    said = FactorValues(wording.code(factor), dict(values))
    packets = print_message(Measured(cn, (said,), float(at)), wording.edition)
    return Upload(cn, st, at, packets, revision, Urgency.LIVE, wording.answer)


def _value(wording: Wording, factor: str, kept: float) -> float:
    spelling = wording.said.get(factor)
    return kept if spelling is None else spelling.value(kept)
