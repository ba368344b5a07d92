"""A sampler that is told its bottle: one order, and a bottle counts when its own record says so."""

from collections.abc import Callable

import pytest
from driver_fakes import SETTINGS, FakeClock, FrameWire, device_settings

from drivers.bus import Bus
from drivers.device import NoAnswer, Refused, RetentionRecord
from drivers.frame_device import FrameDevice
from drivers.frame_sampler import FrameSampler
from drivers.profile import load_profile, profile_names
from drivers.registry import open_device
from drivers.retention import cannot_keep
from protocols.parts import day_number

NAME = "sampler/isco-6712"
NOW = 1_800_000_000.0
WAITING, SAMPLING, BAD_BOTTLE = 1, 12, 22


class Isco:
    """Answers every command with its status; `on_order` says what an order does to it."""

    def __init__(self, on_order: Callable[["Isco", int, int], None]) -> None:
        self.on_order = on_order
        self.on_look: Callable[[], None] = lambda: None
        self.orders: list[str] = []
        self.status, self.result = WAITING, 0
        self.at, self.bottle, self.volume = NOW - 86_400.0, 2, 500
        self.deaf = False

    def __call__(self, request: bytes) -> bytes | None:
        text = request.partition(b",CS,")[0].decode("ascii")
        if text.startswith("BTL"):
            self.orders.append(text)
            _, bottle, _, volume = text.split(",")
            self.on_order(self, int(bottle), int(volume))
            if self.deaf:
                return None
        else:
            self.on_look()
        said = (
            f"MO,6712,ID,1,TI,{day_number(NOW)},STS,{self.status},STI,{day_number(self.at)},"
            f"BTL,{self.bottle},SVO,{self.volume},SOR,{self.result},CS,"
        )
        return said.encode("ascii") + b"%d\r" % sum(said.encode("ascii"))

    def full(self, bottle: int, volume: int = 500, result: int = 0) -> None:
        self.status, self.at, self.bottle, self.volume = WAITING, NOW, bottle, volume
        self.result = result


def fills(isco: Isco, bottle: int, volume: int) -> None:
    isco.status, isco.on_look = SAMPLING, lambda: isco.full(bottle, volume)


def sampler_of(on_order: Callable[[Isco, int, int], None]) -> tuple[FrameSampler, Isco]:
    isco = Isco(on_order)
    settings = device_settings(NAME)
    device = open_device(
        settings, load_profile(NAME), bus=Bus(SETTINGS, wire=FrameWire(isco)), clock=FakeClock(NOW)
    )
    assert isinstance(device, FrameDevice)
    return FrameSampler(device), isco


async def test_the_record_is_the_last_sample() -> None:
    sampler, _ = sampler_of(fills)
    record = await sampler.last_retention()
    assert record is not None
    assert record.at == pytest.approx(NOW - 86_400.0, abs=1.0)
    assert (record.bottle, record.volume_ml, record.ok) == (2, 500.0, True)


async def test_the_bottle_behind_the_last_is_ordered_once_and_proved_by_the_record() -> None:
    sampler, isco = sampler_of(fills)
    record = await sampler.retain(await sampler.last_retention())
    assert isco.orders == ["BTL,3,SVO,500"]
    assert (record.bottle, record.volume_ml, record.ok) == (3, 500.0, True)


async def test_a_record_that_is_there_already_is_the_bottle() -> None:
    sampler, isco = sampler_of(fills)
    before = await sampler.last_retention()
    isco.full(3)
    record = await sampler.retain(before)
    assert (record.bottle, isco.orders) == (3, [])


async def test_a_sample_that_failed_is_no_bottle_and_says_why() -> None:
    def dry(isco: Isco, bottle: int, volume: int) -> None:
        isco.status, isco.on_look = SAMPLING, lambda: isco.full(bottle, 0, result=1)

    sampler, _ = sampler_of(dry)
    record = await sampler.retain(await sampler.last_retention())
    assert (record.ok, record.reason) == (False, "没有水样")


async def test_another_bottle_than_the_ordered_one_is_not_taken_for_it() -> None:
    def other(isco: Isco, bottle: int, volume: int) -> None:
        isco.status, isco.on_look = SAMPLING, lambda: isco.full(bottle + 4)

    sampler, _ = sampler_of(other)
    record = await sampler.retain(await sampler.last_retention())
    assert (record.ok, record.reason) == (False, "bottle 7 was filled, 3 was ordered")


async def test_nothing_is_ordered_while_a_sample_is_taken() -> None:
    sampler, isco = sampler_of(fills)
    before = await sampler.last_retention()
    isco.status = SAMPLING
    assert (await sampler.status()).retaining
    with pytest.raises(Refused, match="nothing was sent: a sample is being taken"):
        await sampler.retain(before)
    assert isco.orders == []


async def test_behind_the_last_bottle_none_is_ordered() -> None:
    sampler, isco = sampler_of(fills)
    isco.bottle = 24
    with pytest.raises(Refused, match="bottle 24 was the last one"):
        await sampler.retain(await sampler.last_retention())
    assert isco.orders == []


async def test_a_bottle_the_sampler_does_not_have_is_refused() -> None:
    def no_such(isco: Isco, bottle: int, volume: int) -> None:
        isco.status = BAD_BOTTLE
        isco.on_look = lambda: setattr(isco, "status", WAITING)

    sampler, _ = sampler_of(no_such)
    with pytest.raises(Refused, match="invalid bottle"):
        await sampler.retain(await sampler.last_retention())


async def test_an_order_whose_answer_was_lost_is_settled_by_the_record_and_not_sent_again() -> None:
    def deaf(isco: Isco, bottle: int, volume: int) -> None:
        isco.deaf = True
        fills(isco, bottle, volume)

    sampler, isco = sampler_of(deaf)
    record = await sampler.retain(await sampler.last_retention())
    assert (record.bottle, record.ok, len(isco.orders)) == (3, True, 1)


async def test_a_sample_that_never_shows_is_not_known() -> None:
    sampler, isco = sampler_of(lambda *_: None)
    before = await sampler.last_retention()
    with pytest.raises(NoAnswer):
        await sampler.retain(before)
    assert len(isco.orders) == 1
    assert isinstance(before, RetentionRecord)


def test_what_its_profile_does_not_say_of_an_order_keeps_it_from_being_given() -> None:
    profile = load_profile(NAME)
    assert cannot_keep(profile) is None
    assert profile.record is not None
    fewer = profile.record.model_copy(update={"bottles": None})
    assert cannot_keep(profile.model_copy(update={"record": fewer})) == (
        "it wants to be told bottle"
    )
    able = {name for name in profile_names() if cannot_keep(load_profile(name)) is None}
    assert NAME in able
