"""What is kept beside the periods, in a whole exchange with something to tell.

States (2021) and run times (2041) of equipment in every edition, checks of instruments (2062) and
furnace temperature (2111) in HJ 212-2025: each comes by itself, and again when it is asked for.
One daemon talks to all of the platforms, through TCP and through mosquitto.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from campaign_house import House
from campaign_site import device
from daemon_bench import until
from exchange_bench import Meeting, Party, meetings

from agent.tools.broker import Broker
from agent.tools.platform.ledger import Entry
from protocols.hj212.cp import Item, parse_cp
from protocols.hj212.times import wire_time

pytestmark = pytest.mark.system

EDITIONS = ("hj212-2005", "hj212-2017", "hj212-2025")
PARTIES = tuple(
    Party(way, name, number)
    for number, (way, name) in enumerate(
        (way, name) for way in ("tcp", "mosquitto") for name in EDITIONS
    )
)
WATER, STACK = "@ST=32", "@ST=31"
"""Which of the two outlets an order speaks of."""
WAIT_S = 120.0
HEAT_C = 912.5
AT_FIRST, SERVICED = "1", "3"
"""States of the fan: it runs; it is being maintained."""
FIRST_DAY = "20261122000000"
EVENING_H = 1 + 10 / 60
"""The daemon begins so long before the day ends."""
DAY_S = 300.0
"""How long a day of the clock is waited for."""
CHECKED_AT = "20260301080000"
"""What the played analyzers say of when they last checked themselves."""
PASSED = {"w01018-SampleRd": "1.0", "w01018-StandardValue": "1.0", "w01018-ResultType": "1"}
FAILED = {"w21003-SampleRd": "1.00", "w21003-StandardValue": "2.00", "w21003-ResultType": "0"}
FIVES = 3
"""Means of five minutes that are waited for, and asked for."""


def change(site: dict[str, Any]) -> None:
    """Put contacts, a furnace and analyzers that check themselves into the factory."""
    for one in site["devices"]:
        if one["id"] in ("cod", "nh3"):
            one["profile"] = "water/national-dbs"
    factors = site["outlets"][0]["factors"]
    # the nominal is the instrument's own here, and the site file's there
    factors["w01018"]["point"] = factors["w21003"]["point"] = "w01018"
    factors["w21003"]["references"] = {"standard": 2.0}
    site["devices"] += [
        device("io", "modules/plc-contacts", "net1", 30, 30.0),
        {**device("plc", "modules/plc-floats", "net1", 40, 30.0),
         "points": {"value1": {"unit": "degC"}}},
    ]  # fmt: skip
    site["inputs"] = [
        {"id": name, "device": "io", "point": f"contact{number}", "means": means,
         "facility": facility, "outlet": "DW001"}
        for number, (name, means, facility) in enumerate((
            ("fan", "run", "SB1"), ("fan-service", "maintenance", "SB1"), ("pump", "pump", "SB2"),
        ), start=1)
    ]  # fmt: skip
    heat = {"a01901": {"device": "plc", "point": "value1"}}
    site["outlets"].append({"id": "DA001", "medium": "gas", "factors": heat})
    for destination in site["destinations"]:
        for station in destination["stations"]:
            if destination["edition"] == "hj212-2025":
                station["outlets"] = ["DW001", "DA001"]


async def test_what_is_kept_beside_the_periods_comes_by_itself_and_when_asked_for(
    tmp_path: Path, broker: Broker
) -> None:
    async with meetings(tmp_path, PARTIES, broker, change=change) as met:
        plant = met[0].plant
        await shows(plant, fan=1, service=0, pump=0)
        await plant.order(do="set", device="plc", point="value1", value=HEAT_C)
        await asyncio.gather(*(states_come(one, AT_FIRST) for one in met))
        await asyncio.gather(*(run_times_come(one) for one in met))
        new = [one for one in met if one.party.name == "hj212-2025"]
        await asyncio.gather(*(checks_come(one) for one in new), *(means_come(one) for one in new))
        await shows(plant, fan=1, service=1, pump=0)
        await asyncio.gather(*(states_are_asked_for(one) for one in met))
        assert [one.wrong() for one in met] == [[] for _ in met]
        assert await plant.agent.stop() == 0, plant.said()


async def shows(plant: House, **levels: int) -> None:
    """Let the contacts of the equipment stand like that."""
    for number, level in enumerate(levels.values(), start=1):
        await plant.order(do="set", device="io", point=f"contact{number}", value=level)


def said(cp: str) -> dict[str, str]:
    """Give the pairs of a data area, without the QN that 2005 has there."""
    items: tuple[Item, ...] = parse_cp(cp)
    return {name: value for item in items for name, value in item if name != "QN"}


def told(met: Meeting, cn: str) -> list[dict[str, str]]:
    """Give what came by itself, without copies, oldest first."""
    found = [said(cp_of(one)) for one in met.right(cn) if not one.asked and not one.duplicate]
    return sorted(found, key=lambda one: tuple(one.items()))


def cp_of(entry: Entry) -> str:
    assert entry.verdict.segment is not None
    return entry.verdict.segment.cp


async def heard(met: Meeting, cn: str, wanted: dict[str, str], *, after: str = "") -> None:
    """Wait for something that came by itself of a time later than `after`."""

    def there() -> bool:
        return any(
            wanted.items() <= one.items() and one["DataTime"] > after for one in told(met, cn)
        )

    try:
        await until(there, within_s=WAIT_S)
    except TimeoutError:
        what = (f"{met.party.id}: no {cn} {wanted}", told(met, cn), met.wrong(), met.plant.said())
        pytest.fail("\n".join(map(str, what)))


async def asked(met: Meeting, line: str) -> list[dict[str, str]]:
    """Ask for a range and give the different records that came, oldest first."""
    course = await met.order(line)
    assert (str(course.outcome), course.wrong) == ("done", 0), (met.party.id, line)
    assert course.data >= 1
    found = {tuple(said(text).items()) for text in course.texts}
    return [dict(one) for one in sorted(found)]


async def states_come(met: Meeting, state: str) -> None:
    await heard(met, "2021", {"SB1-RS": state, "SB2-RS": "0"})


async def run_times_come(met: Meeting) -> None:
    def ran() -> list[dict[str, str]]:
        return [one for one in told(met, "2041") if float(one["SB1-RT"]) > 0]

    await met.until_heard("2041")
    await until(lambda: bool(ran()), within_s=DAY_S)
    day = ran()[0]
    assert day.keys() == {"DataTime", "SB1-RT", "SB2-RT"}
    # a slow machine may have met the first evening no more
    assert float(day["SB1-RT"]) <= (EVENING_H if day["DataTime"] == FIRST_DAY else 24)
    begin, end = day["DataTime"], day["DataTime"][:8] + "235959"
    assert await asked(met, f"2041 {WATER} BeginTime={begin} EndTime={end}") == [day]


async def checks_come(met: Meeting) -> None:
    both = [{"DataTime": CHECKED_AT, **one} for one in (PASSED, FAILED)]
    for one in both:
        await heard(met, "2062", one)
    assert told(met, "2062") == both
    assert await asked(met, f"2062 {WATER} BeginTime={CHECKED_AT} EndTime={CHECKED_AT}") == both


async def means_come(met: Meeting) -> None:
    def settled() -> list[dict[str, str]]:
        return [one for one in told(met, "2111") if one["a01901-Avg"] == str(HEAT_C)]

    await until(lambda: len(settled()) >= FIVES, within_s=WAIT_S)
    means = settled()[:FIVES]
    begin, end = (means[at]["DataTime"] for at in (0, -1))
    assert await asked(met, f"2111 {STACK} BeginTime={begin} EndTime={end}") == means


async def states_are_asked_for(met: Meeting) -> None:
    """Stop the states, and start them again: they say what is so now."""
    assert str((await met.order(f"2022 {WATER}")).outcome) == "done"
    now = wire_time(met.plant.now())
    course = await met.order(f"2021 {WATER}")
    assert (str(course.outcome), course.wrong) == ("done", 0), met.party.id
    old = met.party.name == "hj212-2005"
    # the old edition knows on and off alone, and its first state ends the exchange
    wanted = {"SB1-RS": AT_FIRST if old else SERVICED, "SB2-RS": "0"}
    if old:
        assert wanted.items() <= said(course.texts[0]).items()
    await heard(met, "2021", wanted, after=now)
