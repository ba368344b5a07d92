"""The one printed number that was not measured: made by the encoder, where a platform wants it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from agent_site import destination, plan_with

from agent.model import Cause, Kind, Period, Sample, Statistic
from agent.report import Live, Wording, periodic, real_time
from protocols.hj212.editions import edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.message import UNCOMPUTABLE, FactorValues, RealTime, print_message

T0 = 1_781_056_800
NOX = "a21002"
WANTED = Wording(edition("hj212-2025"), absent="profile_sentinel", converted=frozenset({NOX}))


def live(wording: Wording, value: float | None, zs: float | None = None, code: str = NOX) -> str:
    sample = Sample("DA001", code, T0, value, Cause.NORMAL, zs=zs)
    one = Live(code, batch=False, max_age_s=60, sample=sample, result=None)
    (packet,) = real_time(wording, T0, st="31", live=[one]).packets
    return packet.partition(";")[2]


def test_converted_value_that_cannot_be_computed_is_the_largest_of_its_type() -> None:
    """HJ 212-2025 §8.1.1: NOx is N4.2, so 9999.99, or -9999.99."""
    assert live(WANTED, 88.0) == f"{NOX}-Rtd=88.00,{NOX}-ZsRtd=9999.99,{NOX}-Flag=N"
    assert f"{NOX}-ZsRtd=-9999.99" in live(WANTED, -1.5)


def test_converted_value_that_is_there_is_told_as_it_is() -> None:
    assert f"{NOX}-ZsRtd=101.50" in live(WANTED, 88.0, 101.5)


@pytest.mark.parametrize(
    "wording",
    [
        replace(WANTED, absent="flag_only"),
        replace(WANTED, absent="omit"),
        replace(WANTED, converted=frozenset()),
        replace(WANTED, edition=edition("hj212-2017")),
    ],
)
def test_nothing_is_made_up_where_nobody_wants_it(wording: Wording) -> None:
    assert "Zs" not in live(wording, 88.0)


def test_missing_measurement_is_a_mark_and_no_number() -> None:
    assert live(WANTED, None) == f"{NOX}-Flag=N"


def test_period_has_it_beside_each_measured_number() -> None:
    hour = Period(Kind.HOUR, T0)
    row = Statistic("DA001", NOX, hour, avg=40.0, min=30.0, max=50.0, zs_max=77.0, cou=None,
                    cause=Cause.NORMAL, abnormal=Cause.NORMAL, share=1.0, valid=True,
                    parts=60, due=60)  # fmt: skip
    (text,) = periodic(WANTED, row.period, st="31", medium="gas", rows=[row]).packets
    for expected in ("ZsMin=9999.99", "ZsAvg=9999.99", "ZsMax=77.00"):
        assert f"{NOX}-{expected}" in text
    assert row.zs_avg is None


def test_edition_without_such_a_number_cannot_say_it() -> None:
    said = RealTime(float(T0), (FactorValues(NOX, {"Rtd": 1.0, "ZsRtd": UNCOMPUTABLE}),))
    with pytest.raises(LocalFrameError):
        print_message(said, edition("hj212-2017"))
    measured = RealTime(float(T0), (FactorValues(NOX, {"Rtd": UNCOMPUTABLE}),))
    with pytest.raises(LocalFrameError):
        print_message(measured, edition("hj212-2025"))


@pytest.mark.parametrize("conversions", [["oxygen"], []])
def test_plan_knows_which_factors_are_converted(conversions: list[str]) -> None:
    def gas(site: dict[str, Any]) -> None:
        source = {"device": "meter", "point": "w00000", "conversions": conversions}
        oxygen = {"device": "meter", "point": "total"}
        points = {"w00000": {"unit": "mg/m3"}, "total": {"unit": "%"}}
        site["devices"].append({**site["devices"][0], "id": "meter", "address": 30,
                                "points": points})  # fmt: skip
        site["outlets"].append({"id": "DA001", "medium": "gas",
                                "gas": {"reference_oxygen": 6},
                                "factors": {NOX: source, "a19001": oxygen}})  # fmt: skip
        site["destinations"][0]["stations"][0]["outlets"] = ["DA001"]

    plan = plan_with(gas, destination(edition="hj212-2025", absent="profile_sentinel"))
    (station,) = plan.stations.values()
    assert station.wording.sentinel(NOX) is ("oxygen" in conversions)


@pytest.mark.parametrize(
    ("keys", "absent"),
    [
        ({"edition": "hj212-2025"}, "profile_sentinel"),
        ({"edition": "hj212-2025", "absent": "flag_only"}, "flag_only"),
        ({"edition": "hj212-2017"}, "flag_only"),
        ({"dialect": "hebei"}, "flag_only"),
    ],
)
def test_cems_08_it_is_told_by_itself_where_the_standard_asks_for_it(
    keys: dict[str, str], absent: str
) -> None:
    (station,) = plan_with(destination(**keys)).stations.values()
    assert station.wording.absent == absent
