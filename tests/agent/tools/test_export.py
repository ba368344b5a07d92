"""`paikou export`: what the store holds, in three formats, flat in memory, journalled."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml
from agent_house import House
from agent_site import COD, FLOW, HOUR, PH, T0, plan_with, site_file
from click.testing import CliRunner, Result

from agent.model import Cause, Kind, Mark, MarkKind, Period, Statistic
from agent.store import columns, events, pages, samples, series, statistics
from agent.store.db import FILE_NAME, Store, connect
from agent.tools.export.command import export
from agent.tools.export.conditions import condition
from agent.tools.export.row import Row
from agent.tools.words import local_time

WHOLE = ("--from", "2026-06-10T10:00", "--to", "2026-06-10T13:00")


@pytest.fixture
async def site(store: Store, tmp_path: Path) -> Path:
    """A site whose store holds three hours, one result and an event."""
    house = await House.on(store, plan_with())
    await house.begin()
    for factor, value in ((FLOW, 30.0), (PH, 7.25)):
        await house.sampled(
            factor,
            [
                (float(at), None, Cause.FAULT) if at < T0 + 120 else (float(at), value)
                for at in range(int(T0), int(T0) + 3 * HOUR, 10)
            ],
        )
    await house.result(T0, 41.5)
    await house.close_at(T0 + 6 * HOUR)
    await house.write(
        lambda connection: events.add(
            connection, "door", {"text": "=开门"}, ref="d", at=T0 + 60, outlet="DW001"
        )
    )
    return site_file(tmp_path, store=store.path.parent)


def call(site: Path, what: str, *options: str, lang: str = "en") -> Result:
    span = () if "--from" in options else WHOLE
    return CliRunner().invoke(export, [str(site), "--what", what, *span, *options, "--lang", lang])


def lines(site: Path, what: str, *options: str) -> list[dict[str, Any]]:
    result = call(site, what, *options, "--format", "jsonl")
    assert result.exit_code == 0, result.output + repr(result.exception)
    return [json.loads(line) for line in result.stdout.splitlines()]


def stored(site: Path, sql: str) -> list[tuple[Any, ...]]:
    directory = yaml.safe_load(site.read_text(encoding="utf-8"))["storage"]["directory"]
    connection = sqlite3.connect(Path(directory) / FILE_NAME)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


async def test_samples_have_local_time_unit_flag_and_cause(site: Path) -> None:
    found = lines(site, "samples", "--factor", PH)
    assert len(found) == 3 * 360
    assert found[0] == {
        "at": "2026-06-10 10:00:00.000",
        "outlet": "DW001",
        "factor": PH,
        "name": PH,
        "unit": "",
        "value": None,
        "zs": None,
        "total": None,
        "flag": "D",
        "cause": "fault",
        "clock_epoch": 0,
    }
    assert (found[-1]["at"], found[-1]["value"]) == ("2026-06-10 12:59:50.000", 7.25)


async def test_periods_are_those_of_the_store_with_their_reasons(site: Path) -> None:
    minutes = lines(site, "minutes", "--factor", PH)
    assert len(minutes) == 180
    assert (minutes[0]["valid"], minutes[0]["flag"], minutes[0]["avg"]) == (False, "D", None)
    hours = lines(site, "hours", "--factor", FLOW)
    assert [one["start"] for one in hours] == [f"2026-06-10 {hour}:00:00" for hour in (10, 11, 12)]
    one = hours[0]
    assert (one["avg"], one["unit"], one["cou_unit"], one["valid"]) == (30.0, "L/s", "m3", True)
    assert (one["parts"], one["due"]) == (58, 60)
    assert [one[f"after_marks_{name}"] for name in ("avg", "valid")] == [30.0, True]


async def test_end_of_the_interval_is_not_part_of_it(site: Path) -> None:
    span = ("--from", "2026-06-10T11:00", "--to", "2026-06-10T12:00")
    assert len(lines(site, "hours", "--factor", PH, *span)) == 1
    assert len(lines(site, "samples", "--factor", PH, *span)) == 360
    late = ("--from", "2026-06-10T11:00:01", "--to", "2026-06-10T12:00")
    assert lines(site, "hours", "--factor", PH, *late) == []


async def test_results_and_events_come_with_their_own_times(site: Path) -> None:
    (result,) = lines(site, "results")
    assert (result["factor"], result["value"], result["device"]) == (COD, 41.5, "cod")
    assert (result["sampled_at"], result["completed_at"]) == (
        "2026-06-10 10:00:00",
        "2026-06-10 11:00:00",
    )
    door = [one for one in lines(site, "events") if one["kind"] == "door"]
    assert [(one["at"], json.loads(one["detail"])) for one in door] == [
        ("2026-06-10 10:01:00", {"text": "=开门"})
    ]


async def test_csv_has_chinese_headings_and_nothing_where_nothing_was_measured(site: Path) -> None:
    result = call(site, "samples", "--factor", PH, lang="zh")
    first, *rest = csv.reader(io.StringIO(result.stdout))
    assert first == [
        *("时间", "排放口", "因子", "名称", "单位", "值", "折算值", "累计（立方米）"),
        *("标记", "状态", "时钟段"),
    ]
    assert rest[0] == [
        *("2026-06-10 10:00:00.000", "DW001", PH, "pH 值", "", "", "", ""),
        *("D", "故障", "0"),
    ]
    assert rest[-1][5] == "7.25"


async def test_text_is_no_formula_in_a_table_program(site: Path, tmp_path: Path) -> None:
    connection = connect(Path(stored_directory(site)) / FILE_NAME)
    events.add(connection, "=1+1", {}, ref="f", at=T0 + 90, outlet="DW001")
    connection.close()
    assert ",'=1+1," in call(site, "events").stdout
    openpyxl = pytest.importorskip("openpyxl")
    path = tmp_path / "events.xlsx"
    assert call(site, "events", "--format", "xlsx", "--output", str(path)).exit_code == 0
    book = openpyxl.load_workbook(path)
    (cell,) = [one for row in book.active.rows for one in row if one.value == "=1+1"]
    assert cell.data_type == "s"
    book.close()


def stored_directory(site: Path) -> str:
    return str(yaml.safe_load(site.read_text(encoding="utf-8"))["storage"]["directory"])


async def test_workbook_holds_numbers_as_numbers_and_goes_on_in_a_second_sheet(
    site: Path, tmp_path: Path
) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    path = tmp_path / "hours.xlsx"
    result = call(site, "hours", "--format", "xlsx", "--output", str(path), lang="zh")
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    book = openpyxl.load_workbook(path, read_only=True)
    rows = list(book.active.iter_rows(values_only=True))
    book.close()
    assert rows[0][:5] == ("开始时间", "排放口", "因子", "名称", "单位")
    assert 30.0 in rows[1] or 30.0 in rows[2]
    from agent.tools.export.xlsx import XlsxWriter

    writer = XlsxWriter(path, ["a"], name="t", sheet_rows=3)
    for number in range(5):
        writer.row([number])
    writer.close()
    book = openpyxl.load_workbook(path, read_only=True)
    assert [
        [row[0] for row in book[name].iter_rows(values_only=True)] for name in book.sheetnames
    ] == [["a", 0, 1], ["a", 2, 3], ["a", 4]]
    book.close()


async def test_workbook_goes_to_a_file_only(site: Path) -> None:
    result = call(site, "hours", "--format", "xlsx")
    assert result.exit_code == 2
    assert "--output" in result.output


async def test_every_export_is_in_the_journal_before_it_begins(site: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "none" / "file.csv"
    assert call(site, "hours", "--output", str(nowhere)).exit_code == 1
    lines(site, "minutes", "--factor", PH, "--by", "condition")
    told = stored(site, "SELECT detail FROM journal WHERE what = 'export' ORDER BY seq")
    assert [json.loads(detail)["what"] for (detail,) in told] == ["hours", "minutes"]
    assert json.loads(told[1][0]) == {
        "what": "minutes",
        "from": "2026-06-10 10:00:00",
        "to": "2026-06-10 13:00:00",
        "outlet": "",
        "factors": [PH],
        "by": "condition",
        "format": "jsonl",
    }


async def test_file_has_its_name_only_when_it_is_whole(site: Path, tmp_path: Path) -> None:
    path = tmp_path / "out" / "hours.csv"
    path.parent.mkdir()
    assert call(site, "hours", "--output", str(path)).exit_code == 0
    assert [one.name for one in path.parent.iterdir()] == ["hours.csv"]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--outlet", "DW009"), "DW001"),
        (("--factor", "w99999"), COD),
        (("--from", "2026-06-10", "--to", "2026-06-10"), "--to"),
    ],
)
async def test_what_the_site_does_not_have_is_wrong_usage(
    site: Path, options: tuple[str, ...], said: str
) -> None:
    result = call(site, "hours", *options)
    assert result.exit_code == 2
    assert said in result.output


async def test_nothing_but_data_goes_to_a_pipe(site: Path) -> None:
    result = call(site, "hours", "--format", "jsonl")
    assert result.stderr == ""
    assert all(json.loads(line) for line in result.stdout.splitlines())


async def test_newest_revision_and_the_columns_of_marks_are_told(site: Path) -> None:
    connection = connect(Path(stored_directory(site)) / FILE_NAME)
    names = series.load(connection)
    period = Period(Kind.HOUR, int(T0))
    before = statistics.of(connection, period, outlet="DW001", names=names)[PH]
    after = statistic(period, avg=7.5)
    assert statistics.revise(connection, before, after, names=names, now=T0)
    columns.put(connection, "marks", [statistic(period, avg=None, reason="校准")], names=names)
    connection.close()
    first, *_ = lines(site, "hours", "--factor", PH)
    assert (first["avg"], first["revision"]) == (7.5, 1)
    assert (first["after_marks_avg"], first["after_marks_valid"]) == (None, False)
    assert first["after_marks_reason"] == first["after_exemptions_reason"] == "校准"


async def test_valid_day_of_ph_shows_the_mean_of_its_hydrogen_ions_beside_wat_23(
    site: Path,
) -> None:
    day = Period(Kind.DAY, int(T0) + 14 * HOUR)
    hours = [Period(Kind.HOUR, at) for at in range(day.start, day.end, HOUR)]
    acid = [statistic(one, avg=7.0 if one.start < hours[12].start else 8.0) for one in hours]
    connection = connect(Path(stored_directory(site)) / FILE_NAME)
    names = series.load(connection)
    statistics.add(connection, [*acid, statistic(day, avg=7.5)], names=names)
    connection.close()
    span = ("--from", "2026-06-11", "--to", "2026-06-12")
    (found,) = lines(site, "days", "--factor", PH, *span)
    assert (found["avg"], round(found["ion_mean"], 4)) == (7.5, 7.2596)
    assert "ion_mean" not in lines(site, "hours", "--factor", PH, *span)[0]


def statistic(period: Period, *, avg: float | None, reason: str = "") -> Statistic:
    valid = avg is not None
    cause = Cause.NORMAL if valid else Cause.CALIBRATION
    return Statistic(
        "DW001", PH, period, avg, avg, avg, None, cause, cause, 1.0, valid, 60, 60, reason
    )


async def test_rows_are_grouped_by_confirmed_condition(site: Path) -> None:
    start = int(T0) + HOUR
    add_mark(site, "停运", start, start + 600, state="confirmed")
    add_mark(site, "启炉", start + 300, start + 900, state="confirmed")
    add_mark(site, "停炉", start + 1800, start + 2400, state="proposed")
    found = lines(site, "minutes", "--factor", PH, "--by", "condition")
    groups = [one["condition"] for one in found]
    # each group stands together, those without a condition first
    assert list(dict.fromkeys(groups)) == ["none", "停运", *sorted(["停运+启炉", "启炉"])]
    assert groups == sorted(groups, key=list(dict.fromkeys(groups)).index)
    assert [groups.count(name) for name in ("none", "停运", "启炉")] == [165, 5, 5]
    first = next(one for one in found if one["condition"] == "停运")
    assert first["start"] == local_time(start)
    plain = lines(site, "minutes", "--factor", PH)
    key = ("start", "factor")
    assert sorted(tuple(one[k] for k in key) for one in found) == sorted(
        tuple(one[k] for k in key) for one in plain
    )


def add_mark(site: Path, code: str, start: int, end: int, *, state: str) -> None:
    connection = connect(Path(stored_directory(site)) / FILE_NAME)
    connection.execute(
        "INSERT INTO marks (ref, outlet, facility, factors, kind, code, start, end, channel,"
        " state, reason, made_by, made_at) VALUES (?, 'DW001', '', '[]', 'condition', ?, ?, ?,"
        " 'manual', ?, '=原因', '张三', 0)",
        (code, code, start, end, state),
    )
    connection.close()


async def test_marks_come_with_their_last_marked_minute(site: Path) -> None:
    start = int(T0) + 60
    add_mark(site, "停运", start, start + 540, state="confirmed")
    (one,) = lines(site, "marks")
    assert (one["start"], one["last_minute"]) == ("2026-06-10 10:01", "2026-06-10 10:09")
    assert (one["code"], one["state"], one["decided_at"]) == ("停运", "confirmed", "")


def test_condition_of_one_factor_leaves_the_others() -> None:
    mark = Mark("DW001", PH, MarkKind.CONDITION, "启炉", 60, 120)
    rows = [Row("DW001", factor, 60.0, 60.0, {}) for factor in (PH, FLOW)]
    assert [condition(row, {"DW001": [mark]}) for row in rows] == ["启炉", ""]
    assert condition(Row("DW001", PH, 120.0, 120.0, {}), {"DW001": [mark]}) == ""


@pytest.mark.parametrize("page", [1, 7, 2000])
async def test_pages_give_every_row_once_and_in_order(site: Path, page: int) -> None:
    connection = connect(Path(stored_directory(site)) / FILE_NAME, read_only=True)
    names = series.load(connection)
    wanted = {number for key, number in names.series.items() if key[2] == "rtd"}
    start, end = int(T0), int(T0) + 3 * HOUR
    found = list(pages.periods(connection, "1m", start, end, series=wanted, page=page))
    keys = [(row.start, row.series) for row in found]
    assert keys == sorted(set(keys))
    expected = statistics.between(
        connection, Period(Kind.MINUTE, start), end, outlet="DW001", names=names
    )
    assert len(found) == len(expected)
    cycles = list(pages.samples(connection, start, end, page=page))
    both = samples.between(connection, start, end, outlet="DW001", names=names)
    assert sum(len(cycle.values) for cycle in cycles) == sum(map(len, both.values()))
    assert len(list(pages.results(connection, start, end, page=page))) == 1
    connection.close()


async def test_memory_does_not_grow_with_the_interval(site: Path, tmp_path: Path) -> None:
    """Ten times the rows through the same pages: the peak stays what one page takes."""
    connection = connect(Path(stored_directory(site)) / FILE_NAME)
    names = series.load(connection)
    number = names.series["DW001", PH, "rtd"]

    def grow(first: int, count: int) -> None:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO statistics VALUES ('1m', ?, ?, 0, 7.0, 7.0, 7.0, NULL, NULL, NULL, NULL,"
            " 'normal', 'normal', 1.0, 1, 6, 6, 0, '')",
            ((int(T0) + 90_000 + 60 * at, number) for at in range(first, first + count)),
        )
        connection.execute("COMMIT")

    def peak() -> int:
        tracemalloc.start()
        count = sum(
            1 for _ in pages.periods(connection, "1m", int(T0) + 90_000, 2**40, series={number})
        )
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count
        return size

    grow(0, 4000)
    before = peak()
    grow(4000, 36_000)
    assert peak() < 1.5 * before
    connection.close()
