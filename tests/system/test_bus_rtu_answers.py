"""A real serial line (a pty) with a slave that misbehaves: nothing wrong ever becomes a value."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import pytest
from rtu_slave import Behaviour, Delayed, RtuSlave, crc, framed, registers_frame

from drivers.bus import Bus, Pace
from drivers.device import BadAnswer, Fault, NoAnswer, Refused
from drivers.settings import SerialBus

pytestmark = pytest.mark.system

PACE = Pace(timeout_s=0.3, gap_s=0.0, retries=0)
PATIENT = Pace(timeout_s=60.0, gap_s=0.0, retries=0)
Wrong = Callable[[bytes], bytes]
SOON_S = 60.0
"""Far below PATIENT: what ends within it did not wait for a time-out."""


def address_of(request: bytes) -> int:
    return int.from_bytes(request[2:4], "big")


def count_of(request: bytes) -> int:
    return int.from_bytes(request[4:6], "big")


def right(request: bytes) -> bytes:
    """Answer every register with its own address."""
    unit, function = request[0], request[1]
    if function in (6, 16):
        return framed(*request[:6])
    start = address_of(request)
    return registers_frame(unit, function, *range(start, start + count_of(request)))


def obedient(request: bytes) -> Iterable[Delayed]:
    yield 0, right(request)


@contextlib.asynccontextmanager
async def line(
    tmp_path: Path, behaviour: Behaviour = obedient, *, baud: int = 9600
) -> AsyncIterator[tuple[Bus, RtuSlave]]:
    link = tmp_path / "line"
    bus_settings = SerialBus.model_validate(
        {"id": "line1", "kind": "serial", "port": str(link), "baud": baud}
    )
    with RtuSlave(link, behaviour) as slave:
        async with Bus(bus_settings) as bus:
            yield bus, slave


async def test_registers_come_as_they_are(tmp_path: Path) -> None:
    async with line(tmp_path) as (bus, slave):
        assert await bus.read(1, 3, 0x10, 3, timing=PACE) == [0x10, 0x11, 0x12]
        assert await bus.read(1, 4, 0x20, 1, timing=PACE) == [0x20]
        await bus.write(1, 0x0219, [1, 1, 3], timing=PACE)
        await bus.write(1, 0x01AD, [2], timing=PACE, single=True)
    assert slave.requests[2] == bytes.fromhex("01 10 02 19 00 03 06 00 01 00 01 00 03 10 83")
    assert slave.requests[3] == bytes.fromhex("01 06 01 AD 00 02 98 16")


async def test_bits_come_in_their_order(tmp_path: Path) -> None:
    def bits(request: bytes) -> Iterable[Delayed]:
        yield 0, framed(request[0], request[1], 2, 0b0000_0101, 0b10)

    async with line(tmp_path, bits) as (bus, _):
        assert await bus.read(1, 1, 0, 10, timing=PACE) == [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(("function", "count"), [(3, 3), (4, 2)])
async def test_late_answer_is_not_taken_for_next_question(
    tmp_path: Path, function: int, count: int
) -> None:
    """The trial of a library client that handed back the values of an earlier question.

    Time-out 0.3 s, no retries; the answer to the question about 0x100 comes after 0.35 s, when
    another one about 0x200 would be under way.
    """

    def late(request: bytes) -> Iterable[Delayed]:
        yield (0.35 if address_of(request) == 0x100 else 0.05), right(request)

    async with line(tmp_path, late) as (bus, slave):
        first = asyncio.create_task(bus.read(1, 3, 0x100, 3, timing=PACE))
        await asyncio.sleep(0)
        second = asyncio.create_task(bus.read(1, function, 0x200, count, timing=PACE))
        with pytest.raises(NoAnswer):
            await first
        assert await second == list(range(0x200, 0x200 + count))
    assert [address_of(request) for request in slave.requests] == [0x100, 0x200]


async def test_late_answer_is_not_taken_for_the_next_unit(tmp_path: Path) -> None:
    def late(request: bytes) -> Iterable[Delayed]:
        yield (0.35 if request[0] == 1 else 0.05), right(request)

    async with line(tmp_path, late) as (bus, _):
        with pytest.raises(NoAnswer):
            await bus.read(1, 3, 0x100, 3, timing=PACE)
        assert await bus.read(2, 3, 0x200, 3, timing=PACE) == [0x200, 0x201, 0x202]


async def test_retry_waits_for_silence_and_gets_its_own_answer(tmp_path: Path) -> None:
    delays = iter([0.35])

    def late(request: bytes) -> Iterable[Delayed]:
        yield next(delays, 0.05), right(request)

    async with line(tmp_path, late) as (bus, slave):
        pace = Pace(timeout_s=0.3, gap_s=0.0, retries=1)
        assert await bus.read(1, 3, 0x100, 3, timing=pace) == [0x100, 0x101, 0x102]
        assert len(slave.requests) == 2


async def wrong_values(tmp_path: Path, *, polls: int) -> list[tuple[int, list[int]]]:
    """Poll a slave whose delay is anything up to three time-outs; list what was wrong."""
    chance = random.Random(212)
    timeout_s = 0.03

    def unsteady(request: bytes) -> Iterable[Delayed]:
        yield chance.choice([0, 0, 0, chance.uniform(0, 3 * timeout_s)]), right(request)

    wrong = []
    async with line(tmp_path, unsteady, baud=115200) as (bus, _):
        for _ in range(polls):
            start = chance.choice([0x100, 0x200, 0x300])
            count = chance.choice([2, 2, 3])
            unit = chance.choice([1, 2])
            with contextlib.suppress(NoAnswer, BadAnswer):
                came = await bus.read(
                    unit, 3, start, count, timing=Pace(timeout_s, 0.0), order=True
                )
                if came != list(range(start, start + count)):
                    wrong.append((start, came))
    return wrong


async def test_no_wrong_value_from_a_slave_of_any_delay(tmp_path: Path) -> None:
    assert await wrong_values(tmp_path, polls=120) == []


@pytest.mark.soak
async def test_no_wrong_value_in_a_thousand_polls(tmp_path: Path) -> None:
    assert await wrong_values(tmp_path, polls=1000) == []


def once(wrong: Wrong) -> Behaviour:
    """Answer the first question wrongly, every later one right."""
    first = iter([wrong])

    def behaviour(request: bytes) -> Iterable[Delayed]:
        make = next(first, None)
        yield 0, make(request) if make else right(request)

    return behaviour


WRONG = [
    pytest.param(
        lambda request: registers_frame(18, 3, 7, 7, 7), Fault.UNIT, "WRONG UNIT", id="other unit"
    ),
    pytest.param(
        lambda request: registers_frame(17, 4, 7, 7, 7), Fault.FUNCTION, "function 4", id="function"
    ),
    pytest.param(
        lambda request: registers_frame(17, 3, 7, 7), Fault.LENGTH, "4 data bytes", id="shorter"
    ),
    pytest.param(
        lambda request: registers_frame(17, 3, 7, 7, 7, 7), Fault.LENGTH, "8 data", id="longer"
    ),
    pytest.param(
        lambda request: right(request)[:-1] + b"\x00", Fault.CHECKSUM, "wrong CRC", id="checksum"
    ),
    pytest.param(lambda request: right(request)[:-3], Fault.LENGTH, "cut short", id="cut short"),
    pytest.param(
        lambda request: right(request)[1:], Fault.GARBAGE, "no frame", id="first byte missing"
    ),
    pytest.param(lambda request: bytes(40), Fault.GARBAGE, "no frame", id="zeros"),
    pytest.param(lambda request: b"\xff\x11\x03" * 90, Fault.CHECKSUM, "wrong CRC", id="noise"),
]


@pytest.mark.parametrize(("wrong", "fault", "text"), WRONG)
async def test_a_wrong_answer_is_refused_and_the_next_poll_is_good(
    tmp_path: Path, wrong: Wrong, fault: Fault, text: str
) -> None:
    async with line(tmp_path, once(wrong)) as (bus, _):
        with pytest.raises(BadAnswer, match=text) as caught:
            await bus.read(17, 3, 0x160, 3, timing=PACE)
        assert await bus.read(17, 3, 0x200, 3, timing=PACE) == [0x200, 0x201, 0x202]
    assert caught.value.fault is fault
    assert caught.value.sent == framed(17, 3, 0x01, 0x60, 0, 3)
    assert caught.value.received


async def test_a_foreign_unit_ends_the_waiting_at_once_and_is_counted(tmp_path: Path) -> None:
    async with line(tmp_path, once(lambda _: registers_frame(18, 3, 7))) as (bus, _):
        async with asyncio.timeout(SOON_S):
            with pytest.raises(BadAnswer) as caught:
                await bus.read(17, 3, 0, 1, timing=PATIENT)
        assert caught.value.other_unit == 18
        assert bus.counts.wrong_unit == {(17, 18): 1}


async def test_an_answer_is_complete_with_its_last_byte_not_with_the_time_out(
    tmp_path: Path,
) -> None:
    async with line(tmp_path) as (bus, _), asyncio.timeout(SOON_S):
        assert len(await bus.read(1, 3, 0, 125, timing=PATIENT)) == 125


async def test_an_exception_does_not_wait_for_a_whole_answer(tmp_path: Path) -> None:
    async with line(tmp_path, once(lambda _: framed(1, 0x83, 2))) as (bus, _):
        async with asyncio.timeout(SOON_S):
            with pytest.raises(Refused) as caught:
                await bus.read(1, 3, 0, 100, timing=PATIENT)
        assert caught.value.code == 2
        assert await bus.read(1, 3, 0, 1, timing=PACE) == [0]


async def test_an_answer_in_single_bytes_is_one_answer(tmp_path: Path) -> None:
    def slowly(request: bytes) -> Iterable[Delayed]:
        for byte in right(request):
            yield 0.005, bytes((byte,))

    async with line(tmp_path, slowly) as (bus, _):
        assert await bus.read(1, 3, 0, 3, timing=PACE) == [0, 1, 2]


GLUED = [
    pytest.param(b"\x00", b"", id="a zero before"),
    pytest.param(b"\xff\xfe\x00", b"\x00\x00", id="noise around"),
    pytest.param(registers_frame(1, 3, 9, 9), b"", id="an answer of other length before"),
    pytest.param(registers_frame(2, 3, 9, 9, 9), b"", id="an answer of another unit before"),
    pytest.param(registers_frame(1, 3, 9, 9, 9)[:-2], b"", id="half an answer before"),
    pytest.param(b"", registers_frame(1, 3, 9, 9, 9), id="a second answer behind"),
]


@pytest.mark.parametrize(("before", "behind"), GLUED)
async def test_the_right_answer_is_found_among_glued_frames(
    tmp_path: Path, before: bytes, behind: bytes
) -> None:
    def glued(request: bytes) -> Iterable[Delayed]:
        yield 0, before + right(request) + behind

    async with line(tmp_path, glued) as (bus, _):
        assert await bus.read(1, 3, 0x40, 3, timing=PACE) == [0x40, 0x41, 0x42]
        assert await bus.read(1, 3, 0x50, 3, timing=PACE) == [0x50, 0x51, 0x52]


async def test_what_came_while_nobody_had_asked_is_thrown_away(tmp_path: Path) -> None:
    """A whole and fitting frame that arrived before the question is not its answer."""

    def twice(request: bytes) -> Iterable[Delayed]:
        yield 0, right(request)
        yield 0.05, right(request)

    async with line(tmp_path, twice) as (bus, slave):
        assert await bus.read(1, 3, 0x100, 2, timing=PACE) == [0x100, 0x101]
        await heard(bus)
        slave.behaviour = obedient
        assert await bus.read(1, 3, 0x200, 2, timing=PACE) == [0x200, 0x201]


async def heard(bus: Bus) -> None:
    """Wait until our side has seen more bytes; nobody asks meanwhile."""
    wire = bus._wire
    seen = wire.busy_at
    async with asyncio.timeout(SOON_S):
        while wire.busy_at == seen:  # noqa: ASYNC110  # nothing else tells of stray bytes
            await asyncio.sleep(0.01)


def echoing(request: bytes) -> Iterable[Delayed]:
    yield 0, request
    yield 0.01, right(request)


async def test_the_echo_of_a_two_wire_converter_is_not_an_answer(tmp_path: Path) -> None:
    async with line(tmp_path, echoing) as (bus, _):
        assert await bus.read(1, 3, 0x40, 3, timing=PACE) == [0x40, 0x41, 0x42]
        await bus.write(1, 0x0219, [1, 1, 3], timing=PACE)
        await bus.write(1, 0x01AD, [2], timing=PACE, single=True)
        assert bus._wire.echo is True


async def test_an_echo_alone_does_not_confirm_a_single_write(tmp_path: Path) -> None:
    """Asked first of all: its right answer would be the same bytes as its echo."""

    def echo_only(request: bytes) -> Iterable[Delayed]:
        yield 0, request

    async with line(tmp_path, echo_only) as (bus, slave):
        with pytest.raises(NoAnswer):
            await bus.write(1, 0x01AD, [2], timing=PACE, single=True)
    assert [request[1] for request in slave.requests] == [3, 6]


async def test_an_echo_and_a_deaf_unit_are_no_answer(tmp_path: Path) -> None:
    answers = iter([True])

    def deaf_later(request: bytes) -> Iterable[Delayed]:
        yield 0, request
        if next(answers, False):
            yield 0.01, right(request)

    async with line(tmp_path, deaf_later) as (bus, slave):
        await bus.read(1, 3, 0, 1, timing=PACE)
        with pytest.raises(NoAnswer):
            await bus.write(1, 0x01AD, [2], timing=PACE, single=True)
        with pytest.raises(NoAnswer):
            await bus.read(1, 3, 0, 3, timing=PACE)
        assert slave.requests[1][1] == 6


async def test_many_askers_share_a_line_without_mixing_bytes(tmp_path: Path) -> None:
    async with line(tmp_path) as (bus, slave):
        came = await asyncio.gather(
            *(bus.read(unit, 3, unit * 16, 2, timing=PACE) for unit in range(1, 30))
        )
    assert came == [[unit * 16, unit * 16 + 1] for unit in range(1, 30)]
    assert all(crc(request[:-2]) == request[-2:] for request in slave.requests)


async def test_a_silent_unit_does_not_take_the_line_from_its_neighbour(tmp_path: Path) -> None:
    def one_silent(request: bytes) -> Iterable[Delayed]:
        if request[0] != 1:
            yield 0, right(request)

    pace = Pace(timeout_s=0.05, gap_s=0.0)
    async with line(tmp_path, one_silent) as (bus, slave):
        for _ in range(30):
            with contextlib.suppress(NoAnswer):
                await bus.read(1, 3, 0, 1, timing=pace)
            assert await bus.read(2, 3, 0, 1, timing=pace) == [0]
    asked = [request[0] for request in slave.requests]
    assert asked.count(2) == 30
    assert asked.count(1) == 4


async def test_an_order_goes_before_the_polls_that_wait(tmp_path: Path) -> None:
    async with line(tmp_path) as (bus, slave):
        polls = [asyncio.create_task(bus.read(1, 3, n, 1, timing=PACE)) for n in range(20)]
        await asyncio.sleep(0)
        await bus.write(9, 0x0219, [1, 1, 3], timing=PACE)
        await asyncio.gather(*polls)
    assert [request[0] for request in slave.requests].index(9) == 1


async def test_every_frame_is_recorded(tmp_path: Path) -> None:
    frames: list[tuple[str, bytes]] = []
    link = tmp_path / "line"
    settings = SerialBus(id="line1", kind="serial", port=str(link))
    with RtuSlave(link, obedient):
        async with Bus(settings, record=lambda mark, data: frames.append((mark, data))) as bus:
            await bus.read(1, 3, 0x10, 2, timing=PACE)
    assert frames == [
        (">", framed(1, 3, 0, 0x10, 0, 2)),
        ("<", registers_frame(1, 3, 0x10, 0x11)),
    ]
