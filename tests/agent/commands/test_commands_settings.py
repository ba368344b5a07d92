"""The clock, and what a platform sets: who may, what comes of it, and when the file wins again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from agent_desk import Platform
from agent_site import T0, destination, plan_with, second_destination

from agent.reloading import InForce, under_overrides
from agent.settings.overriding import Override, outdated, overridden
from agent.timekeeping import ClockRefused
from agent.uplink.dispatcher import dispatcher
from protocols.hj212.times import wire_time

Across = Callable[..., Awaitable[Platform]]


def source(site: dict[str, object]) -> None:
    site["time_source"] = "province"


def at(offset_s: float) -> str:
    return f"SystemTime={wire_time(T0 + offset_s)}"


async def test_time_source_sets_the_clock(across: Across) -> None:
    platform = await across("hj212-2017", source)
    assert (await platform.ask("1012", at(90)))[-1] == "9012 ExeRtn=1"
    assert platform.clock_set == [T0 + 90]
    assert "periods" in platform.house.bells.rung
    assert platform.command("1012")["outcome"] == "set by +90.0 s"


async def test_clock_that_is_right_is_left_alone(across: Across) -> None:
    platform = await across("hj212-2017", source)
    assert (await platform.ask("1012", at(1)))[-1] == "9012 ExeRtn=1"
    assert platform.clock_set == []


@pytest.mark.parametrize(("offset_s", "end"), [(9, 1), (-90, 3), (90, 3)])
async def test_platform_that_is_not_the_source_is_answered_and_noted(
    across: Across, offset_s: float, end: int
) -> None:
    platform = await across("hj212-2017")
    assert (await platform.ask("1012", at(offset_s)))[-1] == f"9012 ExeRtn={end}"
    assert platform.clock_set == []
    assert platform.office.offsets == {"province": offset_s}
    assert f"{offset_s:+.1f} s" in platform.command("1012")["outcome"]


async def test_clock_that_may_not_be_set_is_said_to_be_at_fault(across: Across) -> None:
    found = await across("hj212-2017", source)

    def refuse(_: float) -> None:
        raise ClockRefused("the clock cannot be set: not permitted")

    found.dispatcher = dispatcher(replace(found.office, set_clock=refuse))
    assert (await found.ask("1012", at(90)))[-1] == "9012 ExeRtn=6"
    assert "not permitted" in found.command("1012")["outcome"]


@pytest.mark.parametrize(
    ("cn", "cp", "set_"),
    [
        ("1000", "OverTime=5;ReCount=2", {"timeout_s": 5.0, "resends": 2}),
        ("1062", "RtdInterval=60", {"real_time_s": 60}),
        ("1064", "MinInterval=5", {"minutes": 5}),
        ("2011", "", {"real_time": True}),
        ("2012", "", {"real_time": False}),
    ],
)
async def test_what_is_set_holds_for_this_station_after_the_reload(
    across: Across, cn: str, cp: str, set_: dict[str, object]
) -> None:
    platform = await across("hj212-2017", second_destination())
    await platform.ask(cn, cp)
    assert platform.overrides() == set_
    assert len(platform.reloads) == 1
    await platform.reload()
    plan = platform.house.plan
    first, second = plan.stations["st1"], plan.stations["st2"]
    for name, value in set_.items():
        where = first.station if name == "real_time" else first.destination
        assert getattr(where, name) == value
    assert second.destination.real_time_s == 30
    assert second.destination.minutes == 10


async def test_interval_that_was_set_is_told(across: Across) -> None:
    platform = await across("hj212-2017")
    await platform.ask("1062", "RtdInterval=60")
    await platform.reload()
    platform.house.clock.go(1)
    assert "1061 RtdInterval=60" in await platform.ask("1061")


async def test_real_time_stops_and_starts_again(across: Across) -> None:
    platform = await across("hj212-2017")
    house = platform.house
    await house.begin()
    await house.live(1)
    running = len(house.uploads("2011"))
    assert running
    await platform.ask("2012")
    await platform.reload()
    await house.live(2)
    assert len(house.uploads("2011")) == running
    await platform.ask("2011")
    await platform.reload()
    await house.live(2)
    assert len(house.uploads("2011")) > running


def row(name: str, value: object, file: object, *, station: str = "st1") -> Override:
    return Override(station, name, value, file, T0, "platform")  # type: ignore[arg-type]


def test_override_wins_while_the_file_says_what_it_said() -> None:
    site = plan_with(destination(real_time_s=30)).site
    found = overridden(site, [row("real_time_s", 60, 30), row("mn", "NEW", "other")])
    (place, station), *_ = found.stations()
    assert (station.real_time_s, place.real_time_s) == (60, 30)
    assert station.mn != "NEW"
    assert outdated(site, [row("real_time_s", 60, 30)]) == ()


def test_file_wins_when_its_own_value_changed() -> None:
    site = plan_with(destination(real_time_s=40)).site
    before = row("real_time_s", 60, 30)
    assert overridden(site, [before]) is site
    assert outdated(site, [before]) == (before,)


def test_other_value_of_the_file_changes_nothing() -> None:
    site = plan_with(destination(real_time_s=30, minutes=5)).site
    assert outdated(site, [row("real_time_s", 60, 30)]) == ()


@pytest.mark.parametrize("wrong", [row("real_time_s", 60, 30, station="gone"), row("pw", "x", "")])
def test_what_is_not_of_this_site_is_not_put_into_it(wrong: Override) -> None:
    site = plan_with().site
    assert overridden(site, [wrong]) is site


def test_override_of_a_station_that_is_away_waits_for_it() -> None:
    assert outdated(plan_with().site, [row("real_time_s", 60, 30, station="gone")]) == ()


async def test_file_that_changed_and_changed_back_stays_right(across: Across) -> None:
    """What was set once is not to rise again."""
    found = await across("hj212-2017")
    store = found.house.store
    await found.ask("1062", "RtdInterval=60")

    async def reloaded(**keys: object) -> InForce:
        plan = plan_with(destination(edition="hj212-2017", **keys))
        return await under_overrides(InForce(plan, "hash"), store, now=T0)

    first = await reloaded()
    assert first.plan.stations["st1"].destination.real_time_s == 60
    assert first.said.platforms()[0].real_time_s == 30
    assert (await reloaded(real_time_s=40)).plan.stations["st1"].destination.real_time_s == 40
    assert (await reloaded()).plan.stations["st1"].destination.real_time_s == 30
    ((detail,),) = found.house.rows(
        "SELECT detail FROM journal WHERE what = 'setting of the file again'"
    )
    assert '"name": "real_time_s"' in detail


async def test_platform_that_sets_again_sets_over_the_files_word(across: Across) -> None:
    """The second value is compared with the file's, not with the first."""
    found = await across("hj212-2017")
    await found.ask("1062", "RtdInterval=60")
    await found.reload()
    found.house.clock.go(1)
    await found.ask("1062", "RtdInterval=90")
    assert found.house.rows("SELECT value, file FROM overrides") == [("90", "30")]


def test_wall_clock_cannot_be_set_to_what_is_no_time() -> None:
    from agent.timekeeping import set_wall_clock

    with pytest.raises(ClockRefused):
        set_wall_clock(1e300)


def test_hardware_is_read_where_it_is_to_be_found(tmp_path: Path) -> None:
    from agent.commands.hardware import hardware

    for name, address in (("eth1", "00:11:22:33:44:66"), ("eth0", "00:11:22:33:44:55")):
        (tmp_path / "sys/class/net" / name / "device").mkdir(parents=True)
        (tmp_path / "sys/class/net" / name / "address").write_text(address + "\n")
    (tmp_path / "sys/class/net/lo").mkdir()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor: 0\nSerial\t\t: 10000000abcdef01\n")
    found = hardware(tmp_path)
    assert found.logger_id == "0123456789ABCDEF01234567"
    assert found.cpu_id == "10000000abcdef01"
    assert (found.mac_1, found.mac_2) == ("001122334455", "001122334466")
    nothing = hardware(tmp_path / "nowhere")
    assert {nothing.logger_id, nothing.cpu_id, nothing.mac_1, nothing.mac_2} == {"0"}
