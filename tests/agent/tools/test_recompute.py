"""`paikou recompute`: the worked examples through the file, and what the file may look like."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from recompute_files import SITE, Line, periods, run, stretch, the, write

SO2, O2, FLOW = "a21026", "a19001", "a00000"
HEAD = "at,outlet,factor,value,flag\n"


def printed(value: float | None, text: str) -> bool:
    digits = len(text.partition(".")[2])
    return value is not None and f"{value:.{digits}f}" == text


def hour_of(folder: Path, *lines: Line, factor: str = SO2) -> Any:
    return the(periods(folder, lines), "hour", factor)


def test_object_has_the_fields_of_the_promise(tmp_path: Path) -> None:
    hour = hour_of(tmp_path, *stretch("DA001", SO2, (60, 50.0, "N")))
    assert list(hour) == [
        *("outlet", "factor", "period", "start", "avg", "min", "max", "cou"),
        *("zs_avg", "zs_min", "zs_max", "flag", "valid", "samples", "valid_share", "reason"),
        *("after_marks", "after_exemptions"),
    ]
    assert (hour["outlet"], hour["start"]) == ("DA001", "2026-03-05T08:00:00")
    assert (hour["samples"], hour["valid_share"], hour["valid"], hour["flag"]) == (
        60,
        1.0,
        True,
        "N",
    )


def test_periods_are_minute_hour_day_and_month(tmp_path: Path) -> None:
    rows = periods(tmp_path, stretch("DA001", SO2, (60, 50.0, "N")))
    assert [one["period"] for one in rows] == ["minute"] * 60 + ["hour", "day", "month"]
    assert [one["start"] for one in rows[-3:]] == [
        "2026-03-05T08:00:00",
        "2026-03-05T00:00:00",
        "2026-03-01T00:00:00",
    ]


@pytest.mark.parametrize("every_s", [5.0, 10.0, 60.0])
def test_t_s04a_by_whatever_spacing_the_file_has(tmp_path: Path, every_s: float) -> None:
    groups = [(40, 50.0, "N"), (5, 60.0, "N"), (15, 99.0, "C")]
    hour = hour_of(tmp_path, *stretch("DA001", SO2, *groups, every_s=every_s))
    assert hour["valid"]
    assert printed(hour["avg"], "51.1111")
    assert (hour["min"], hour["max"]) == (50.0, 60.0)
    assert hour["samples"] == 3600 / every_s


def test_t_s04b_t_s06_t_s07_flags(tmp_path: Path) -> None:
    for groups, flag in (
        ([(44, 50.0, "N"), (16, 9.0, "C")], "C"),
        ([(30, 50.0, "N"), (12, 9.0, "C"), (12, 9.0, "D"), (6, 9.0, "M")], "D"),
        ([(40, 50.0, "N"), (20, 0.0, "F")], "F"),
    ):
        hour = hour_of(tmp_path, *stretch("DA001", SO2, *groups))
        assert (hour["valid"], hour["flag"]) == (False, flag)
        assert hour["reason"]


def test_t_s08_day_with_its_mass(tmp_path: Path) -> None:
    lines = []
    for hour in range(24):
        at = (hour - 8) * 3600.0
        flag = "D" if hour == 23 else "N"
        conc, flow = (30.0, 100_000 / 3600) if hour < 20 else (45.0, 120_000 / 3600)
        lines += stretch("DA001", SO2, (60, conc, flag), start_s=at)
        lines += stretch("DA001", FLOW, (60, flow, "N"), start_s=at)
    day = the(periods(tmp_path, lines), "day", SO2)
    assert day["valid"]
    assert printed(day["avg"], "31.9565")
    assert printed(day["cou"], "76.2")


@pytest.mark.parametrize(
    ("mode", "second", "expected"),
    [
        pytest.param("minute_mean", 40.0, "62.8571", id="T-S10-minute_mean"),
        pytest.param("hour_ratio", 40.0, "54.5455", id="T-S10-hour_ratio"),
        pytest.param("minute_mean", 60.0, "84.2857", id="T-S10b-minute_mean"),
        pytest.param("hour_ratio", 60.0, "68.1818", id="T-S10b-hour_ratio"),
    ],
)
def test_hour_at_reference_oxygen(tmp_path: Path, mode: str, second: float, expected: str) -> None:
    lines = stretch("DA001", SO2, (30, 40.0, "N"), (30, second, "N"), every_s=5)
    lines += stretch("DA001", O2, (30, 6.0, "N"), (30, 14.0, "N"), every_s=5)
    site = SITE.replace("reference_oxygen: 6", f"reference_oxygen: 6, zs_mode: {mode}")
    hour = the(periods(tmp_path, lines, site=site), "hour", SO2)
    assert printed(hour["zs_avg"], expected)


def test_t_08b_oxygen_of_air_leaves_no_converted_value(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (60, 4.258, "N")) + stretch("DA001", O2, (60, 21.05, "N"))
    rows = periods(tmp_path, lines)
    minute = the(rows, "minute", SO2, "08:00:00")
    assert (minute["avg"], minute["zs_avg"], minute["valid"]) == (4.258, None, True)
    assert "涉及因子无效" in minute["reason"]
    hour = the(rows, "hour", SO2)
    assert (hour["valid"], hour["zs_avg"], hour["zs_min"], hour["zs_max"]) == (
        True,
        None,
        None,
        None,
    )
    assert "涉及因子无效" in hour["reason"]


def test_absent_factors_leave_nothing_with_a_reason_and_do_not_unset_valid(tmp_path: Path) -> None:
    rows = periods(tmp_path, stretch("DA001", SO2, (60, 50.0, "N")))
    for row in rows[:61]:
        assert row["valid"]
        assert (row["cou"], row["zs_avg"], row["zs_min"], row["zs_max"]) == (None,) * 4
        assert "涉及因子无效: a19001" in row["reason"] or row["period"] == "hour"
        assert "no amount" in row["reason"]
    assert "涉及因子无效" in rows[60]["reason"]


def test_t_w20_water_day_of_results_at_their_hour_of_sampling(tmp_path: Path) -> None:
    lines: list[Line] = []
    for hour, (conc, volume) in enumerate([(40, 10), (60, 30), (80, 0), (50, 20)]):
        at = (hour - 8) * 3600.0
        lines.append((at, "DW001", "w01018", conc, "N"))
        lines += stretch("DW001", "w00000", (60, volume / 3.6, "N"), start_s=at)
    rows = periods(tmp_path, lines)
    day = the(rows, "day", "w01018")
    assert printed(day["avg"], "53.3333")
    assert printed(day["cou"], "3.2")
    hours = [one["avg"] for one in rows if (one["period"], one["factor"]) == ("hour", "w01018")]
    assert hours == [40.0, 60.0, 80.0, 50.0]
    assert not [one for one in rows if (one["period"], one["factor"]) == ("minute", "w01018")]


@pytest.mark.parametrize("every_s", [5.0, 60.0, 600.0, 3600.0])
def test_t_w20b_whatever_spacing_the_flow_has(tmp_path: Path, every_s: float) -> None:
    lines: list[Line] = [
        (at * 3600.0, "DW001", "w01018", 45.0 if at < 4 else 55.0, "N") for at in range(-8, 16)
    ]
    groups = [(720, 50 / 3.6, "N"), (720, 100 / 3.6, "N")]
    lines += stretch("DW001", "w00000", *groups, every_s=every_s, start_s=-8 * 3600)
    day = the(periods(tmp_path, lines), "day", "w01018")
    assert day["valid"]
    assert printed(day["avg"], "51.6667")
    assert printed(day["cou"], "93.0")


def test_hour_names_the_oxygen_that_left_it_without_converted_value(tmp_path: Path) -> None:
    hour = hour_of(tmp_path, *stretch("DA001", SO2, (60, 50.0, "N")))
    assert "涉及因子无效: a19001, 0 of 60 converted" in hour["reason"]


def test_empty_value_is_missing_with_its_flag(tmp_path: Path) -> None:
    hour = hour_of(tmp_path, *stretch("DA001", SO2, (40, 50.0, "N"), (20, None, "B")))
    assert (hour["valid"], hour["flag"], hour["avg"]) == (False, "B", 50.0)


def test_order_of_the_lines_does_not_matter(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (50, 50.1, "N"), (10, 3.3, "C"), every_s=20)
    lines += stretch("DA001", O2, (60, 7.7, "N"), every_s=20)
    expected = periods(tmp_path, lines)
    random.Random(1).shuffle(lines)
    assert periods(tmp_path, lines, ordered=False) == expected
    # grouped by factor, as an export may have them
    assert (
        periods(tmp_path, sorted(lines, key=lambda one: (one[2], one[0])), ordered=False)
        == expected
    )


def test_line_told_twice_is_one_sample(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (60, 50.0, "N"))
    assert periods(tmp_path, lines + lines) == periods(tmp_path, lines)


def test_silence_has_hours_without_value_and_no_minutes(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (60, 50.0, "N"))
    lines += stretch("DA001", SO2, (60, 50.0, "N"), start_s=3 * 3600)
    rows = periods(tmp_path, lines)
    kinds = [one["period"] for one in rows]
    assert (kinds.count("minute"), kinds.count("hour")) == (120, 4)
    silent = the(rows, "hour", SO2, "T09:00:00")
    assert (silent["avg"], silent["valid"], silent["samples"]) == (None, False, 0)


def test_time_with_an_offset_is_written_back_with_it(tmp_path: Path) -> None:
    samples = tmp_path / "s.csv"
    samples.write_text(
        "at,outlet,factor,value,flag\n2026-03-05T00:00:05+00:00,DA001,a21026,50,N\n", "utf-8"
    )
    result = run(tmp_path, samples, "--json")
    assert json.loads(result.stdout.splitlines()[0])["start"] == "2026-03-05T08:00:00+08:00"


@pytest.mark.parametrize(
    ("at", "start"),
    [
        ("2026-03-05T08:00:05", "2026-03-05T08:00:00"),
        ("2026-03-05 08:00:05", "2026-03-05 08:00:00"),
        ("20260305T080005", "2026-03-05T08:00:00"),
        ("2026-03-05", "2026-03-05T00:00:00"),
    ],
)
def test_start_is_written_as_the_file_writes_its_times(tmp_path: Path, at: str, start: str) -> None:
    samples = tmp_path / "s.csv"
    samples.write_text(f"{HEAD}{at},DA001,a21026,50,N\n", "utf-8")
    result = run(tmp_path, samples, "--json")
    assert json.loads(result.stdout.splitlines()[0])["start"] == start


def test_columns_of_an_export_may_stand_anywhere_with_others_beside(tmp_path: Path) -> None:
    samples = tmp_path / "s.csv"
    samples.write_text(
        "\ufeffoutlet,factor,name,at,unit,value,flag\r\n"
        "DA001,a21026,二氧化硫,2026-03-05 08:00:05.000,mg/m3,50,N\r\n",
        "utf-8",
    )
    result = run(tmp_path, samples, "--json")
    assert json.loads(result.stdout.splitlines()[0])["avg"] == 50.0


def test_from_and_to_choose_periods_and_change_no_figure(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (60, 50.0, "N"), (60, 70.0, "N"))
    rows = periods(tmp_path, lines, "--from", "2026-03-05T09:00", "--to", "2026-03-05T10:00")
    everything = periods(tmp_path, lines)
    assert rows == [one for one in everything if "T09" in one["start"]]


def test_plain_output_is_csv_with_the_same_figures(tmp_path: Path) -> None:
    samples = write(tmp_path / "s.csv", stretch("DA001", SO2, (60, 0.1 + 0.2, "N")))
    lines = run(tmp_path, samples).stdout.splitlines()
    assert lines[0].startswith("outlet,factor,period,start,avg,min,max,cou")
    assert lines[1].split(",")[4] == "0.30000000000000004"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("when,outlet,factor,value,flag\n", ":1: ", "at,outlet,factor,value,flag"),
        (HEAD + "2026-03-05,DA001,a21026\n", ":2: ", "at,outlet"),
        (HEAD + "soon,DA001,a21026,1,N\n", ":2: at", "'soon'"),
        (HEAD + "1970-01-01T08:00,DA001,a21026,1,N\n", ":2: at", "2000"),
        (HEAD + "0001-01-01T00:00,DA001,a21026,1,N\n", ":2: at", "2000"),
        (HEAD + "9999-12-31T23:59,DA001,a21026,1,N\n", ":2: at", "2099"),
        (HEAD + "2026-03-05T08:00,DA009,a21026,1,N\n", ":2: outlet,factor", "DA009,a21026"),
        (HEAD + "2026-03-05T08:00,DA001,w01018,1,N\n", ":2: outlet,factor", "DA001,w01018"),
        (HEAD + "2026-03-05T08:00,DA001,a21026,x,N\n", ":2: value", "'x'"),
        (HEAD + "2026-03-05T08:00,DA001,a21026,nan,N\n", ":2: value", "'nan'"),
        (HEAD + "2026-03-05T08:00,DA001,a21026,1_0,N\n", ":2: value", "'1_0'"),
        (HEAD + "2026-03-05T08:00,DA001,a21026,１,N\n", ":2: value", "'１'"),
        (HEAD + "\n2026-03-05T08:00,DA001,a21026,1,Q\n", ":3: flag", "N F D B M C T"),
    ],
)
def test_wrong_line_is_named_with_its_column(
    tmp_path: Path, text: str, place: str, said: str
) -> None:
    samples = tmp_path / "s.csv"
    samples.write_text(text, encoding="utf-8")
    result = run(tmp_path, samples, "--json")
    error = result.exception
    assert error is not None and f"s.csv{place}" in str(error) and said in str(error)
    assert getattr(error, "exit_code", None) == 2


MARKS = "outlet,factor,kind,code,start,end\n"


def with_marks(folder: Path, lines: list[Line], text: str) -> list[dict[str, Any]]:
    marks = folder / "marks.csv"
    marks.write_text(MARKS + text, encoding="utf-8")
    return periods(folder, lines, "--marks", str(marks))


def test_mark_takes_its_minutes_out_of_the_second_column_only(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (50, 50.0, "N"), (10, 110.0, "N"))
    text = "DA001,a21026,equipment,校准,2026-03-05T08:50,2026-03-05T08:59\n"
    hour = the(with_marks(tmp_path, lines, text), "hour", SO2)
    assert (hour["avg"], hour["valid"]) == (60.0, True)
    for column in ("after_marks", "after_exemptions"):
        assert (hour[column]["avg"], hour[column]["valid"]) == (50.0, True)


def test_more_than_fifteen_marked_minutes_lose_the_hour(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (60, 50.0, "N"))
    text = "DA001,,equipment,故障,2026-03-05T08:30,2026-03-05T08:45\n"
    rows = with_marks(tmp_path, lines, text)
    hour = the(rows, "hour", SO2)
    assert (hour["avg"], hour["valid"], hour["flag"]) == (50.0, True, "N")
    assert hour["after_marks"] == {
        **dict.fromkeys(("avg", "min", "max", "cou", "zs_avg", "zs_min", "zs_max")),
        "flag": "D",
        "valid": False,
        "valid_share": 44 / 60,
        "reason": hour["after_marks"]["reason"],
    }
    assert hour["after_marks"]["reason"].startswith("有效数据不足")


def test_exemption_acts_in_the_third_column_only(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (60, 50.0, "N"))
    text = "DA001,,exemption,启炉,2026-03-05T08:00,2026-03-05T08:29\n"
    hour = the(with_marks(tmp_path, lines, text), "hour", SO2)
    assert hour["after_marks"]["valid"]
    assert (hour["after_exemptions"]["valid"], hour["after_exemptions"]["flag"]) == (False, "F")


def test_marked_oxygen_takes_the_converted_value(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (60, 40.0, "N")) + stretch("DA001", O2, (60, 6.0, "N"))
    text = "DA001,a19001,equipment,日常维护,2026-03-05T08:00,2026-03-05T08:29\n"
    hour = the(with_marks(tmp_path, lines, text), "hour", SO2)
    assert hour["zs_avg"] == 40.0
    assert (hour["after_marks"]["avg"], hour["after_marks"]["zs_avg"]) == (40.0, None)


POWER = (Path(__file__).parents[3] / "config/sites/thermal-power.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("marked", "lost"),
    [
        # a flow is made of its velocity (the same reading), and of state and moisture
        ("a01011", {"a01011", "a00000"}),
        ("a01012", {"a01012", "a00000", "a21026"}),
        ("a01014", {"a01014", "a00000", "a21026"}),
        ("a00000", {"a00000"}),
        ("a19001", {"a19001"}),
    ],
)
def test_stat_12_mark_takes_what_is_made_of_the_marked(
    tmp_path: Path, marked: str, lost: set[str]
) -> None:
    codes = ("a21026", "a19001", "a01011", "a01012", "a01014", "a00000")
    lines = [one for code in codes for one in stretch("DA001", code, (60, 10.0, "N"))]
    marks = tmp_path / "marks.csv"
    marks.write_text(
        f"{MARKS}DA001,{marked},equipment,日常维护,2026-03-05T08:00,2026-03-05T08:29\n", "utf-8"
    )
    rows = periods(tmp_path, lines, "--marks", str(marks), site=POWER)
    hours = {code: the(rows, "hour", code)["after_marks"] for code in codes}
    assert {code for code, one in hours.items() if not one["valid"]} == lost
    assert "日常维护" in hours[marked]["reason"]
    for code in lost - {marked}:
        assert f"涉及因子无效: {marked} 日常维护" in hours[code]["reason"]
    mass = "a21026" not in lost and "a00000" not in lost
    assert (hours["a21026"]["cou"] is not None) is mass
    assert (hours["a21026"]["zs_avg"] is None) is ("a21026" in lost or marked == "a19001")


def test_velocity_counts_for_the_flow_where_the_file_has_only_the_flow(tmp_path: Path) -> None:
    lines = stretch("DA001", "a00000", (60, 10.0, "N"))
    marks = tmp_path / "marks.csv"
    marks.write_text(
        f"{MARKS}DA001,a01011,equipment,故障,2026-03-05T08:00,2026-03-05T08:29\n", "utf-8"
    )
    hour = the(periods(tmp_path, lines, "--marks", str(marks), site=POWER), "hour", "a00000")
    assert (hour["valid"], hour["after_marks"]["valid"]) == (True, False)


def test_proposed_mark_has_no_effect(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (60, 50.0, "N"))
    marks = tmp_path / "marks.csv"
    marks.write_text(
        "outlet,factor,kind,code,start,end,state\n"
        "DA001,,equipment,故障,2026-03-05T08:00,2026-03-05T08:59,proposed\n",
        encoding="utf-8",
    )
    assert periods(tmp_path, lines, "--marks", str(marks)) == periods(tmp_path, lines)


def test_marks_as_an_export_writes_them_are_read(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (60, 50.0, "N"))
    marks = tmp_path / "marks.csv"
    marks.write_text(
        "start,last_minute,outlet,facility,factor,kind,code,channel,state\n"
        "2026-03-05 08:00,2026-03-05 08:29,DA001,,a21026,equipment,故障,manual,confirmed\n",
        encoding="utf-8",
    )
    hour = the(periods(tmp_path, lines, "--marks", str(marks)), "hour", SO2)
    assert (hour["after_marks"]["flag"], hour["after_marks"]["valid_share"]) == ("D", 0.5)


def test_result_of_a_marked_hour_is_lost(tmp_path: Path) -> None:
    lines: list[Line] = [
        (0.0, "DW001", "w01018", 40.0, "N"),
        (3600.0, "DW001", "w01018", 50.0, "N"),
    ]
    text = "DW001,w01018,equipment,标样核查,2026-03-05T08:00,2026-03-05T08:59\n"
    rows = with_marks(tmp_path, lines, text)
    first = the(rows, "hour", "w01018", "T08:00:00")
    assert (first["avg"], first["after_marks"]["avg"]) == (40.0, None)
    assert first["after_marks"]["flag"] == "C"
    assert the(rows, "hour", "w01018", "T09:00:00")["after_marks"]["avg"] == 50.0


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("DA001,,equipment,故障,2026-03-05T08:30,2026-03-05T08:29\n", "start,end"),
        ("DA001,,equipment,故障,2026-03-05T08:30:05,2026-03-05T08:40\n", "start,end"),
        ("DA001,,equipment,故障,2026-03-05T08:30,later\n", "end"),
        ("DA001,,whim,故障,2026-03-05T08:30,2026-03-05T08:40\n", "kind"),
        ("DA009,,equipment,故障,2026-03-05T08:30,2026-03-05T08:40\n", "outlet,factor"),
        ("DA001,w01018,equipment,故障,2026-03-05T08:30,2026-03-05T08:40\n", "outlet,factor"),
        ("DA001,,equipment,故障\n", ""),
    ],
)
def test_wrong_mark_is_named(tmp_path: Path, text: str, column: str) -> None:
    marks = tmp_path / "marks.csv"
    marks.write_text(MARKS + text, encoding="utf-8")
    samples = write(tmp_path / "s.csv", stretch("DA001", SO2, (60, 50.0, "N")))
    result = run(tmp_path, samples, "--json", "--marks", str(marks))
    assert result.exception is not None
    assert f"marks.csv:2: {column}" in str(result.exception)


def test_counter_of_a_flow_gives_its_volume_where_the_site_asks_for_it(tmp_path: Path) -> None:
    site = SITE.replace(
        "w00000: {device: meter}",
        "w00000: {device: meter, range: [0, 100], volume: counter, counter: {points: [total]}}",
    )
    lines = stretch("DW001", "w00000", (60, 30.0, "N"))
    lines += [(at, "DW001", "w00000:total", 500 + at * 0.031, "N") for at, *_ in lines]
    hour = the(periods(tmp_path, lines, site=site), "hour", "w00000")
    assert hour["cou"] == pytest.approx(59 * 60 * 0.031)
    beside = tmp_path / "beside.csv"
    text = write(tmp_path / "plain.csv", lines[:60]).read_text(encoding="utf-8").splitlines()
    counted = [
        f"{line},{500 + at * 0.031!r}" for line, (at, *_) in zip(text[1:], lines, strict=False)
    ]
    beside.write_text("\n".join([f"{text[0]},total", *counted]) + "\n", encoding="utf-8")
    rows = [
        json.loads(line) for line in run(tmp_path, beside, "--json", site=site).stdout.splitlines()
    ]
    assert the(rows, "hour", "w00000")["cou"] == hour["cou"], "as a column, as an export has it"
    plain = the(periods(tmp_path, lines[:60], site=SITE), "hour", "w00000")
    assert plain["cou"] == pytest.approx(3600 * 0.030)


@pytest.mark.parametrize(
    "data",
    [b"at,outlet,factor,value,flag\n\xff\xfe\n", b'at,outlet,factor,value,flag\n"a\x00b'],
    ids=repr,
)
def test_what_is_no_text_is_said_and_not_a_crash(tmp_path: Path, data: bytes) -> None:
    samples = tmp_path / "s.csv"
    samples.write_bytes(data)
    result = run(tmp_path, samples, "--json")
    assert getattr(result.exception, "exit_code", None) == 2


def test_file_without_samples_has_no_periods(tmp_path: Path) -> None:
    assert periods(tmp_path, []) == []


def test_samples_closer_than_a_tenth_of_a_second_are_samples(tmp_path: Path) -> None:
    lines = stretch("DA001", SO2, (0.1, 50.0, "N"), every_s=0.02)
    assert the(periods(tmp_path, lines), "minute", SO2)["avg"] == 50.0
