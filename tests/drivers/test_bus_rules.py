"""The rules of a bus: turns, retries, silence after a bad exchange, back-off, doubt."""

import asyncio

import pytest
from driver_fakes import FakeWire, Registers, bus_on

from drivers.bus import Bus, Pace
from drivers.device import BadAnswer, DeviceError, Fault, NoAnswer, Refused
from drivers.line import NoLine, Patience
from drivers.profile import load_profile
from drivers.question import Question
from drivers.settings import TcpBus, Timing
from drivers.turns import ORDERS_IN_A_ROW, Turns
from drivers.units import BACK_OFF_S, DOUBT_TIMEOUTS, Unit

QUICK = Pace(timeout_s=0.02, gap_s=0.0)
ONCE = Pace(timeout_s=0.02, gap_s=0.0, retries=0)


async def taking_turns(turns: Turns, *marks: str) -> list[str]:
    """Queue up behind a held turn, orders with a name in capitals; give the order of turns."""
    done: list[str] = []

    async def one(mark: str) -> None:
        async with turns.turn(order=mark.isupper()):
            done.append(mark)

    async with asyncio.TaskGroup() as group, turns.turn(order=False):
        for mark in marks:
            group.create_task(one(mark))
        await asyncio.sleep(0)
    return done


async def test_orders_go_before_polls_and_each_in_its_order() -> None:
    assert await taking_turns(Turns(), "a", "b", "X", "Y") == ["X", "Y", "a", "b"]


async def test_a_waiting_poll_gets_its_turn_among_many_orders() -> None:
    marks = ["a", *"QRSTUVW"]
    done = await taking_turns(Turns(), *marks)
    assert done.index("a") == ORDERS_IN_A_ROW


async def test_a_turn_given_up_while_waiting_goes_to_the_next() -> None:
    turns = Turns()
    done: list[str] = []

    async def one(mark: str) -> None:
        async with turns.turn(order=False):
            done.append(mark)

    async with turns.turn(order=False):
        first, second = asyncio.create_task(one("first")), asyncio.create_task(one("second"))
        await asyncio.sleep(0)
        first.cancel()
    await second
    assert done == ["second"]
    assert first.cancelled()


async def test_a_turn_cancelled_in_the_moment_it_was_given_goes_to_the_next() -> None:
    turns = Turns()
    done: list[str] = []

    async def one(mark: str) -> None:
        async with turns.turn(order=False):
            done.append(mark)

    async with turns.turn(order=False):
        first, second = asyncio.create_task(one("first")), asyncio.create_task(one("second"))
        await asyncio.sleep(0)
    first.cancel()
    await second
    assert done == ["second"]


class Script:
    """Answers from a list: values, or an error to raise."""

    def __init__(self, *steps: object) -> None:
        self.steps = list(steps)

    def __call__(self, question: Question) -> list[int]:
        step = self.steps.pop(0) if self.steps else [0] * question.count
        if isinstance(step, Exception):
            raise step
        assert isinstance(step, list)
        return step


async def test_a_read_is_tried_once_more() -> None:
    bus, wire = bus_on(Script(NoAnswer("late"), [7]))
    assert await bus.read(1, 3, 0, 1, timing=QUICK) == [7]
    assert len(wire.asked) == 2


async def test_a_read_without_answer_ends_with_the_error_of_its_last_try() -> None:
    bus, wire = bus_on(Script(NoAnswer("first"), BadAnswer("second")))
    with pytest.raises(BadAnswer, match="second"):
        await bus.read(1, 3, 0, 1, timing=QUICK)
    assert len(wire.asked) == 2


@pytest.mark.parametrize("error", [NoAnswer("late"), BadAnswer("noise")])
async def test_a_write_is_never_tried_again(error: DeviceError) -> None:
    bus, wire = bus_on(Script(error))
    with pytest.raises(type(error)):
        await bus.write(1, 0x0219, [1, 1, 3], timing=QUICK)
    assert len(wire.asked) == 1


@pytest.mark.parametrize("code", [1, 2, 3, 4, 6])
async def test_an_exception_is_an_answer_and_not_tried_again(code: int) -> None:
    bus, wire = bus_on(Script(Refused("no", code=code)))
    with pytest.raises(Refused) as caught:
        await bus.read(1, 3, 0, 1, timing=QUICK)
    assert caught.value.code == code
    assert len(wire.asked) == 1


async def test_a_unit_that_was_silent_before_gets_one_try_only() -> None:
    bus, wire = bus_on(Script(*[NoAnswer("silent")] * 3))
    for tries in (2, 3):
        with pytest.raises(NoAnswer):
            await bus.read(1, 3, 0, 1, timing=QUICK)
        assert len(wire.asked) == tries


@pytest.mark.parametrize("error", [NoAnswer("late"), BadAnswer("noise")])
async def test_after_a_bad_exchange_the_line_is_silent_for_one_time_out(error: DeviceError) -> None:
    bus, wire = bus_on(Script(error, [1]))
    await bus.read(1, 3, 0, 1, timing=QUICK)
    assert wire.times[1] - wire.times[0] >= QUICK.timeout_s


async def test_the_silence_is_that_of_the_unit_that_failed_whoever_asks_next() -> None:
    slow = Pace(timeout_s=0.05, gap_s=0.0, retries=0)
    bus, wire = bus_on(Script(NoAnswer("late")))
    with pytest.raises(NoAnswer):
        await bus.read(1, 3, 0, 1, timing=slow)
    await bus.read(2, 3, 0, 1, timing=QUICK, order=True)
    assert wire.times[1] - wire.times[0] >= slow.timeout_s


async def test_bytes_that_still_come_make_the_silence_longer() -> None:
    bus, wire = bus_on(Script(NoAnswer("late")))
    with pytest.raises(NoAnswer):
        await bus.read(1, 3, 0, 1, timing=ONCE)
    wire.busy_at = asyncio.get_running_loop().time() + 0.03
    late = wire.busy_at
    await bus.read(2, 3, 0, 1, timing=QUICK)
    assert wire.times[1] >= late + ONCE.timeout_s


async def test_a_line_that_is_never_silent_is_given_up_without_a_question() -> None:
    class Chatter(FakeWire):
        @property
        def busy_at(self) -> float:
            return asyncio.get_running_loop().time()

        @busy_at.setter
        def busy_at(self, _: float) -> None:
            """Never silent."""

    wire = Chatter(Script(NoAnswer("late")))
    bus = Bus(TcpBus(id="b", kind="tcp", host="x"), wire=wire)
    with pytest.raises(NoAnswer):
        await bus.read(1, 3, 0, 1, timing=ONCE)
    with pytest.raises(BadAnswer, match="never silent") as caught:
        await bus.read(1, 3, 0, 1, timing=ONCE)
    assert caught.value.sent == b""
    assert len(wire.asked) == 1


async def test_a_cancelled_exchange_leaves_the_line_dirty() -> None:
    started = asyncio.Event()

    class Hanging(FakeWire):
        async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
            if not self.asked:
                self.asked.append(question)
                self.times.append(asyncio.get_running_loop().time())
                started.set()
                await asyncio.get_running_loop().create_future()
            return await super().ask(question, timeout_s=timeout_s)

    wire = Hanging(Script())
    bus = Bus(TcpBus(id="b", kind="tcp", host="x"), wire=wire)
    task = asyncio.create_task(bus.read(1, 3, 0, 1, timing=QUICK))
    await started.wait()
    task.cancel()
    await asyncio.wait([task])
    await bus.read(2, 3, 0, 1, timing=QUICK)
    assert wire.times[1] - wire.times[0] >= QUICK.timeout_s


async def test_the_gap_of_a_unit_does_not_hold_up_its_neighbour() -> None:
    bus, wire = bus_on(Script())
    patient = Pace(timeout_s=0.02, gap_s=30.0)
    await bus.read(1, 3, 0, 1, timing=patient)
    waiting = asyncio.create_task(bus.read(1, 3, 0, 1, timing=patient))
    await asyncio.sleep(0)
    await bus.read(2, 3, 0, 1, timing=QUICK)
    assert [question.unit for question in wire.asked] == [1, 2]
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_a_silent_unit_is_left_alone_after_three_misses_but_not_for_orders() -> None:
    bus, wire = bus_on(Script(*[NoAnswer("silent")] * 4))
    for _ in range(3):
        with pytest.raises(NoAnswer):
            await bus.read(1, 3, 0, 1, timing=ONCE)
    with pytest.raises(NoAnswer, match="asked again in"):
        await bus.read(1, 3, 0, 1, timing=ONCE)
    assert len(wire.asked) == 3
    with pytest.raises(NoAnswer, match="silent"):
        await bus.read(1, 3, 0, 1, timing=ONCE, order=True)
    assert len(wire.asked) == 4
    assert await bus.read(2, 3, 0, 1, timing=ONCE) == [0]


async def test_one_good_answer_ends_the_back_off() -> None:
    bus, wire = bus_on(Script(*[NoAnswer("silent")] * 3, [1]))
    for _ in range(3):
        with pytest.raises(NoAnswer):
            await bus.read(1, 3, 0, 1, timing=ONCE)
    await bus.read(1, 3, 0, 1, timing=ONCE, order=True)
    assert await bus.read(1, 3, 0, 1, timing=ONCE) == [0]
    assert len(wire.asked) == 5


def test_back_off_grows_to_a_minute_and_an_exception_ends_it() -> None:
    unit = Unit(1)
    waits = []
    for _ in range(6):
        unit.missed(100.0)
        waits.append(unit.asked_again_at)
    assert waits == [0, 0, 100 + BACK_OFF_S[0], 100 + BACK_OFF_S[1], 160.0, 160.0]
    unit.refused()
    unit.may_be_polled(100.0)


async def test_a_line_that_is_away_says_nothing_of_its_units() -> None:
    bus, _ = bus_on(Script(*[NoAnswer("silent")] * 3, NoLine("unplugged")))
    for _ in range(3):
        with pytest.raises(NoAnswer):
            await bus.read(1, 3, 0, 1, timing=ONCE)
    with pytest.raises(NoLine):
        await bus.read(2, 3, 0, 1, timing=ONCE)
    assert bus.trouble == "unplugged"
    assert await bus.read(1, 3, 0, 1, timing=ONCE) == [0]
    assert bus.trouble == ""


SAME = Question(1, 3, 0x100, 3)
OTHER_PLACE = Question(1, 3, 0x200, 3)
OTHER_SHAPE = Question(1, 3, 0x300, 4)


def test_a_question_that_a_late_answer_would_fit_waits() -> None:
    unit = Unit(1)
    unit.doubt(SAME, 10.0, timeout_s=1.0)
    assert unit.ready_at(OTHER_PLACE, 10.0) == 10.0 + DOUBT_TIMEOUTS
    assert unit.ready_at(SAME, 10.0) == 0.0
    assert unit.ready_at(OTHER_SHAPE, 10.0) == 0.0


def test_an_answer_of_another_shape_ends_the_doubt() -> None:
    unit = Unit(1)
    unit.doubt(SAME, 10.0, timeout_s=1.0)
    unit.answered(OTHER_SHAPE, 11.0, timeout_s=1.0)
    assert unit.ready_at(OTHER_PLACE, 10.0) == 0.0


def test_an_answer_of_the_same_shape_does_not_end_the_doubt() -> None:
    unit = Unit(1)
    unit.doubt(SAME, 10.0, timeout_s=1.0)
    unit.answered(SAME, 11.0, timeout_s=1.0)
    unit.refused()
    assert unit.ready_at(OTHER_PLACE, 11.0) == 11.0 + DOUBT_TIMEOUTS


def test_every_unanswered_question_makes_the_doubt_longer() -> None:
    unit = Unit(1)
    unit.doubt(SAME, 10.0, timeout_s=1.0)
    unit.doubt(SAME, 12.0, timeout_s=1.0)
    assert unit.ready_at(OTHER_PLACE, 12.0) == 12.0 + 2 * DOUBT_TIMEOUTS


def test_the_doubt_ends_by_itself() -> None:
    unit = Unit(1)
    unit.doubt(SAME, 10.0, timeout_s=1.0)
    assert unit.ready_at(OTHER_PLACE, 10.0 + DOUBT_TIMEOUTS) == 0.0


async def test_an_answer_two_time_outs_late_is_not_taken_for_another_question() -> None:
    """The unit needs 2.5 time-outs for its first answer; what nobody waits for is flushed.

    The second try is then answered by the answer to the first, and its own answer comes while
    something else might be asked.
    """
    pace = Pace(timeout_s=0.1, gap_s=0.0)
    under_way: list[tuple[float, int]] = []

    class Slow(FakeWire):
        async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
            self.asked.append(question)
            loop = asyncio.get_running_loop()
            deadline = loop.time() + timeout_s
            under_way[:] = [late for late in under_way if late[0] > loop.time()]
            delay = 0.9 if len(self.asked) > 1 else 2.5
            under_way.append((loop.time() + delay * pace.timeout_s, question.start))
            due, start = under_way[0]
            await asyncio.sleep(min(due, deadline) - loop.time())
            if due > deadline:
                raise NoAnswer("late")
            del under_way[0]
            return [start] * question.count

    bus = Bus(TcpBus(id="b", kind="tcp", host="x"), wire=Slow(Script()))
    assert await bus.read(1, 3, 0x100, 3, timing=pace) == [0x100] * 3
    assert await bus.read(1, 3, 0x200, 3, timing=pace) == [0x200] * 3


async def test_a_wrong_unit_is_counted_by_pair() -> None:
    wrong = BadAnswer("WRONG UNIT", fault=Fault.UNIT, other_unit=18)
    bus, _ = bus_on(Script(wrong, wrong))
    with pytest.raises(BadAnswer):
        await bus.read(17, 3, 0, 1, timing=QUICK)
    assert bus.counts.wrong_unit == {(17, 18): 2}
    assert (bus.counts.asked, bus.counts.bad_answer) == (2, 2)


async def test_a_single_write_on_an_unknown_line_is_preceded_by_a_read() -> None:
    class Unknown(FakeWire):
        echo: bool | None = None

    wire = Unknown(Registers())
    bus = Bus(TcpBus(id="b", kind="tcp", host="x"), wire=wire)
    await bus.write(1, 0x01AD, [2], timing=QUICK, single=True)
    assert [question.function for question in wire.asked] == [3, 6]
    await bus.write(1, 0x01AD, [2, 3], timing=QUICK)
    assert wire.asked[-1].function == 16


async def test_two_questions_never_overlap() -> None:
    running = 0

    class Slow(FakeWire):
        async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
            nonlocal running
            running += 1
            assert running == 1
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            running -= 1
            return await super().ask(question, timeout_s=timeout_s)

    bus = Bus(TcpBus(id="b", kind="tcp", host="x"), wire=Slow(Script()))
    await asyncio.gather(*(bus.read(unit, 3, 0, 1, timing=QUICK) for unit in range(1, 20)))


async def test_the_port_is_closed_at_the_end() -> None:
    bus, wire = bus_on(Script())
    async with bus:
        await bus.read(1, 3, 0, 1, timing=QUICK)
    assert wire.closed


def test_pace_takes_the_site_first_and_the_profile_for_the_rest() -> None:
    line = load_profile("sampler/dayue-v105").line
    assert Pace.of(Timing(), line) == Pace(2.0, 0.02, 1)
    assert Pace.of(Timing(timeout_ms=300, gap_ms=0, retries=0), line) == Pace(0.3, 0.0, 0)


def test_the_delay_before_opening_again_grows_to_its_limit_and_ends_with_an_answer() -> None:
    patience = Patience(longest_s=4.0)
    waits = []
    for _ in range(5):
        patience.failed(0.0, "gone")
        with pytest.raises(NoLine) as caught:
            patience.check(0.0)
        waits.append(str(caught.value))
    assert [wait.split()[-2] for wait in waits] == ["500", "1000", "2000", "4000", "4000"]
    patience.check(4.0)
    patience.worked()
    patience.check(0.0)
