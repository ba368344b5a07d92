"""`paikou marks`, `values`, `faults`: a person's hand beside the daemon, journalled."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from agent_site import site_file
from click.testing import CliRunner, Result

from agent.errors import ConfigError
from agent.model import Cause, Kind, Period, Statistic
from agent.store import journal, series, statistics
from agent.store.db import FILE_NAME, Store
from agent.tools.faults import faults
from agent.tools.marks import marks
from agent.tools.migrate import migrate
from agent.tools.values import values
from agent.tools.words import local_time
from protocols.hj212.times import parse_wire_time

SIGNED = ("--by", "张三", "--why", "周校准")
GROUPS = {"marks": marks, "values": values, "faults": faults}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site file with a store of its own."""
    migrate(tmp_path / "state")
    return site_file(tmp_path)


def call(group: str, site: Path, command: str, *options: str) -> Result:
    return CliRunner().invoke(GROUPS[group], [str(site), command, *options, "--lang", "zh"])


def good(group: str, site: Path, command: str, *options: str) -> str:
    result = call(group, site, command, *options)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.output


def rows(site: Path, sql: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(site.parent / "state" / FILE_NAME) as connection:
        found = connection.execute(sql).fetchall()
    connection.close()
    return found


def span(hours_ago: float, minutes: int) -> tuple[str, ...]:
    start = time.time() - hours_ago * 3600
    last = start + (minutes - 1) * 60
    return (
        *("--from", local_time(start, "%Y-%m-%dT%H:%M")),
        *("--to", local_time(last, "%Y-%m-%dT%H:%M")),
    )


def proposed(site: Path, *more: str) -> int:
    options = ("--outlet", "DW001", "--code", "校准", *span(3, 20), *SIGNED, *more)
    good("marks", site, "propose", *options)
    return int(rows(site, "SELECT max(id) FROM marks")[0][0])


def test_mark_goes_from_proposal_to_confirmation_to_refusal(site: Path) -> None:
    number = proposed(site, "--factor", "w01001")
    assert rows(site, "SELECT end - start, state, kind FROM marks") == [
        (1200, "proposed", "equipment")
    ]
    assert "待确认" in good("marks", site, "list")
    assert "已确认" in good("marks", site, "confirm", str(number), *SIGNED)
    assert "缺附件" in good("marks", site, "list")
    good("marks", site, "refuse", str(number), *SIGNED)
    assert "没有标记" in good("marks", site, "list")
    assert "已否决" in good("marks", site, "list", "--all")
    told = rows(site, "SELECT what, who, detail FROM journal WHERE what GLOB 'mark *'")
    assert [(what, who) for what, who, _ in told] == [
        ("mark proposed", "张三"),
        ("mark confirmed", "张三"),
        ("mark refused", "张三"),
    ]
    assert json.loads(told[1][2])["factors"] == ["w01001"]


@pytest.mark.parametrize("group", ["marks", "faults"])
def test_site_file_that_is_not_there_is_a_wrong_one_not_wrong_usage(
    group: str, tmp_path: Path
) -> None:
    result = call(group, tmp_path / "none.yaml", "list")
    assert isinstance(result.exception, ConfigError), result.output
    assert "none.yaml:1: 错误：没有这个文件" in str(result.exception)


@pytest.mark.parametrize(
    ("group", "said"), [("marks", "没有标记\n"), ("values", "没有手工监测值\n")]
)
def test_empty_list_says_so_and_an_outlet_there_is_not_is_refused(
    site: Path, group: str, said: str
) -> None:
    interval = ("--from", "2026-06-01", "--to", "2026-06-02")
    assert good(group, site, "list", "--outlet", "DW001", *interval) == said
    refused = call(group, site, "list", "--outlet", "DW009", *interval)
    assert "no such outlet; DW001" in str(refused.exception)


@pytest.mark.parametrize("missing", ["--by", "--why"])
def test_nobody_and_no_reason_change_nothing(site: Path, missing: str) -> None:
    options = ["--outlet", "DW001", "--code", "校准", *span(3, 20), *SIGNED]
    at = options.index(missing)
    del options[at : at + 2]
    result = call("marks", site, "propose", *options)
    assert result.exit_code == 2
    assert missing in result.output
    assert rows(site, "SELECT count(*) FROM marks") == [(0,)]


@pytest.mark.parametrize("blank", ["--by", "--why"])
def test_mark_04_blank_name_and_blank_reason_are_none(site: Path, blank: str) -> None:
    options = ["--outlet", "DW001", "--code", "校准", *span(3, 20), *SIGNED]
    options[options.index(blank) + 1] = "  "
    result = call("marks", site, "propose", *options)
    assert (result.exit_code, blank in result.output) == (2, True)
    assert rows(site, "SELECT count(*) FROM marks") == [(0,)]


def test_same_mark_proposed_twice_says_so(site: Path) -> None:
    options = ("--outlet", "DW001", "--code", "校准", *span(3, 20), *SIGNED)
    good("marks", site, "propose", *options)
    assert "未改动" in good("marks", site, "propose", *options)
    assert rows(site, "SELECT count(*) FROM marks") == [(1,)]


def flow_minutes(site: Path, value: float) -> None:
    """Store minutes of a flow over the marked span."""
    series = "INSERT OR IGNORE INTO series (outlet, factor, quantity) VALUES (?, ?, ?)"
    minute = (
        "INSERT INTO statistics SELECT '1m', ?, id, 0, ?, ?, ?, 0, NULL, NULL, NULL, 'normal',"
        " 'normal', 1.0, 1, 6, 6, 0, '' FROM series WHERE factor = 'w00000' AND quantity = 'rtd'"
    )
    with sqlite3.connect(site.parent / "state" / FILE_NAME) as connection:
        connection.execute(series, ("DW001", "w00000", "rtd"))
        start = int(time.time() - 4 * 3600) // 60 * 60
        for at in range(start, start + 2 * 3600, 60):
            connection.execute(minute, (at, value, value, value))
    connection.close()


def test_contradicted_stop_is_shown_journalled_and_not_confirmed(site: Path) -> None:
    flow_minutes(site, 5.0)
    options = ("--outlet", "DW001", "--code", "停运", *span(3, 20), *SIGNED)
    good("marks", site, "propose", *options)
    result = call("marks", site, "confirm", "1", *SIGNED)
    assert result.exit_code == 1
    assert "stopped_flow" in result.output
    assert rows(site, "SELECT state FROM marks") == [("proposed",)]
    ((who, detail),) = rows(site, "SELECT who, detail FROM journal WHERE what GLOB '*contradicted'")
    assert who == "张三"
    assert json.loads(detail)["objections"][0]["rule"] == "stopped_flow"
    assert "!" in good("marks", site, "confirm", "1", "--despite", *SIGNED)


def test_evidence_proposes_a_stop_where_nothing_flowed(site: Path) -> None:
    flow_minutes(site, 0.0)
    said = good("marks", site, "propose", "--outlet", "DW001", *span(4, 110), *SIGNED)
    assert "停运" in said
    assert "无运行迹象" in said


def test_attachment_is_kept_by_name_and_hash(site: Path) -> None:
    paper = site.parent / "校准单.pdf"
    paper.write_bytes(b"proof")
    number = proposed(site)
    good("marks", site, "confirm", str(number), "--proof", str(paper), *SIGNED)
    ((proof,),) = rows(site, "SELECT proof FROM marks")
    assert proof.startswith("校准单.pdf sha256:")
    assert len(proof.rpartition(":")[2]) == 64


def test_confirmed_marks_are_exported_with_their_tick(site: Path) -> None:
    first, second = proposed(site), proposed(site, "--factor", "w01001")
    good("marks", site, "confirm", str(first), *SIGNED)
    result = CliRunner().invoke(marks, [str(site), "entered", str(first), "--by", "李四"])
    assert result.exit_code == 0
    window = ("--from", "2020-01-01", "--to", "2100-01-01")
    result = CliRunner().invoke(marks, [str(site), "export", *window])
    (row,) = csv.DictReader(io.StringIO(result.output))
    assert (int(row["id"]), row["type"], row["minutes"]) == (first, "校准", "20")
    assert (row["confirmed_by"], row["entered_by"]) == ("张三", "李四")
    assert second > first


def test_af_15_hand_over_ssh_is_journalled_with_where_it_came_from(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    proposed(site)
    remote = "SELECT detail FROM journal WHERE what = 'remote session'"
    assert rows(site, remote) == []
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50000 10.0.0.2 22")
    good("marks", site, "list")
    assert rows(site, remote) == []
    good("marks", site, "confirm", "1", *SIGNED)
    assert [json.loads(detail) for (detail,) in rows(site, remote)] == [{"from": "192.0.2.7"}]


def test_unknown_mark_outlet_and_name_are_told(site: Path) -> None:
    for command in ("confirm", "refuse"):
        result = call("marks", site, command, "99", *SIGNED)
        assert "no such mark" in str(result.exception)
    for outlet, code, said in (("DW009", "校准", "no such outlet"), ("DW001", "启炉", "--kind")):
        options = ("--outlet", outlet, "--code", code, *span(3, 20), *SIGNED)
        assert said in str(call("marks", site, "propose", *options).exception)


def test_commands_without_a_store_say_so(site: Path) -> None:
    (site.parent / "state" / FILE_NAME).unlink()
    assert "no such store" in str(call("marks", site, "list").exception)


async def test_hand_works_beside_a_store_that_is_open_and_writing(site: Path) -> None:
    async with Store(site.parent / "state", ballast_mb=0) as store:
        await store.write(lambda one: journal.add(one, "daemon", {}, at=1.0))
        number = await asyncio.to_thread(proposed, site)
        await store.write(lambda one: journal.add(one, "daemon", {}, at=2.0))
        await asyncio.to_thread(good, "marks", site, "confirm", str(number), *SIGNED)
        assert await store.read(journal.broken_at) is None
    lines = rows(site, "SELECT what FROM journal ORDER BY seq")
    assert [what for (what,) in lines] == ["daemon", "mark proposed", "daemon", "mark confirmed"]


def value_options(**more: str) -> tuple[str, ...]:
    given = {"outlet": "DW001", "factor": "w01018", "value": "42.5", "method": "HJ 828-2017"}
    given |= {"instrument": "COD-1", **more}
    pairs = [(f"--{name}", value) for name, value in given.items()]
    return (*(part for pair in pairs for part in pair), *span(5, 60), *SIGNED)


def test_manual_value_is_added_once_and_listed(site: Path) -> None:
    report = site.parent / "报告.pdf"
    report.write_bytes(b"42.5")
    said = good("values", site, "add", *value_options(file=str(report)))
    assert "42.5" in said
    assert "未改动" in good("values", site, "add", *value_options())
    listed = good(
        "values", site, "list", "--outlet", "DW001", "--from", "2020-01-01", "--to", "2100-01-01",
        "--json",
    )  # fmt: skip
    told = json.loads(listed)
    assert (told["value"], told["unit"], told["purpose"]) == (42.5, "mg/L", "substitute")
    assert told["file"].startswith("报告.pdf sha256:")
    ((who, detail),) = rows(site, "SELECT who, detail FROM journal WHERE what = 'manual value'")
    assert (who, json.loads(detail)["value"]) == ("张三", 42.5)


def test_value_of_an_unknown_factor_is_refused(site: Path) -> None:
    result = call("values", site, "add", *value_options(factor="w21003"))
    assert "no factor" in str(result.exception)
    assert rows(site, "SELECT count(*) FROM manual_values") == [(0,)]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "four"])
def test_what_is_no_finite_number_is_no_value_and_no_check(site: Path, value: str) -> None:
    added = call("values", site, "add", *value_options(value=value))
    checked = call("values", site, "check", *check_options(kind="standard", reading=value))
    for result in (added, checked):
        assert (result.exit_code, "finite" in result.output) == (2, True)
    assert rows(site, "SELECT count(*) FROM manual_values") == [(0,)]
    assert rows(site, "SELECT count(*) FROM checks") == [(0,)]


def test_ticket_shows_its_clocks_and_is_journalled(site: Path) -> None:
    found = local_time(time.time() - 5 * 3600, "%Y-%m-%dT%H:%M:%S")
    options = ("--outlet", "DW001", "--device", "cod", "--text", "光源", "--at", found, *SIGNED)
    said = good("faults", site, "open", *options)
    assert "■ 到场" in said
    assert "已超 1.0 h" in said
    assert "余 3.0 h" in said
    assert "（超时）" in good("faults", site, "step", "1", "on_site", *SIGNED)
    said = good("faults", site, "step", "1", "repaired", *SIGNED)
    assert said.count("✓") == 3
    told = json.loads(good("faults", site, "list", "--json"))
    assert [one["late"] for one in told["clocks"]] == [True, False, False]
    good("faults", site, "step", "1", "closed", *SIGNED)
    assert "没有故障单" in good("faults", site, "list")
    lines = rows(site, "SELECT what FROM journal WHERE what GLOB 'fault*' ORDER BY seq")
    assert [what for (what,) in lines] == [
        "fault opened",
        "fault on_site",
        "fault repaired",
        "fault closed",
    ]


def test_step_noted_twice_and_unknown_device_are_told(site: Path) -> None:
    options = ("--outlet", "DW001", "--text", "光源", *SIGNED)
    result = call("faults", site, "open", "--device", "nothing", *options)
    assert "no such device" in str(result.exception)
    good("faults", site, "open", "--device", "logger", *options)
    good("faults", site, "step", "1", "on_site", *SIGNED)
    result = call("faults", site, "step", "1", "on_site", *SIGNED)
    assert "noted before" in str(result.exception)
    assert "no such ticket" in str(call("faults", site, "step", "9", "closed", *SIGNED).exception)


def test_steps_out_of_order_are_refused(site: Path) -> None:
    def ago(hours: float) -> str:
        return local_time(time.time() - hours * 3600, "%Y-%m-%dT%H:%M:%S")

    options = ("--outlet", "DW001", "--device", "cod", "--text", "光源", "--at", ago(5), *SIGNED)
    good("faults", site, "open", *options)
    good("faults", site, "step", "1", "on_site", "--at", ago(3), *SIGNED)
    result = call("faults", site, "step", "1", "repaired", "--at", ago(4), *SIGNED)
    assert "out of order with on_site" in str(result.exception)
    good("faults", site, "step", "1", "repaired", "--at", ago(2), *SIGNED)
    good("faults", site, "step", "1", "spare", "--at", ago(2.5), *SIGNED)
    result = call("faults", site, "step", "1", "closed", "--at", ago(2.2), *SIGNED)
    assert "out of order with repaired" in str(result.exception)


def check_options(**more: str) -> tuple[str, ...]:
    given = {"outlet": "DW001", "factor": "w01018", "nominal": "100", **more}
    pairs = [(f"--{name}", value) for name, value in given.items()]
    return (*(part for pair in pairs for part in pair), *span(5, 20), *SIGNED)


def test_check_by_hand_is_judged_and_kept_once(site: Path) -> None:
    said = good("values", site, "check", *check_options(kind="standard", reading="88.9"))
    assert "-11.10 % 不合格" in said
    again = good("values", site, "check", *check_options(kind="standard", reading="88.9"))
    assert "未改动" in again
    assert rows(site, "SELECT verdict, channel FROM checks") == [("fail", "manual")]
    said = good(
        "values", site, "check", *check_options(**{"kind": "zero", "nominal": "0"}),
        "--reading", "2.5", "--full-scale", "200",
    )  # fmt: skip
    assert "+1.25 % 合格" in said


def comparison(site: Path, *options: str, factor: str = "w01018") -> Result:
    about = ("--outlet", "DW001", "--factor", factor, *span(5, 20), *SIGNED)
    return call("values", site, "compare", *about, *options)


def pairs(*told: str) -> list[str]:
    return [part for one in told for part in ("--pair", one)]


def test_4_3_comparison_is_judged_by_the_bands_and_kept_with_its_report(site: Path) -> None:
    report = site.parent / "报告.pdf"
    report.write_bytes(b"33")
    # below 30 mg/L 5 mg/L, to 60 30 %: two of three agree
    given = pairs("33:28", "45:44", "100:50")
    assert "comparison 合格" in comparison(site, *given, "--file", str(report)).output
    assert "未改动" in comparison(site, *given).output
    ((verdict, told),) = rows(site, "SELECT verdict, detail FROM checks WHERE kind = 'comparison'")
    assert (verdict, json.loads(told)["pairs"][0]) == ("pass", [33.0, 28.0])
    assert json.loads(told)["file"].startswith("报告.pdf sha256:")


def test_failed_comparison_is_out_of_control_until_one_passes(site: Path) -> None:
    said = comparison(site, *pairs("34:28", "45:44", "100:50")).output
    assert "comparison 不合格" in said
    assert "核查不合格" in good("values", site, "control", "--outlet", "DW001")


def test_comparison_without_a_rule_takes_the_word_of_its_report(site: Path) -> None:
    said = comparison(site, *pairs("5:5"), "--verdict", "fail", factor="w00000").output
    assert "comparison 不合格" in said


@pytest.mark.parametrize(
    ("options", "factor", "said"),
    [
        (pairs("33:30", "45:44"), "w01018", "--pair ≥ 3"),
        ([*pairs("33:30", "45:44"), "--verdict", "pass"], "w01018", "--pair ≥ 3"),
        (pairs("5:5"), "w00000", "--verdict pass|fail"),
        ([*pairs("33:28", "45:44", "50:50"), "--verdict", "fail"], "w01018", "otherwise"),
        (pairs("33", "45:44", "50:50"), "w01018", "33.0:30.5"),
        (pairs("33:nan", "45:44", "50:50"), "w01018", "finite"),
    ],
)
def test_comparison_that_cannot_be_judged_is_refused(
    site: Path, options: list[str], factor: str, said: str
) -> None:
    result = comparison(site, *options, factor=factor)
    assert result.exit_code != 0
    assert said in result.output + str(result.exception)
    assert rows(site, "SELECT count(*) FROM checks") == [(0,)]


def test_drift_without_full_scale_is_told(site: Path) -> None:
    result = call("values", site, "check", *check_options(kind="zero", reading="2.5"))
    assert "--full-scale" in str(result.exception)


def test_mass_of_a_month_is_said_in_words_and_json(site: Path) -> None:
    options = ("--outlet", "DW001", "--factor", "w01018", "--from", "2026-04-10")
    assert "实测量 —" in good("values", site, "mass", *options)
    told = json.loads(good("values", site, "mass", *options, "--json"))
    assert (told["rate"], told["measured"], told["rows"]) == (None, None, [])


def test_rates_of_a_day_without_rows_are_dashes(site: Path) -> None:
    said = good("values", site, "rates", "--outlet", "DW001", "--day", "2026-04-10")
    assert said.count("—") == 6


def checked_by_hand(site: Path, hours_ago: float, reading: str) -> None:
    options = ("--outlet", "DW001", "--factor", "w01018", "--kind", "standard", "--nominal", "100")
    good("values", site, "check", *options, "--reading", reading, *span(hours_ago, 10), *SIGNED)


def test_stretches_out_of_control_are_listed_and_lasting_events(site: Path) -> None:
    assert "没有失控时段" in good("values", site, "control")
    checked_by_hand(site, 9, "100")
    checked_by_hand(site, 5, "80")
    said = good("values", site, "control", "--outlet", "DW001")
    assert "核查不合格" in said
    assert "至今" in said
    assert rows(site, "SELECT ended_at FROM events WHERE kind = 'check_control'") == [(None,)]
    checked_by_hand(site, 2, "99")
    (told,) = [json.loads(line) for line in good("values", site, "control", "--json").splitlines()]
    assert (told["factor"], told["why"], told["lasting"]) == ("w01018", "failed_check", False)
    ((ended,),) = rows(site, "SELECT ended_at FROM events WHERE kind = 'check_control'")
    assert ended == told["end"]


def test_outlet_without_a_furnace_says_so(site: Path) -> None:
    result = call("values", site, "furnace", "--outlet", "DW001", "--day", "2026-03-01")
    assert result.exit_code == 1
    assert "没有炉膛温度因子" in repr(result.exception)


def stored_days(site: Path, *values: float) -> None:
    """Store days of COD, from the first of March on."""
    start = int(parse_wire_time("20260301000000"))
    days = [
        Statistic(
            "DW001",
            "w01018",
            Period(Kind.DAY, start + number * 86_400),
            *[value] * 3,
            None,
            Cause.NORMAL,
            Cause.NORMAL,
            1.0,
            valid=True,
            parts=24,
            due=24,
        )
        for number, value in enumerate(values)
    ]
    with sqlite3.connect(site.parent / "state" / FILE_NAME) as connection:
        names = series.register(connection, series=[("DW001", "w01018", "rtd")], devices=())
        statistics.add(connection, days, names=names)
    connection.close()


def test_cmp_09_month_is_said_in_words_and_json(site: Path) -> None:
    options = ("--outlet", "DW001", "--month", "2026-03-10")
    assert "没有已结束的时段" in good("values", site, "month", *options)
    with_limit_of_the_day(site)
    stored_days(site, 40.0, 60.0)
    said = good("values", site, "month", *options)
    assert "2/2 有效，月均值 50，最大 60，超标 1，有超标" in said
    told = json.loads(good("values", site, "month", *options, "--json"))
    assert (told["factor"], told["mean"], told["relief"]) == ("w01018", 50.0, False)


@pytest.mark.parametrize(
    ("limit", "word"),
    [
        ({"high": 50, "source": "GB 18918-2002 表1 一级A"}, "与标准表一致"),
        ({"high": 500, "source": "GB 18918-2002 表1 一级A"}, "请核对"),
        ({"high": 30, "source": "排污许可证"}, "标准表中没有"),
    ],
    ids=["same", "a zero too many", "the permit's own"],
)
def test_limits_stand_beside_the_table_of_their_standard(
    site: Path, limit: dict[str, Any], word: str
) -> None:
    with_limit_of_the_day(site, **limit)
    options = ("--outlet", "DW001")
    (said,) = good("values", site, "limits", *options).splitlines()
    assert word in said
    told = json.loads(good("values", site, "limits", *options, "--json"))
    assert (told["high"], told["on"], told["rows"]) == (limit["high"], "day", 1)
    assert bool(told["of_standard"]) == (told["table"] != "unknown")


def test_limits_need_no_store_but_an_outlet_that_is_there(site: Path) -> None:
    (site.parent / "state" / FILE_NAME).unlink()
    good("values", site, "limits", "--outlet", "DW001")
    result = call("values", site, "limits", "--outlet", "DW009")
    assert (result.exit_code, "no such outlet; DW001" in str(result.exception)) == (1, True)


def test_outlet_without_limits_says_so(site: Path) -> None:
    with_limit_of_the_day(site, drop=True)
    assert "没有限值" in good("values", site, "limits", "--outlet", "DW001")


def with_limit_of_the_day(site: Path, *, drop: bool = False, **limit: Any) -> None:
    """Give COD one limit of the day, or none."""
    settings = yaml.safe_load(site.read_text(encoding="utf-8"))
    cod = settings["outlets"][0]["factors"]["w01018"]
    cod["limits"] = [] if drop else [{"high": 50, "on": "day", **limit}]
    site.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")


def test_substitutes_are_listed_as_stored(site: Path) -> None:
    options = ("--outlet", "DW001", "--factor", "w01018", "--from", "2026-03-05", "--stored")
    good("values", site, "add", "--outlet", "DW001", "--factor", "w01018", "--value", "1",
         "--method", "HJ 828-2017", "--instrument", "x", *span(3, 20), *SIGNED)  # fmt: skip
    with sqlite3.connect(site.parent / "state" / FILE_NAME) as connection:
        ((number,),) = connection.execute(
            "SELECT id FROM series WHERE factor = 'w01018' AND quantity = 'rtd'"
        ).fetchall()
        connection.execute(
            "INSERT INTO substitutes VALUES ('1d', unixepoch('2026-03-03 16:00'), ?, 0, 12.5,"
            " 'max of 30 valid d', 0.0)",
            (number,),
        )
    connection.close()
    assert "2026-03-04" in good("values", site, "mass", *options)
    told = json.loads(good("values", site, "mass", *options, "--json"))
    assert (told["mass"], told["revision"]) == (12.5, 0)
