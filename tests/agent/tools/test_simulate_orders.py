from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from simulate_clock import StillClock
from simulate_site import site, site_text

from agent.settings import parse_site
from agent.tools.simulate.dayue import Habits
from agent.tools.simulate.faults import Kind
from agent.tools.simulate.orders import ORDER, Order
from agent.tools.simulate.simulation import Simulation
from agent.tools.simulate.stage import Play, set_stage

NOWHERE = Path("/nowhere/line1")


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def simulation(clock: StillClock) -> Simulation:
    play = Play(cycle_s=12.0, sampler=Habits(fill_s=2.0))
    return Simulation(site(NOWHERE, 15020), clock, play)


async def order(simulation: Simulation, **what: Any) -> Any:
    return await simulation.obey(ORDER.validate_python(what))


async def test_set_value_is_said(simulation: Simulation) -> None:
    said = await order(simulation, do="set", device="ph", point="w01001", value=5.5)
    assert said["values"]["w01001"] == 5.5


async def test_point_can_be_named_by_the_factor_the_site_takes_from_it(
    simulation: Simulation,
) -> None:
    await order(simulation, do="set", device="zinc", point="w20123", value=1500)
    said = await order(simulation, do="measure", device="zinc")
    assert said["values"]["metal"] == 1500
    assert said["units"]["metal"] == "ug/L"


async def test_fault_reaches_the_unit_and_ends(simulation: Simulation) -> None:
    request = bytes.fromhex("03 2600 0002")
    units = simulation.stage.units["line1"]
    await order(simulation, do="fault", device="ph", kind="silent")
    assert units.reply(3, request) is None
    await order(simulation, do="fault", device="ph", kind="none")
    assert units.reply(3, request) is not None


async def test_sampler_obeys_door_vessel_bottles(simulation: Simulation) -> None:
    said = await order(simulation, do="door", device="sampler", open=True)
    assert said["door_open"] is True
    said = await order(simulation, do="vessel", device="sampler", bucket="none")
    assert said["supplied"] is None
    said = await order(simulation, do="bottles", device="sampler", bottles=[2, 3], full=True)
    assert said["bottles_ml"][:4] == [0, 500, 500, 0]
    said = await order(simulation, do="state", device="sampler", cause="stopped")
    assert simulation.stage.samplers["sampler"].state == 0


async def test_show_tells_every_device_and_line(simulation: Simulation) -> None:
    shown = await order(simulation, do="show")
    assert set(shown["devices"]) == {"cod", "ph", "flow", "zinc", "sampler"}
    assert shown["lines"] == {"line1": False, "net1": False}


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"do": "set", "device": "no", "point": "w01001", "value": 1}, "there are: cod, ph"),
        ({"do": "set", "device": "ph", "point": "w9", "value": 1}, "no point w9: w01010, w01001"),
        ({"do": "set", "device": "sampler", "point": "x", "value": 1}, "is a sampler"),
        ({"do": "door", "device": "ph", "open": True}, "is not a sampler"),
        ({"do": "measure", "device": "ph"}, "measures continuously"),
        ({"do": "fault", "device": "no", "kind": "silent"}, "no device no"),
        ({"do": "line", "bus": "no", "plugged": True}, "no bus no; there are: line1, net1"),
        ({"do": "state", "device": "ph", "cause": "fault"}, "no state at all"),
    ],
)
async def test_order_that_cannot_be_done_says_why(
    simulation: Simulation, what: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        await order(simulation, **what)


@pytest.mark.parametrize(
    "what",
    [
        {"do": "dance"},
        {"do": "set", "device": "ph", "point": "w01001", "value": float("nan")},
        {"do": "set", "device": "ph", "point": "w01001", "value": 1, "untill": 3},
        {"do": "fault", "device": "ph", "kind": "tired"},
        {"do": "bottles", "device": "sampler", "bottles": [25]},
    ],
)
def test_order_that_is_none_is_refused(what: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ORDER.validate_python(what)


def test_playbill_tells_recording_pattern_and_cycle(simulation: Simulation) -> None:
    bill = {entry["device"]: entry for entry in simulation.playbill()}
    assert bill["cod"]["plays"] == {"w01018": "wwtp_effluent_daily:w01018"}
    assert bill["cod"]["cycle_s"] == 12.0
    assert bill["ph"]["cycle_s"] is None
    assert bill["zinc"]["plays"] == {"metal": "wwtp_effluent_daily:inlet_w20123"}


def test_every_factor_stays_below_its_limit_unless_asked_otherwise(clock: StillClock) -> None:
    tame = set_stage(site(NOWHERE, 15020), clock, Play())
    wild = set_stage(site(NOWHERE, 15020), clock, Play(as_recorded=True))
    assert tame.instruments["cod"].courses["w01018"].high == pytest.approx(40)
    assert wild.instruments["cod"].courses["w01018"].high == 350
    assert tame.instruments["ph"].courses["w01001"].high < 9


def test_batch_analyzer_plays_one_row_of_its_recording_per_result(clock: StillClock) -> None:
    stage = set_stage(site(NOWHERE, 15020), clock, Play(cycle_s=12.0, row_s=60.0))
    assert stage.instruments["cod"].courses["w01018"].row_s == 12.0
    assert stage.instruments["ph"].courses["w01001"].row_s == 60.0


def test_cycle_is_the_profiles_own_unless_told_otherwise(clock: StillClock) -> None:
    stage = set_stage(site(NOWHERE, 15020), clock, Play())
    cycle = stage.instruments["cod"].cycle
    assert cycle is not None
    assert cycle.length_s == 3600


def test_limit_that_is_not_in_force_yet_does_not_count(clock: StillClock) -> None:
    text = site_text(NOWHERE, 15020).replace(
        "[{high: 50, on: measurement}]", "[{high: 50, since: 2999-01-01}]"
    )
    stage = set_stage(parse_site(text.encode())[0], clock, Play())
    assert stage.instruments["cod"].courses["w01018"].high == pytest.approx(160)  # of the range


def test_page_for_those_who_add_an_instrument_has_every_order_and_fault() -> None:
    page = (Path(__file__).parents[3] / "docs" / "new-instrument.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith('{"do":')]
    shown = {ORDER.validate_json(line).do for line in lines}
    kinds = [kind.model_fields["do"].annotation for kind in Order.__subclasses__()]
    assert shown == {get_args(kind)[0] for kind in kinds}
    faults = re.findall(r"^\| `(\w+)` \| ", page.partition("### Let it go wrong")[2], re.M)
    assert set(Kind) <= set(faults)
