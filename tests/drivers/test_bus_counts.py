"""What a bus counts and what it allows each unit: a budget of retries, doubts across units."""

import asyncio

import pytest
from driver_fakes import FrameWire, bus_on
from noisy_line import run

from drivers.bus import Bus, Pace
from drivers.device import BadAnswer, Fault, NoAnswer, Refused
from drivers.modbus_wire import answer_values, request_pdu
from drivers.question import FrameQuestion, Question, mistakable
from drivers.settings import SerialBus, TcpBus
from drivers.units import MOST_RETRIES, Unit
from protocols.dcon import DconShape, ask

ANSWER = b">+08.074+05.794+07.228+07.748+05.763+06.812+11.576+14.668\r"
PACE = Pace(timeout_s=0.01, gap_s=0.0)


def module(address: int) -> FrameQuestion:
    return FrameQuestion(address, ask(address), DconShape(address), "dcon")


async def test_a_unit_that_fails_every_other_time_may_not_double_its_share_for_long() -> None:
    tries = 0

    def every_other(_question: Question) -> list[int]:
        nonlocal tries
        tries += 1
        if tries % 2:
            raise BadAnswer("wrong CRC", fault=Fault.CHECKSUM)
        return [7]

    bus, _ = bus_on(every_other)
    for _ in range(12):
        try:
            await bus.read(1, 3, 0, 1, timing=PACE, order=True)
        except BadAnswer:
            continue
    assert MOST_RETRIES <= bus.counts.retried <= MOST_RETRIES + 2
    assert bus.counts.units[1].retried == bus.counts.retried


def test_answers_fill_the_budget_up_again() -> None:
    unit = Unit(1)
    while unit.may_retry():
        pass
    for _ in range(5):
        unit.answered(Question(1, 3, 0, 1), 0.0, timeout_s=1.0)
    assert unit.may_retry()
    assert not unit.may_retry()


def test_an_answer_owed_by_one_module_holds_the_next_one_up() -> None:
    """Answers of DCON do not name their module; those of Modbus do. In time that jumps."""
    run(_two_modules())


async def _two_modules() -> None:
    wire = FrameWire(lambda request: None if request == ask(1) else ANSWER)
    bus = Bus(SerialBus(id="b", kind="serial", port="x"), wire=wire)
    loop = asyncio.get_running_loop()
    once = Pace(timeout_s=0.02, gap_s=0.0, retries=0)
    with pytest.raises(NoAnswer):
        await bus.talk(module(1), timing=once)
    began = loop.time()
    assert await bus.talk(module(2), timing=once) == ANSWER
    assert loop.time() - began >= 4 * once.timeout_s


def test_only_answers_that_look_alike_can_be_mistaken() -> None:
    assert mistakable(module(1), module(2))
    assert not mistakable(module(1), module(1))
    assert mistakable(Question(1, 3, 0, 2), Question(1, 3, 8, 2))
    assert not mistakable(Question(1, 3, 0, 2), Question(2, 3, 0, 2))
    assert not mistakable(Question(1, 3, 0, 2), Question(1, 3, 0, 3))
    assert not mistakable(module(1), Question(1, 3, 0, 2))


async def test_every_end_is_counted_for_the_line_and_for_its_unit() -> None:
    ends = {
        0: [7], 1: NoAnswer("silent"), 2: Refused("exception 2", code=2),
        3: BadAnswer("wrong CRC", fault=Fault.CHECKSUM),
        4: BadAnswer("WRONG UNIT", fault=Fault.UNIT, other_unit=9),
    }  # fmt: skip

    def answer(question: Question) -> list[int]:
        end = ends[question.start]
        if isinstance(end, list):
            return end
        raise end

    bus, _ = bus_on(answer)
    once = Pace(timeout_s=0.001, gap_s=0.0, retries=0)
    for start in ends:
        for unit in (1, 2):
            try:
                await bus.read(unit, 3, start, 1, timing=once, order=True)
            except (NoAnswer, BadAnswer, Refused):
                continue
    for counts, times in ((bus.counts, 2), (bus.counts.units[1], 1), (bus.counts.units[2], 1)):
        assert (counts.asked, counts.answered, counts.refused) == (5 * times, times, times)
        assert (counts.no_answer, counts.bad_answer) == (times, 2 * times)
        assert counts.faults == {Fault.CHECKSUM: times, Fault.UNIT: times}
        assert counts.mean_s is not None
        assert counts.slowest_s >= counts.mean_s >= 0
    assert bus.counts.wrong_unit == {(1, 9): 1, (2, 9): 1}


COILS = [
    (Question(1, 5, 0xAC, 1, (0xFF00,)), "05 00 AC FF 00", "05 00 AC FF 00"),
    (Question(1, 15, 0x13, 10, (1, 0, 1, 1, 0, 0, 1, 1, 1, 0)), "0F 00 13 00 0A 02 CD 01",
     "0F 00 13 00 0A"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "request_hex", "answer_hex"), COILS)
def test_coils_are_written_as_the_standard_prints_it(
    question: Question, request_hex: str, answer_hex: str
) -> None:
    assert request_pdu(question) == bytes.fromhex(request_hex)
    assert answer_values(question, bytes.fromhex(answer_hex)) == []
    assert question.fits(bytes.fromhex(answer_hex))


async def test_only_modbus_goes_over_a_modbus_tcp_line() -> None:
    async with Bus(TcpBus(id="t", kind="tcp", host="127.0.0.1", port=1)) as bus:
        with pytest.raises(NoAnswer, match="only Modbus"):
            await bus.talk(module(1), timing=PACE)
