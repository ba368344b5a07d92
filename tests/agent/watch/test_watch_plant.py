"""AF-12, AF-13, AF-16, AF-19, treatment and bypass: what stands around the instruments."""

from __future__ import annotations

from agent.watch import (
    Demand,
    Result,
    Span,
    bypassed,
    out_of_sequence,
    ran_in_stop,
    stretches,
    unmet,
    untreated,
    values_in_maintenance,
)

T0 = 1_780_000_020.0 - 1_780_000_020.0 % 60
INF = float("inf")


def minutes(first: int, last: int, value: float = 1.0) -> dict[float, float]:
    return {T0 + at * 60: value for at in range(first, last)}


def flowing(first: int, last: int) -> frozenset[int]:
    return frozenset(int(T0) + at * 60 for at in range(first, last))


def test_minutes_become_stretches_and_a_hole_parts_them() -> None:
    found = list(stretches([*minutes(0, 10), *minutes(11, 15), *minutes(20, 21)]))
    assert found == [Span(T0, T0 + 900), Span(T0 + 1200, T0 + 1260)]
    assert list(stretches([])) == []


def test_af_12_probe_that_is_too_cold_for_ten_minutes() -> None:
    (one,) = unmet(Demand("probe", "AF-12", 10, minutes(0, 10, 95.0)))
    assert (one.rule, one.cause, one.count) == ("AF-12", "probe", 10)
    assert one.figures == {"worst": 95.0}
    assert one.samples[0] == (T0, 95.0)
    assert list(unmet(Demand("probe", "AF-12", 11, minutes(0, 10, 95.0)))) == []


def test_af_12_what_counts_is_the_time_of_discharge() -> None:
    bad = minutes(0, 30, 95.0)
    assert list(unmet(Demand("probe", "AF-12", 10, bad, flowing(0, 9)))) == []
    (one,) = unmet(Demand("probe", "AF-12", 10, bad, flowing(5, 20)))
    assert (one.start, one.count) == (T0 + 300, 15)


RESULT = Result("w01018", T0 + 7200, 33.0)


def causes(pump: list[Span], full: list[Span]) -> list[str]:
    steps = [("pump", pump), ("full", full)]
    return [one.cause for one in out_of_sequence([RESULT], steps, within_s=7200)]


def test_af_13_pump_then_vessel_then_result() -> None:
    assert causes([Span(T0 + 600, T0 + 1200)], [Span(T0 + 1200, T0 + 7000)]) == []


def test_af_13_result_without_its_pump_or_vessel() -> None:
    full = [Span(T0 + 1200, T0 + 7000)]
    assert causes([], full) == ["no pump before analysis"]
    assert causes([Span(T0 + 600, T0 + 1200)], []) == ["no full before analysis"]
    assert causes([Span(T0 + 7300, INF)], full) == ["no pump before analysis"]
    assert causes([Span(T0 - 600, T0)], full) == ["no pump before analysis"]


def test_af_13_vessel_that_emptied_before_the_pump_ran() -> None:
    assert causes([Span(T0 + 3000, T0 + 3600)], [Span(T0 + 60, T0 + 1200)]) == [
        "no full before analysis"
    ]
    assert causes([Span(T0 + 3000, T0 + 3600)], [Span(T0 + 60, T0 + 5000)]) == []


def test_af_16_flow_and_af_19_electricity_in_a_stop() -> None:
    stop = [Span(T0, T0 + 3600)]
    running = {"flow": minutes(0, 20, 12.0), "power": minutes(30, 45, 80.0)}
    flow, power = ran_in_stop(running, stop, least_min=15, said="mark")
    assert (flow.rule, flow.cause, flow.count) == ("AF-16", "flow in a stop by mark", 20)
    assert (power.rule, power.start, power.end) == ("AF-19", T0 + 1800, T0 + 2700)
    assert power.grave
    assert power.samples[0] == (T0 + 1800, 80.0)


def test_af_16_less_than_the_minutes_or_outside_of_the_stop_is_nothing() -> None:
    stop = [Span(T0, T0 + 3600)]
    assert list(ran_in_stop({"flow": minutes(0, 14)}, stop, least_min=15, said="mark")) == []
    assert list(ran_in_stop({"flow": minutes(60, 90)}, stop, least_min=15, said="mark")) == []
    assert list(ran_in_stop({"flow": minutes(0, 60)}, [], least_min=15, said="flag")) == []


def test_af_16_normal_values_in_a_mark_of_maintenance_of_that_factor() -> None:
    normal = {"w01018": minutes(0, 60), "w01001": minutes(0, 60)}
    tended = {"w01018": [Span(T0, T0 + 1200)]}
    (one,) = values_in_maintenance(normal, tended, least_min=15)
    assert (one.factor, one.count, one.grave) == ("w01018", 20, False)


def test_treatment_that_is_off_while_water_flows() -> None:
    off = {"fan": minutes(0, 30, 0.0)}
    (one,) = untreated(off, flowing(10, 40), least_min=10)
    assert (one.rule, one.cause) == ("treatment", "treatment off while discharging: fan")
    assert (one.start, one.end, one.count, one.grave) == (T0 + 600, T0 + 1800, 20, True)
    assert list(untreated(off, flowing(21, 40), least_min=10)) == []


def test_emergency_valve_is_graver_in_an_abnormal_discharge() -> None:
    opened = {"valve": [Span(T0, T0 + 600, 11), Span(T0 + 3600, INF, 14)]}
    grave, plain = bypassed(opened, [Span(T0 + 300, T0 + 900, 12)])
    assert (grave.cause, grave.grave, grave.events) == (
        "valve open in an abnormal discharge",
        True,
        ((11, T0),),
    )
    assert grave.figures == {"discharge_events": "12"}
    assert (plain.cause, plain.grave, plain.events) == ("valve open", False, ((14, T0 + 3600),))
    assert list(bypassed({"valve": []}, [])) == []
