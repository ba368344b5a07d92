"""Every protocol other than Modbus on a real line: recorded bytes, and what a line does to them."""

import asyncio
import itertools
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from frame_peer import Delayed, FramePeer

from drivers.bus import Bus, Pace
from drivers.dcon import Dcon
from drivers.device import BadAnswer, Fault, NoAnswer, Reading
from drivers.frame_device import FrameDevice
from drivers.profile import load_profile
from drivers.profile_dialogue import Question
from drivers.question import FrameQuestion
from drivers.registry import open_device
from drivers.settings import DeviceSettings, SerialBus
from protocols.clink import CLinkShape, ask

sys.path.append(str(Path(__file__).parents[1] / "drivers"))
from transcript_files import CASES, Case  # lies beside the unit tests

pytestmark = pytest.mark.system

PACE = Pace(timeout_s=0.4, gap_s=0.0, retries=0)
ANALOGUE = b">+08.074+05.794+07.228+07.748+05.763+06.812+11.576+14.668\r"
OTHER_MODULE = ANALOGUE.replace(b"+08.074", b"+19.999")
READS = [
    case
    for case in CASES
    if not load_profile(case.profile).modbus and not case.operation and case.expected
    and load_profile(case.profile).driver != "hj212-serial"
]  # fmt: skip


class RealClock:
    def now(self) -> float:
        return 1_782_470_000.0

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def recorded(case: Case) -> dict[bytes, bytes]:
    frames = case.frames
    return {
        asked: answer
        for (mark, asked), (after, answer) in itertools.pairwise(frames)
        if (mark, after) == (">", "<")
    }


def line(link: Path) -> SerialBus:
    return SerialBus(id="line1", kind="serial", port=str(link), baud=115200)


def device(case: Case, bus: Bus) -> FrameDevice:
    settings = DeviceSettings.model_validate(
        {
            "id": "it", "profile": case.profile, "bus": "line1", "address": case.address,
            "timing": {"timeout_ms": 400, "gap_ms": 0, "retries": 0},
        }
    )  # fmt: skip
    made = open_device(settings, load_profile(case.profile), bus=bus, clock=RealClock())
    assert isinstance(made, FrameDevice)
    return made


def plain(answer: bytes, _question: bytes) -> Iterable[Delayed]:
    yield 0, answer


def in_pieces(answer: bytes, _question: bytes) -> Iterable[Delayed]:
    for at in range(0, len(answer), 7):
        yield 0.002, answer[at : at + 7]


def echoed(answer: bytes, question: bytes) -> Iterable[Delayed]:
    yield 0, question
    yield 0.005, answer


def echoed_long_before(answer: bytes, question: bytes) -> Iterable[Delayed]:
    yield 0, question
    yield 0.25, answer


def behind_noise(answer: bytes, _question: bytes) -> Iterable[Delayed]:
    yield 0, b"\x00\xff" + answer


@pytest.mark.parametrize("way", [plain, in_pieces, echoed, echoed_long_before, behind_noise])
@pytest.mark.parametrize("case", READS, ids=str)
async def test_values_come_over_a_line_whatever_it_does_to_them(
    tmp_path: Path, case: Case, way: object
) -> None:
    answers = recorded(case)

    def behave(question: bytes) -> Iterable[Delayed]:
        return way(answers[question], question)  # type: ignore[operator]  # one of those above

    with FramePeer(tmp_path / "line", answers, behave) as peer:
        async with Bus(line(peer.link)) as bus:
            look = await device(case, bus).look()
    numbers = {one.point: one.value for one in look.readings}
    for expected in case.expected:
        name, _, said = expected.partition(" = ")
        if name in numbers:
            assert numbers[name] == pytest.approx(float(said.split()[0]), rel=1e-4), expected


async def test_a_late_answer_of_one_module_is_not_taken_for_the_next(tmp_path: Path) -> None:
    """DCON answers do not say whose they are."""
    first, second = b"#01\r", b"#02\r"

    def behave(question: bytes) -> Iterable[Delayed]:
        yield (1.0, OTHER_MODULE) if question == first else (0.0, ANALOGUE)

    def question(address: int) -> FrameQuestion:
        settings = DeviceSettings(
            id=f"m{address}", profile="modules/icpdas-7017-dcon", bus="line1", address=address
        )
        language = Dcon(settings, load_profile(settings.profile))
        return language.ask(Question(id="all", send="#"))

    with FramePeer(tmp_path / "line", [first, second], behave) as peer:
        async with Bus(line(peer.link)) as bus:
            with pytest.raises(NoAnswer):
                await bus.talk(question(1), timing=PACE)
            assert await bus.talk(question(2), timing=PACE) == ANALOGUE
    assert peer.asked == [first, second]


async def test_a_stale_answer_of_clink_is_dropped_by_its_own_words(tmp_path: Path) -> None:
    """An instrument that answers the question before: its words give it away."""
    answers = {b"\xaano\r": b"no2 99.0E+0 ppb\r", b"\xaano2\r": b"no2 3.25E+0 ppb\r"}

    def behave(question: bytes) -> Iterable[Delayed]:
        yield 0, answers[question]

    with FramePeer(tmp_path / "line", answers, behave) as peer:
        async with Bus(line(peer.link)) as bus:
            for command, good in (("no", False), ("no2", True)):
                asked = FrameQuestion(42, ask(command, prefix=0xAA), CLinkShape(command), command)
                if good:
                    assert await bus.talk(asked, timing=PACE) == answers[b"\xaano2\r"]
                    continue
                with pytest.raises(BadAnswer) as caught:
                    await bus.talk(asked, timing=PACE)
                assert caught.value.fault in (Fault.GARBAGE, Fault.CONTENT, Fault.LENGTH)
            assert bus.counts.units[42].answered == 1
            assert sum(bus.counts.faults.values()) == 1


async def test_a_flipped_digit_of_an_unprotected_answer_is_asked_for_again(tmp_path: Path) -> None:
    """43i without sums: one answer says 95.3 where all others say 25.3."""
    questions = {
        b"\xabso2\r": b"so2 25.3E+0 ppb\r",
        b"\xabgas mode\r": b"gas mode sample\r",
        b"\xabmode\r": b"mode remote\r",
    }
    asked = 0

    def behave(question: bytes) -> Iterable[Delayed]:
        nonlocal asked
        asked += question == b"\xabso2\r"
        wrong = question == b"\xabso2\r" and asked == 4
        yield 0, questions[question].replace(b"25.3", b"95.3" if wrong else b"25.3")

    case = next(case for case in READS if case.profile == "gas/thermo-43i-clink")
    with FramePeer(tmp_path / "line", questions, behave) as peer:
        async with Bus(line(peer.link)) as bus:
            analyzer = device(case, bus)
            said = [
                reading.value
                for _ in range(6)
                for reading in await analyzer.read()
                if reading.point == "a21026"
            ]
    assert said == [25.3] * 6
    assert asked > 6


async def test_a_pushed_message_counts_when_the_next_one_says_the_same(tmp_path: Path) -> None:
    case = next(one for one in CASES if one.profile == "water/zetian-cod-hj212")
    frame = next(data for mark, data in case.frames if mark == "<")
    with FramePeer(tmp_path / "line", [], lambda _: []) as peer:
        async with Bus(line(peer.link)) as bus:
            analyzer = device(case, bus)
            assert await analyzer.read() == []
            peer.say(frame[:40])
            peer.say(frame[40:] + frame)
            readings = await next_readings(analyzer)
    values = {one.point: one.value for one in readings}
    assert values["w01018"] == 36.5


async def next_readings(analyzer: FrameDevice) -> list[Reading]:
    async with asyncio.timeout(60):
        while True:
            if readings := await analyzer.read():
                return readings
            await asyncio.sleep(0.01)
