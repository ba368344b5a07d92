"""The sampler: what it says, and one bottle per order whatever the line does."""

import datetime
from dataclasses import replace

import pytest
from driver_fakes import FakeClock, Registers, bus_on, busy, device_settings

from drivers.dayue import COMMAND, CommandWord
from drivers.device import BadAnswer, Cause, DeviceError, NoAnswer, Refused, RetentionRecord
from drivers.line import NoLine
from drivers.profile import load_profile
from drivers.question import Question
from drivers.registry import open_device
from drivers.sampler import DayueSampler, newer
from protocols.registers import encode_number, encode_time

EARLIER = datetime.datetime(2026, 6, 26, 9, 0, tzinfo=datetime.UTC).timestamp()
RUN_S = 120.0


class Dayue:
    """A sampler as registers. `reads_back` False is firmware whose command word stays 0."""

    def __init__(self, clock: FakeClock, *, reads_back: bool = True) -> None:
        self.clock = clock
        self.reads_back = reads_back
        self.memory = Registers({1: 0, 3: 1})
        self.memory.put(0x25, encode_number(4.2, "float32"))
        self.orders: list[tuple[int, ...]] = []
        self.attempts = 0
        self.on_write: Exception | None = None
        self.lose_reply = False
        self.busy_after_order = False
        self.fails = False
        self.hangs = False
        self.silent_reads = 0
        self.at_once: dict[str, int] | None = None
        self._due_at: float | None = None
        self.record(EARLIER, bottle=1)

    def record(self, at: float, *, bottle: int, volume: int = 500, fail: int = 0) -> None:
        self.memory.put(0x51, [*encode_time(at, "bcd-words6"), 1, fail, 1, 0])
        self.memory.put(0x85, [bottle, 1, volume, fail, 1])
        if bottle and volume:
            self.memory.put(0x0C + bottle, [volume])
            used = sum(self.memory.registers.get(0x0D + i, 0) > 0 for i in range(24))
            self.memory.put(0x0C, [used])

    def __call__(self, question: Question) -> list[int]:
        self._advance()
        if question.function == 16 and question.start == COMMAND:
            return self._order(question.values)
        if self.busy_after_order and self.orders:
            raise busy()
        if self.silent_reads and self.orders:
            self.silent_reads -= 1
            raise NoAnswer("no answer in time", sent=b"x")
        return self.memory(question)

    def _order(self, values: tuple[int, ...]) -> list[int]:
        self.attempts += 1
        if self.on_write:
            raise self.on_write
        self.orders.append(values)
        if self.at_once:
            self.record(self.clock.now(), **self.at_once)
            return []
        self._due_at = self.clock.now() + RUN_S
        self._word(CommandWord.RECEIVED)
        if self.lose_reply:
            raise NoAnswer("no answer in time", sent=b"x")
        return []

    def _advance(self) -> None:
        if self._due_at is None or self.hangs:
            return
        self._word(CommandWord.EXECUTING)
        if self.clock.now() < self._due_at:
            return
        if self.fails:
            self._word(CommandWord.FAILED)
            self.memory.put(10, [1])
        else:
            self._word(CommandWord.DONE)
            self.record(self._due_at, bottle=self.orders[-1][0])
        self._due_at = None

    def _word(self, word: CommandWord) -> None:
        self.memory.put(COMMAND, [word if self.reads_back else 0])


def make(*, reads_back: bool = True) -> tuple[DayueSampler, Dayue, FakeClock]:
    clock = FakeClock(EARLIER + 3600)
    dayue = Dayue(clock, reads_back=reads_back)
    bus, _ = bus_on(dayue)
    settings = device_settings("sampler/dayue-v105")
    sampler = DayueSampler(
        settings, load_profile("sampler/dayue-v105"), bus=bus, clock=clock, timeout_s=600
    )
    return sampler, dayue, clock


async def test_status_in_one_look() -> None:
    sampler, dayue, _ = make()
    dayue.memory.put(0x34, [1])
    status = await sampler.status()
    assert status.state is Cause.NORMAL
    assert status.text == "运行"
    assert status.vessel == "A"
    assert status.bottles_ml[:2] == (500, 0)
    assert status.free == 23
    assert status.door_open is True
    assert status.fault == ""
    assert status.temperature_c == pytest.approx(4.2)


@pytest.mark.parametrize(
    ("register", "value", "attribute", "said"),
    [
        (1, 0xFFFF, "vessel", None),
        (1, 1, "vessel", "B"),
        (0x34, 7, "door_open", None),
        (0x34, 0, "door_open", False),
        (8, 1, "fault", "sampling failed"),
        (10, 1, "fault", "retention failed"),
        (11, 7, "fault", "no free bottle"),
        (11, 3, "fault", "fault 3"),
        (0x25, 0x7FC0, "temperature_c", None),
        (3, 0, "state", Cause.STOPPED),
        (3, 3, "state", Cause.MAINTENANCE),
        (3, 2, "state", Cause.FAULT),
    ],
)
async def test_status_word_by_word(register: int, value: int, attribute: str, said: object) -> None:
    sampler, dayue, _ = make()
    dayue.memory.put(register, [value])
    assert getattr(await sampler.status(), attribute) == said


async def test_the_record_of_the_last_retention() -> None:
    sampler, _, _ = make()
    assert await sampler.last_retention() == RetentionRecord(EARLIER, 1, 500.0, True, "")


async def test_a_sampler_that_never_kept_a_bottle_has_no_record() -> None:
    sampler, dayue, _ = make()
    dayue.memory.put(0x51, [0] * 6)
    assert await sampler.last_retention() is None


async def test_points_come_as_readings() -> None:
    sampler, _, _ = make()
    readings = {reading.point: reading for reading in await sampler.read()}
    assert readings["bottles_used"].value == 1
    assert readings["temperature"].value == pytest.approx(4.2)
    assert readings["temperature"].unit == "degC"


@pytest.mark.parametrize("reads_back", [True, False])
async def test_one_order_of_three_registers_keeps_the_first_free_bottle(reads_back: bool) -> None:
    sampler, dayue, clock = make(reads_back=reads_back)
    ordered = clock.now()
    kept = await sampler.retain(await sampler.last_retention())
    assert dayue.orders == [(2, 1, 3)]
    assert (kept.bottle, kept.volume_ml, kept.ok) == (2, 500.0, True)
    assert kept.at == ordered + RUN_S


async def test_exception_4_is_refused_with_the_samplers_reason_and_not_tried_again() -> None:
    sampler, dayue, _ = make()
    dayue.memory.put(10, [1])
    dayue.on_write = Refused("exception 4: device failure", code=4)
    with pytest.raises(Refused, match=r"exception 4.*retention failed") as caught:
        await sampler.retain(await sampler.last_retention())
    assert caught.value.code == 4
    assert dayue.attempts == 1


@pytest.mark.parametrize("reads_back", [True, False])
async def test_a_lost_reply_never_makes_a_second_bottle(reads_back: bool) -> None:
    sampler, dayue, _ = make(reads_back=reads_back)
    dayue.lose_reply = True
    kept = await sampler.retain(await sampler.last_retention())
    assert len(dayue.orders) == 1
    assert (kept.bottle, kept.ok) == (2, True)


async def test_an_order_that_may_not_have_arrived_is_unknown_and_not_written_again() -> None:
    sampler, dayue, clock = make()
    dayue.on_write = NoAnswer("no answer in time", sent=b"x")
    began = clock.now()
    with pytest.raises(NoAnswer, match="not finished within 600 s"):
        await sampler.retain(await sampler.last_retention())
    assert dayue.orders == []
    assert clock.now() >= began + 600


async def test_a_failure_left_over_from_an_earlier_order_is_not_taken_for_an_answer() -> None:
    sampler, dayue, _ = make()
    dayue.memory.put(COMMAND, [CommandWord.FAILED])
    dayue.on_write = NoAnswer("no answer in time", sent=b"x")
    with pytest.raises(NoAnswer):
        await sampler.retain(await sampler.last_retention())


@pytest.mark.parametrize("error", [NoLine("unplugged"), BadAnswer("the line is never silent")])
async def test_an_order_that_was_never_sent_is_refused_so_it_is_known_that_nothing_was_done(
    error: DeviceError,
) -> None:
    sampler, dayue, _ = make()
    dayue.on_write = error
    with pytest.raises(Refused, match="nothing was sent") as caught:
        await sampler.retain(await sampler.last_retention())
    assert caught.value.code == 0


async def test_a_sampler_that_does_not_answer_beforehand_gets_no_order() -> None:
    clock = FakeClock()
    asked: list[Question] = []

    def silent(question: Question) -> list[int]:
        asked.append(question)
        raise NoAnswer("no answer in time", sent=b"x")

    bus, _ = bus_on(silent)
    settings = device_settings("sampler/dayue-v105")
    sampler = open_device(settings, load_profile(settings.profile), bus=bus, clock=clock)
    assert isinstance(sampler, DayueSampler)
    with pytest.raises(Refused, match="nothing was sent"):
        await sampler.retain(None)
    assert not any(question.values for question in asked)


async def test_no_empty_bottle_means_no_order() -> None:
    sampler, dayue, _ = make()
    dayue.memory.put(0x0D, [500] * 24)
    with pytest.raises(Refused, match="no empty bottle"):
        await sampler.retain(await sampler.last_retention())
    assert dayue.orders == []


async def test_a_failed_retention_without_a_record_is_refused() -> None:
    sampler, dayue, _ = make()
    dayue.fails = True
    with pytest.raises(Refused, match="says that the retention failed: retention failed"):
        await sampler.retain(await sampler.last_retention())
    assert len(dayue.orders) == 1


async def test_a_failed_retention_with_a_record_gives_the_record() -> None:
    sampler, dayue, _ = make(reads_back=False)
    dayue.at_once = {"bottle": 0, "volume": 0, "fail": 3}
    kept = await sampler.retain(await sampler.last_retention())
    assert (kept.ok, kept.reason) == (False, "result 1, fail reason 3")


async def test_a_record_without_volume_is_not_yet_success() -> None:
    sampler, dayue, _ = make(reads_back=False)
    dayue.at_once = {"bottle": 2, "volume": 0}
    kept = await sampler.retain(await sampler.last_retention())
    assert not kept.ok
    assert kept.reason == "not finished within 600 s"


async def test_a_bottle_kept_since_the_order_was_decided_is_that_bottle() -> None:
    sampler, dayue, _ = make()
    before = await sampler.last_retention()
    dayue.record(EARLIER + 60, bottle=7)
    kept = await sampler.retain(before)
    assert kept.bottle == 7
    assert dayue.orders == []


async def test_a_failed_attempt_since_then_does_not_stand_in_the_way() -> None:
    sampler, dayue, _ = make()
    before = await sampler.last_retention()
    dayue.record(EARLIER + 60, bottle=0, volume=0, fail=2)
    kept = await sampler.retain(before)
    assert (kept.bottle, kept.ok) == (2, True)
    assert len(dayue.orders) == 1


@pytest.mark.parametrize("reads_back", [True, False])
async def test_a_bottle_kept_after_the_samplers_clock_was_set_back_is_proof(
    reads_back: bool,
) -> None:
    sampler, dayue, _ = make(reads_back=reads_back)
    dayue.record(EARLIER + 86400, bottle=1)
    kept = await sampler.retain(await sampler.last_retention())
    assert (kept.bottle, kept.ok) == (2, True)
    assert kept.at < EARLIER + 86400
    assert len(dayue.orders) == 1


RECORD_BEFORE = RetentionRecord(EARLIER, 1, 500.0, True)
UNFINISHED = RetentionRecord(EARLIER, 0, 0.0, False)


@pytest.mark.parametrize(
    ("record", "before", "proof"),
    [
        (None, None, False),
        (None, RECORD_BEFORE, False),
        (RECORD_BEFORE, None, True),
        (RECORD_BEFORE, RECORD_BEFORE, False),
        (replace(RECORD_BEFORE, volume_ml=480.0), RECORD_BEFORE, False),
        (replace(RECORD_BEFORE, at=EARLIER + 1), RECORD_BEFORE, True),
        (replace(RECORD_BEFORE, at=EARLIER - 1), RECORD_BEFORE, True),
        (replace(RECORD_BEFORE, bottle=2), RECORD_BEFORE, True),
        (RECORD_BEFORE, UNFINISHED, False),
    ],
)
def test_only_a_record_of_another_retention_is_proof(
    record: RetentionRecord | None, before: RetentionRecord | None, proof: bool
) -> None:
    assert newer(record, before) is proof


async def test_silence_while_the_pump_runs_is_waited_out() -> None:
    sampler, dayue, _ = make()
    dayue.silent_reads = 2
    kept = await sampler.retain(await sampler.last_retention())
    assert kept.ok


async def test_a_command_word_that_cannot_be_read_is_done_without() -> None:
    sampler, dayue, _ = make()
    dayue.memory.errors[COMMAND] = Refused("exception 2: no such address", code=2)
    kept = await sampler.retain(await sampler.last_retention())
    assert kept.ok


async def test_busy_while_the_pump_runs_is_not_a_refusal() -> None:
    sampler, dayue, clock = make()
    before = await sampler.last_retention()
    dayue.busy_after_order = True
    with pytest.raises(NoAnswer, match="busy"):
        await sampler.retain(before)
    assert clock.now() >= EARLIER + 3600 + 600


async def test_a_sampler_that_hangs_is_unknown_after_the_time_out() -> None:
    sampler, dayue, clock = make()
    dayue.hangs = True
    began = clock.now()
    with pytest.raises(NoAnswer, match="not finished within 600 s"):
        await sampler.retain(await sampler.last_retention())
    assert began + 600 <= clock.now() <= began + 610
    assert len(dayue.orders) == 1
