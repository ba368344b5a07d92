from __future__ import annotations

from typing import Any

from agent.tools.platform.gaps import Series, gap_report
from protocols.hj212.times import parse_wire_time, wire_time

MN = "010000A8900016F000169DC0"
T0 = int(parse_wire_time("20260601080000"))


def line(cn: str, at: int, **more: Any) -> dict[str, Any]:
    said = {"ok": True, "mn": MN, "st": "32", "cn": cn, "data_time": wire_time(at),
            "pnum": None, "pno": None}  # fmt: skip
    return said | more


def report(*lines: dict[str, Any], **intervals: int) -> list[Series]:
    named = {name.removeprefix("cn"): value for name, value in intervals.items()}
    return list(gap_report(lines, intervals_s=named))


def minutes(*numbers: int, **more: Any) -> list[dict[str, Any]]:
    return [line("2051", T0 + 60 * number, **more) for number in numbers]


def test_nothing_missing_is_said_to_be_whole() -> None:
    (series,) = report(*minutes(0, 1, 2, 3))
    assert series.whole
    assert (series.interval_s, series.received, series.missing) == (60, 4, 0)


def test_missing_minutes_are_told_as_ranges() -> None:
    (series,) = report(*minutes(0, 1, 5, 6, 8))
    assert [(gap.first - T0, gap.last - T0, gap.count) for gap in series.gaps] == [
        (120, 240, 3), (420, 420, 1),
    ]  # fmt: skip
    assert not series.whole


def test_order_of_arrival_makes_no_gap() -> None:
    (series,) = report(*minutes(3, 0, 2, 1))
    assert series.whole


def test_copies_are_counted_and_do_no_harm() -> None:
    (series,) = report(*minutes(0, 1, 1, 1, 2))
    assert series.twice == {T0 + 60: 2}
    assert series.whole


def test_what_was_asked_for_fills_a_gap_and_is_no_copy() -> None:
    (series,) = report(*minutes(0, 2), *minutes(1, 2, asked=True))
    assert series.whole
    assert series.twice == {}


def test_packet_that_is_missing_leaves_the_minute_partial() -> None:
    (series,) = report(
        line("2051", T0, pnum=2, pno=1), line("2051", T0, pnum=2, pno=2),
        line("2051", T0 + 60, pnum=2, pno=2),
    )  # fmt: skip
    assert series.partial == (T0 + 60,)
    assert series.twice == {}
    assert not series.whole


def test_hours_are_due_every_hour_though_only_two_came() -> None:
    (series,) = report(line("2061", T0), line("2061", T0 + 3 * 3600))
    assert (series.interval_s, series.missing) == (3600, 2)


def test_interval_may_be_told() -> None:
    (series,) = report(*minutes(0, 10, 20), cn2051=60)
    assert series.missing == 18


def test_one_frame_alone_has_no_interval_and_no_gap() -> None:
    (series,) = report(*minutes(7))
    assert (series.interval_s, series.whole) == (None, True)


def test_stations_systems_and_commands_are_told_apart() -> None:
    lines = [*minutes(0, 1), *minutes(0, 1, st="31"), *minutes(0, 1, mn="F" * 24),
             line("2011", T0), line("2081", T0)]  # fmt: skip
    assert [series.course for series in report(*lines)] == [
        (MN, "31", "2051"), (MN, "32", "2011"), (MN, "32", "2051"), ("F" * 24, "32", "2051"),
    ]  # fmt: skip


def test_wrong_frames_count_for_nothing() -> None:
    assert report(*minutes(0, ok=False)) == []


def test_json_names_the_times_as_the_wire_does() -> None:
    (series,) = report(*minutes(0, 1, 1, 3))
    told = series.as_json()
    assert told["gaps"] == [{"from": "20260601080200", "to": "20260601080200", "count": 1}]
    assert told["twice"] == {"20260601080100": 1}
    assert (told["kind"], told["missing"], told["duplicates"]) == ("gaps", 1, 1)
