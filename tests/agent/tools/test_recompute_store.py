"""What the daemon stored and what is made again of its samples are the same to the last bit."""

from __future__ import annotations

import datetime
import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml
from agent_house import House
from agent_site import COD, FLOW, HOUR, PH, T0, plan_with, site_with
from click.testing import CliRunner, Result

from agent.model import Cause
from agent.store import samples
from agent.store.db import Store
from agent.tools.export.command import export
from agent.tools.recompute.command import recompute
from agent.tools.recompute.lines import LETTERS

_LETTER = {cause: letter for letter, cause in LETTERS.items()}
_BEIJING = datetime.timezone(datetime.timedelta(hours=8))


async def worked(store: Store, *, outage_s: int = 0) -> House:
    """Let a daemon live through three hours of a troubled day, and close them."""
    house = await House.on(store, plan_with())
    await house.begin()
    dice = random.Random(5)
    for factor, usual in ((FLOW, 30.0), (PH, 7.0)):
        found: list[tuple[float, float | None, Cause]] = []
        for at in range(int(T0), int(T0) + 3 * HOUR, 10):
            if T0 + HOUR <= at < T0 + HOUR + outage_s or dice.random() < 0.02:
                continue
            cause = dice.choices([Cause.NORMAL, Cause.FAULT, Cause.CALIBRATION], [97, 2, 1])[0]
            value = None if cause is Cause.FAULT else usual + dice.random()
            found.append((float(at), value, cause))
        await house.sampled(factor, found)
    for hour in range(3):
        await house.result(T0 + hour * HOUR, 40.0 + hour / 7)
    await house.close_at(T0 + 3 * HOUR + 3 * HOUR)
    return house


def written(house: House, folder: Path) -> Path:
    """Write the judged samples and results of the store as the command takes them."""
    lines = []
    with sqlite3.connect(house.store.path) as connection:
        found = samples.between(connection, T0, T0 + 6 * HOUR, outlet="DW001", names=house.names)
        lines = [
            (one.at, factor, one.value, one.cause) for factor, rows in found.items() for one in rows
        ]
        lines += [
            (float(at), COD, value, Cause(cause))
            for at, value, cause in connection.execute(
                "SELECT sampled_at, value, cause FROM measurements"
            )
        ]
    text = "at,outlet,factor,value,flag\n"
    for at, factor, value, cause in sorted(lines, key=lambda one: one[0]):
        when = datetime.datetime.fromtimestamp(at, _BEIJING).replace(tzinfo=None).isoformat()
        text += f"{when},DW001,{factor},{'' if value is None else repr(value)},{_LETTER[cause]}\n"
    path = folder / "samples.csv"
    path.write_text(text, encoding="utf-8")
    return path


def against(house: House, file: Path, *options: str) -> Result:
    site = {**site_with(), "storage": {"directory": str(house.store.path.parent)}}
    path = file.parent / "site.yaml"
    path.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    return CliRunner().invoke(
        recompute, [str(path), "--samples", str(file), "--store", "--json", *options]
    )


def differences(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("outage_s", [0, 300, 600, 660, 1800])
async def test_recomputed_and_stored_are_equal(store: Store, tmp_path: Path, outage_s: int) -> None:
    house = await worked(store, outage_s=outage_s)
    result = against(house, written(house, tmp_path), "--to", "2026-06-10T13:00")
    assert differences(result) == []
    # the day and month of three factors are not over: the store has none of them yet
    assert (
        "0 处不同 / differences；6 个时段库中尚未结束 / periods the store has not closed yet"
        in (result.stderr)
    )
    assert result.exit_code == 0
    assert len(house.statistics("1h", PH)) == 4


async def test_every_difference_is_told_and_ends_with_one(store: Store, tmp_path: Path) -> None:
    house = await worked(store)
    file = written(house, tmp_path)
    text = file.read_text(encoding="utf-8").splitlines()
    # not the least of its minute, so that only the mean and the greatest change
    first = [n for n, line in enumerate(text) if f",{PH},7." in line and line.endswith("N")][:6]
    spoiled = max(first, key=lambda n: float(text[n].split(",")[3]))
    text[spoiled] = text[spoiled].replace(",7.", ",9.")
    file.write_text("\n".join(text) + "\n", encoding="utf-8")
    result = against(house, file, "--from", "2026-06-10T10:00", "--to", "2026-06-10T11:00")
    assert result.exit_code == 1
    found = {(one["period"], one["factor"], one["field"]) for one in differences(result)}
    assert found == {
        *(("minute", PH, field) for field in ("avg", "max")),
        *(("hour", PH, field) for field in ("avg", "max")),
    }


async def test_nothing_differs_ends_with_zero(store: Store, tmp_path: Path) -> None:
    house = await worked(store)
    result = against(
        house, written(house, tmp_path), "--from", "2026-06-10T10:00", "--to", "2026-06-10T13:00"
    )
    assert (result.exit_code, result.stdout) == (0, "")


async def test_period_of_the_store_alone_is_a_difference(store: Store, tmp_path: Path) -> None:
    house = await worked(store)
    file = written(house, tmp_path)
    kept = [line for line in file.read_text(encoding="utf-8").splitlines() if COD not in line]
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    result = against(house, file, "--from", "2026-06-10T10:00", "--to", "2026-06-10T13:00")
    lost = [one for one in differences(result) if one["factor"] == COD]
    assert [(one["period"], one["field"], one["recomputed"], one["stored"]) for one in lost] == [
        ("hour", "row", False, True)
    ] * 3
    assert result.exit_code == 1


async def test_closed_period_that_the_store_has_lost_is_a_difference(
    store: Store, tmp_path: Path
) -> None:
    house = await worked(store)
    file = written(house, tmp_path)
    lost_hour = "DELETE FROM statistics WHERE kind = '1h' AND start = ?"
    await house.write(lambda at: at.execute(lost_hour, (T0 + HOUR,)))
    lost = differences(against(house, file))
    assert {(one["period"], one["field"], one["stored"]) for one in lost} == {
        ("hour", "row", False)
    }
    assert sorted(one["factor"] for one in lost) == sorted((FLOW, PH, COD))


async def test_what_lies_before_the_first_row_of_the_store_is_counted_and_no_difference(
    store: Store, tmp_path: Path
) -> None:
    house = await worked(store)
    file = written(house, tmp_path)
    pruned = "DELETE FROM statistics WHERE kind = '1m' AND start < ?"
    await house.write(lambda at: at.execute(pruned, (T0 + HOUR,)))
    result = against(house, file)
    assert (result.exit_code, differences(result)) == (0, [])
    assert "120 个时段早于库中首个" in result.stderr


async def test_store_without_any_row_of_a_kind_has_lost_all_of_them(
    store: Store, tmp_path: Path
) -> None:
    house = await worked(store)
    file = written(house, tmp_path)
    await house.write(lambda at: at.execute("DELETE FROM statistics WHERE kind = '1h'"))
    lost = differences(against(house, file))
    assert {one["period"] for one in lost} == {"hour"}
    assert len(lost) == 9


async def test_figure_that_was_changed_in_the_store_is_a_difference(
    store: Store, tmp_path: Path
) -> None:
    house = await worked(store)
    file = written(house, tmp_path)
    number = house.names.series["DW001", COD, "rtd"]
    await house.write(
        lambda at: at.execute(
            "UPDATE statistics SET avg = avg - 1e-9 WHERE kind = '1h' AND start = ? AND series = ?",
            (T0, number),
        )
    )
    (one,) = differences(against(house, file))
    assert (one["factor"], one["period"], one["field"], one["recomputed"]) == (
        COD,
        "hour",
        "avg",
        40.0,
    )


async def test_what_export_writes_of_samples_and_results_is_all_that_is_needed(
    store: Store, tmp_path: Path
) -> None:
    house = await worked(store)
    site = tmp_path / "site.yaml"
    settings = {**site_with(), "storage": {"directory": str(house.store.path.parent)}}
    site.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    span = ("--from", "2026-06-10T10:00", "--to", "2026-06-10T18:00", "--lang", "en")
    for what in ("samples", "results"):
        file = str(tmp_path / f"{what}.csv")
        done = CliRunner().invoke(export, [str(site), "--what", what, *span, "--output", file])
        assert done.exit_code == 0, done.output
    more = ("--samples", str(tmp_path / "results.csv"))
    result = against(house, tmp_path / "samples.csv", *more)
    assert (result.exit_code, result.stdout) == (0, "")


async def test_store_that_is_not_there_is_said(store: Store, tmp_path: Path) -> None:
    house = await worked(store)
    file = written(house, tmp_path)
    site = {**site_with(), "storage": {"directory": str(tmp_path / "nowhere")}}
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    result = CliRunner().invoke(recompute, [str(path), "--samples", str(file), "--store"])
    assert result.exit_code != 0
    assert "no such store" in str(result.exception)
