"""Recorded frames of every Modbus instrument: our question is theirs, its answer means this.

A case named `operation …` is a command: the profile's writes are the recorded ones.
"""

import datetime
from pathlib import Path

import pytest
from driver_fakes import TRANSCRIPTS, TranscriptWire, question_of
from transcript_files import CASES, HEADS, KINDS_OF_PROOF, PROOFS, Case

from drivers import rtu
from drivers.bus import Bus, Pace
from drivers.decode import Answer, readings_of, state_of
from drivers.device import NoAnswer, Reading, Refused
from drivers.modbus_wire import request_pdu
from drivers.parameters import ParameterValue, parameters_of
from drivers.plan import Span, want_of
from drivers.profile import MeasuredAt, Profile, StateWord, load_profile, profile_names
from drivers.profile_model import Table
from drivers.profile_operations import Write
from drivers.question import FUNCTIONS, Question
from drivers.settings import TcpBus
from protocols.registers import encode_time

ONCE = Pace(timeout_s=0.01, gap_s=0.0, retries=0)
CHINA = datetime.timezone(datetime.timedelta(hours=8))


MODBUS = [case for case in CASES if load_profile(case.profile).modbus]
READS = [case for case in MODBUS if case.operation is None]
OPERATIONS = [case for case in MODBUS if case.operation is not None]


def test_every_profile_has_a_transcript() -> None:
    assert set(PROOFS) == set(profile_names())


@pytest.mark.parametrize("heads", HEADS, ids=list(PROOFS))
def test_transcript_says_what_it_proves_and_where_it_is_from(heads: dict[str, str]) -> None:
    assert heads["proof"] in KINDS_OF_PROOF
    assert heads["origin"]


@pytest.mark.parametrize("case", READS, ids=str)
async def test_transcript(case: Case) -> None:
    question = question_of(case.frames[0][1])
    assert rtu.frame(question.unit, request_pdu(question)) == case.frames[0][1]
    wire = TranscriptWire(case.lines)
    bus = Bus(TcpBus(id="b", kind="tcp", host="x"), wire=wire)
    said: list[str] = []
    try:
        values = await ask(bus, question)
    except Refused as error:
        said = [f"exception = {error.code}"]
    except NoAnswer:
        assert not case.expected, "an answer is expected but none is recorded"
    else:
        said = meaning(load_profile(case.profile), question, values, case.expected)
    wire.finish()
    assert same(said, case.expected), f"{said} came, {case.expected} expected"


@pytest.mark.parametrize("case", OPERATIONS, ids=str)
def test_writes_of_an_operation_are_the_recorded_ones(case: Case) -> None:
    name, arguments = case.operation or ("", {})
    operation = load_profile(case.profile).operations[name]
    asked = [frame for mark, frame in case.frames if mark == ">"]
    unit = asked[0][0]
    ours = [rtu.frame(unit, request_pdu(written(unit, one, arguments))) for one in operation.writes]
    assert ours == asked


def written(unit: int, write: Write, arguments: dict[str, int]) -> Question:
    """Give the request of one write of an operation, at 2026-03-19 10:00:00 in China."""
    values = [arguments[one] if isinstance(one, str) else one for one in write.values]
    if write.time is not None:
        at = datetime.datetime(2026, 3, 19, 10, tzinfo=CHINA).timestamp()
        values += encode_time(at, write.time)
    values += write.then
    if write.table == "coil":
        return Question(unit, 5, write.address, 1, (0xFF00 if values[0] else 0,))
    function = 6 if write.single else 16
    return Question(unit, function, write.address, len(values), tuple(values))


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
            "parameters": tuple(one for one in profile.parameters if span.holds(want_of(one))),
        }
    )
    answers = [Answer(span, tuple(values))]
    state = state_of(part, answers)
    assert state is not None
    readings = readings_of(part, answers, state, taken_at=0.0)
    said = [text(reading) for reading in readings]
    said += [setting(parameter) for parameter in parameters_of(part, answers)]
    if part.state or part.alarms:
        said.append(f"state = {state.cause}")
    known = {line.partition(" =")[0]: line for line in said}
    wanted = [line.partition(" =")[0] for line in expected]
    return [known[name] for name in wanted if name in known]


def setting(parameter: ParameterValue) -> str:
    if parameter.unit == "time" and parameter.value is not None:
        local = datetime.datetime.fromtimestamp(parameter.value, CHINA)
        return f"{parameter.id} = {local.strftime('%Y-%m-%dT%H:%M:%S')}"
    return f"{parameter.id} = {parameter.value} {parameter.unit}"


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
