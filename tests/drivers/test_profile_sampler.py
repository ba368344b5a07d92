"""Samplers by profile: a bottle counts when the sampler's own record names it, and no sooner."""

from collections.abc import Callable

import pytest
from driver_fakes import FakeClock, Registers, bus_on, device_settings

from drivers.device import Cause, NoAnswer, NotShown, Refused, RetentionRecord
from drivers.modbus import ModbusDevice
from drivers.profile import load_profile, profile_names
from drivers.profile_sampler import ProfileSampler
from drivers.question import Question
from drivers.retention import cannot_keep
from protocols.registers import encode_time

NAME = "sampler/esun-sampler"
RUNNING, RECORD, ORDER = 0x0BB8, 0x0C44, 0x0C58
NOW = 1_800_000_000.0
OLD = RetentionRecord(NOW - 86_400, 4, 500.0, ok=True)


class Esun(Registers):
    """It obeys an order as told; `looks` counts the readings of its record."""

    def __init__(self, on_order: Callable[["Esun"], None]) -> None:
        super().__init__({RUNNING: 1})
        self.on_order = on_order
        self.orders = self.looks = 0
        self.on_look: Callable[[], None] = lambda: None
        self.bottle(OLD.at, OLD.bottle, OLD.volume_ml)

    def bottle(self, at: float, bottle: int, volume_ml: float) -> None:
        self.put(RECORD, [*encode_time(at, "words6"), bottle, round(volume_ml)])

    def __call__(self, question: Question) -> list[int]:
        if question.start == ORDER and question.values:
            self.orders += 1
            self.on_order(self)
            return []
        if question.start <= RECORD < question.start + question.count:
            self.looks += 1
            self.on_look()
        return super().__call__(question)


def sampler_of(on_order: Callable[[Esun], None]) -> tuple[ProfileSampler, Esun]:
    esun = Esun(on_order)
    bus, _ = bus_on(esun)
    device = ModbusDevice(device_settings(NAME), load_profile(NAME), bus=bus, clock=FakeClock(NOW))
    return ProfileSampler(device), esun


async def test_record_is_read_in_one_request() -> None:
    sampler, esun = sampler_of(lambda _: None)
    assert await sampler.last_retention() == OLD
    assert esun.looks == 1


@pytest.mark.parametrize(("bottle", "ok"), [(1, True), (0, False)])
async def test_bottles_count_from_one(bottle: int, ok: bool) -> None:
    sampler, esun = sampler_of(lambda _: None)
    esun.bottle(OLD.at, bottle, 500.0)
    record = await sampler.last_retention()
    assert record is not None
    assert (record.bottle, record.ok) == (bottle, ok)


async def test_sampler_that_never_kept_a_bottle_has_no_record() -> None:
    sampler, esun = sampler_of(lambda _: None)
    esun.put(RECORD, [0] * 8)
    assert await sampler.last_retention() is None


async def test_bottle_is_that_of_the_new_record() -> None:
    sampler, esun = sampler_of(lambda esun: esun.bottle(NOW, 5, 500))
    kept = await sampler.retain(OLD)
    assert kept == RetentionRecord(NOW, 5, 500.0, ok=True)
    assert esun.orders == 1


async def test_record_without_a_volume_is_waited_for() -> None:
    sampler, esun = sampler_of(lambda esun: esun.bottle(NOW, 5, 0))

    def fill() -> None:
        if esun.orders and esun.looks == 6:
            esun.bottle(NOW, 5, 480)

    esun.on_look = fill
    assert (await sampler.retain(OLD)).volume_ml == 480.0
    assert esun.orders == 1


async def test_bottle_that_stays_empty_is_no_bottle() -> None:
    sampler, _ = sampler_of(lambda esun: esun.bottle(NOW, 5, 0))
    kept = await sampler.retain(OLD)
    assert (kept.ok, kept.reason) == (False, "not finished within 900 s")


async def test_order_without_a_record_is_not_a_bottle() -> None:
    sampler, esun = sampler_of(lambda _: None)
    with pytest.raises(NotShown):
        await sampler.retain(OLD)
    assert esun.orders == 1


async def test_bottle_that_is_there_already_is_not_kept_twice() -> None:
    sampler, esun = sampler_of(lambda _: None)
    esun.bottle(NOW, 5, 500)
    assert (await sampler.retain(OLD)).bottle == 5
    assert esun.orders == 0


async def test_nothing_is_sent_where_the_record_cannot_be_read() -> None:
    sampler, esun = sampler_of(lambda _: None)
    esun.errors[RECORD] = NoAnswer("silent")
    with pytest.raises(Refused, match="nothing was sent"):
        await sampler.retain(OLD)
    assert esun.orders == 0


@pytest.mark.parametrize(("running", "cause"), [(1, Cause.NORMAL), (0, Cause.STOPPED)])
async def test_state_is_told_and_bottles_are_not_guessed(running: int, cause: Cause) -> None:
    sampler, esun = sampler_of(lambda _: None)
    esun.put(RUNNING, [running])
    status = await sampler.status()
    assert (status.state, status.free) == (cause, None)


def test_samplers_that_can_prove_a_bottle_are_these() -> None:
    names = [name for name in profile_names() if name.startswith("sampler/")]
    reasons = {name: cannot_keep(load_profile(name)) for name in names}
    assert {name for name, reason in reasons.items() if reason is None} == {
        "sampler/dayue-v105", NAME, "sampler/isco-6712",
    }  # fmt: skip
    assert reasons["sampler/grasp-fc9624"] == "its order is a guess of the source"
    assert reasons["sampler/kesheng"] == "no operation retain"
