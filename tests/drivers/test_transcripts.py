"""Recorded frames of every instrument: our question is the recorded one, its answer means this."""

import datetime
import re
from pathlib import Path

import pytest
from driver_fakes import TRANSCRIPTS, TranscriptWire, question_of

from drivers import rtu
from drivers.bus import Bus, Pace
from drivers.decode import Answer, readings_of, state_of
from drivers.device import NoAnswer, Reading, Refused
from drivers.modbus_wire import request_pdu
from drivers.plan import Span, want_of
from drivers.profile import MeasuredAt, Profile, StateWord, load_profile, profile_names
from drivers.profile_model import Table
from drivers.question import FUNCTIONS, Question
from drivers.settings import TcpBus

ONCE = Pace(timeout_s=0.01, gap_s=0.0, retries=0)
CHINA = datetime.timezone(datetime.timedelta(hours=8))


def cases() -> list[tuple[str, str, list[str]]]:
    """Give profile, name of the case and its lines."""
    found = []
    for path in sorted(TRANSCRIPTS.glob("*.txt")):
        heads, *parts = re.split(r"^# case: ", path.read_text(encoding="utf-8"), flags=re.M)
        name = re.search(r"^# profile: (\S+)$", heads, flags=re.M)
        assert name, f"{path.name} names no profile"
        assert re.search(r"^# origin: \S", heads, flags=re.M), f"{path.name} names no origin"
        for part in parts:
            title, _, rest = part.partition("\n")
            found.append((name[1], title, rest.splitlines()))
    return found


CASES = cases()


def test_every_profile_has_a_transcript() -> None:
    assert {profile for profile, _, _ in CASES} == set(profile_names())


@pytest.mark.parametrize(
    ("profile", "lines"), [pytest.param(p, lines, id=f"{p}: {t}") for p, t, lines in CASES]
)
async def test_transcript(profile: str, lines: list[str]) -> None:
    expected = [line.removeprefix("# expect: ") for line in lines if line.startswith("# expect")]
    request = next(bytes.fromhex(line[1:]) for line in lines if line.startswith(">"))
    question = question_of(request)
    assert rtu.frame(question.unit, request_pdu(question)) == request
    wire = TranscriptWire(lines)
    bus = Bus(TcpBus(id="b", kind="tcp", host="x"), wire=wire)
    said: list[str] = []
    try:
        values = await ask(bus, question)
    except Refused as error:
        said = [f"exception = {error.code}"]
    except NoAnswer:
        assert not expected, "an answer is expected but none is recorded"
    else:
        said = meaning(load_profile(profile), question, values, expected)
    wire.finish()
    assert same(said, expected), f"{said} came, {expected} expected"


async def ask(bus: Bus, question: Question) -> list[int]:
    if not question.values:
        return await bus.read(
            question.unit, question.function, question.start, question.count, timing=ONCE
        )
    await bus.write(
        question.unit,
        question.start,
        list(question.values),
        timing=ONCE,
        single=question.function == 6,
    )
    return []


def meaning(
    profile: Profile, question: Question, values: list[int], expected: list[str]
) -> list[str]:
    """Say what the profile makes of these registers alone, for what is expected of them."""
    tables: list[Table] = ["coil", "discrete", "holding", "input"]
    asked = [table for table in tables if FUNCTIONS[table] == question.function]
    if not asked:
        return []
    span = Span(asked[0], question.start, question.count, ())
    part = profile.model_copy(
        update={
            "points": tuple(point for point in profile.points if span.holds(want_of(point))),
            "alarms": tuple(word for word in profile.alarms if span.holds(want_of(word))),
            "state": profile.state if holds(span, profile.state) else None,
            "measured_at": profile.measured_at if holds(span, profile.measured_at) else None,
        }
    )
    answers = [Answer(span, tuple(values))]
    state = state_of(part, answers)
    assert state is not None
    readings = readings_of(part, answers, state, taken_at=0.0)
    said = [text(reading) for reading in readings]
    if part.state or part.alarms:
        said.append(f"state = {state.cause}")
    wanted = {line.partition(" =")[0] for line in expected}
    return [line for line in said if line.partition(" =")[0] in wanted]


def holds(span: Span, item: StateWord | MeasuredAt | None) -> bool:
    return item is not None and span.holds(want_of(item))


def text(reading: Reading) -> str:
    parts = [reading.point, "=", str(reading.value), reading.unit]
    if reading.measured_at is not None:
        local = datetime.datetime.fromtimestamp(reading.measured_at, CHINA)
        parts += ["at", local.strftime("%Y-%m-%dT%H:%M:%S")]
    return " ".join(part for part in parts if part)


def same(said: list[str], expected: list[str]) -> bool:
    """Compare word by word; numbers to the digits that were recorded."""
    ours, theirs = " ; ".join(said).split(), " ; ".join(expected).split()
    if len(ours) != len(theirs):
        return False
    return all(a == b or close(a, b) for a, b in zip(ours, theirs, strict=True))


def close(ours: str, theirs: str) -> bool:
    try:
        return float(ours) == pytest.approx(float(theirs), rel=1e-4)
    except ValueError:
        return False


def test_transcripts_are_where_the_tests_look() -> None:
    assert isinstance(TRANSCRIPTS, Path)
    assert len(CASES) >= 20
