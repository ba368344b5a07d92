"""The same rows on the wires of several editions and dialects, from the site file on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from agent_site import COD, PH, T0, Change, destination, plan_with

from agent.model import Cause, Kind, Period, Statistic
from agent.plan import Plan, StationPlan
from agent.report import Spelling, Wording, periodic, started
from protocols.hj212.editions import edition

HOUR = Period.holding(Kind.HOUR, T0)


def station(**keys: Any) -> Change:
    def change(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0].update(keys)

    return change


def only_station(plan: Plan) -> StationPlan:
    (one,) = plan.stations.values()
    return one


def row(factor: str, value: float | None, cause: Cause = Cause.NORMAL) -> Statistic:
    return Statistic(
        "DW001", factor, HOUR,
        avg=value, min=value, max=value, cou=None,
        cause=cause, abnormal=cause, share=1.0, valid=value is not None, parts=1, due=1,
    )  # fmt: skip


def hour_of(plan: Plan, *rows: Statistic) -> str:
    one = only_station(plan)
    upload = periodic(one.wording, HOUR, st="32", medium="water", rows=rows)
    (packet,) = upload.packets
    return packet


def test_platform_of_2005_gets_its_own_codes() -> None:
    old = plan_with(destination(edition="hj212-2005"), station(mn="88888880000001"))
    assert hour_of(old, row(COD, 36.5), row(PH, 7.25)) == (
        "DataTime=20260610100000;"
        "011-Min=36.50,011-Avg=36.50,011-Max=36.50,011-Flag=N;"
        "001-Min=7.25,001-Avg=7.25,001-Max=7.25,001-Flag=N"
    )


def test_value_goes_in_the_unit_of_the_wire_and_an_amount_as_it_is() -> None:
    wording = Wording(edition("hj212-2017"), said={COD: Spelling(COD, factor=1000.0)})
    one = replace(row(COD, 0.0365), cou=1.5, zs_avg=0.5)
    upload = periodic(wording, HOUR, st="32", medium="water", rows=[one])
    assert upload.packets == (
        "DataTime=20260610100000;w01018-Cou=1.50,w01018-Min=36.5,w01018-Avg=36.5,"
        "w01018-Max=36.5,w01018-ZsAvg=500.0,w01018-Flag=N",
    )


@pytest.mark.parametrize(
    ("edition", "letter"), [("hj212-2005", "D"), ("hj212-2017", "B"), ("hj212-2025", "D")]
)
def test_lost_link_has_the_letter_of_the_edition(edition: str, letter: str) -> None:
    mn = "88888880000001" if edition == "hj212-2005" else "0" * 24
    plan = plan_with(destination(edition=edition), station(mn=mn))
    assert hour_of(plan, row(PH, None, Cause.NO_LINK)).endswith(f"-Flag={letter}")


def test_2005_has_no_message_for_the_start() -> None:
    old = plan_with(destination(edition="hj212-2005"), station(mn="88888880000001"))
    assert started(only_station(old).wording, st="32", at=T0) is None
    assert started(only_station(plan_with()).wording, st="32", at=T0) is not None


def test_dialect_speaks_with_the_codes_and_letters_of_its_edition() -> None:
    plain, hebei = plan_with(), plan_with(destination(dialect="hebei"))
    assert hour_of(hebei, row(COD, 36.5)) == hour_of(plain, row(COD, 36.5))


def test_two_platforms_of_two_editions_get_one_row_each_in_its_own_words() -> None:
    def second(site: dict[str, Any]) -> None:
        first = site["destinations"][0]
        other = {"id": "st2", "mn": "88888880000001", "pw": "default", "outlets": ["DW001"]}
        site["destinations"].append(
            {**first, "id": "city", "edition": "hj212-2005", "stations": [other]}
        )

    plan = plan_with(second)
    said = [
        periodic(one.wording, HOUR, st="32", medium="water", rows=[row(COD, 36.5)]).packets[0]
        for one in plan.stations.values()
    ]
    assert ["w01018-Avg" in said[0], "011-Avg" in said[1]] == [True, True]


def test_electricity_goes_under_its_own_system_code() -> None:
    """ST 44 with the codes of HJ 212-2025; a platform of 2017 would not know them."""

    def meter(site: dict[str, Any]) -> None:
        site["outlets"].append(
            {
                "id": "YD001",
                "medium": "electricity",
                "factors": {"d20105": {"device": "meter", "point": "w01001"}},
            }
        )
        site["devices"].append(
            {"id": "meter", "profile": "water/ph", "bus": "net1", "address": 7, "period_s": 10,
             "points": {"w01001": {"unit": "V"}}}
        )  # fmt: skip
        site["destinations"][0]["stations"][0]["outlets"].append("YD001")

    plan = plan_with(meter, destination(edition="hj212-2025"))
    one = only_station(plan)
    assert set(one.by_st()) == {"32", "44"}
    voltage = plan.outlets["YD001"].factors["d20105"]
    assert voltage.judge.unit == "V"
    upload = periodic(one.wording, HOUR, st="44", medium="electricity", rows=[row("d20105", 220.2)])
    assert upload.packets == (
        "DataTime=20260610100000;d20105-Min=220.20,d20105-Avg=220.20,d20105-Max=220.20,"
        "d20105-Flag=N",
    )
