"""`paikou score` and the line of `paikou status`."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

import pytest
from agent_site import plan_with, site_file
from click.testing import CliRunner

from agent import agency
from agent.agency import AgencyDeduction, AgencyOrder
from agent.health import DeductionKind
from agent.store import series
from agent.store.db import FILE_NAME
from agent.tools.migrate import migrate
from agent.tools.score import command
from agent.tools.score_words import KINDS, label_words


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site file with a store in which an agency has spoken."""
    migrate(tmp_path / "state")
    path = site_file(tmp_path)
    body = AgencyOrder(
        outlet="DW001",
        deductions=(AgencyDeduction(kind="suspension"),),
        risk="high",
        labels={"监管级别": ("重点",)},
    )
    plan = plan_with()
    with sqlite3.connect(tmp_path / "state" / FILE_NAME) as connection:
        series.register(connection, series=plan.series(), devices=plan.devices())
        agency.take(connection, body, ref="KF-1", station="st1", now=time.time() - 60)
    connection.close()
    return path


def test_score_lists_points_labels_and_each_deduction_with_its_event(site: Path) -> None:
    said = CliRunner().invoke(command, [str(site), "--lang", "zh"])
    assert said.exit_code == 0, said.output
    first, second = said.output.splitlines()
    assert first.startswith("DW001  76 分（")
    assert first.endswith("1 项扣分）；高风险，监管级别 重点")
    assert "−24" in second
    assert "责令停产整治" in second
    assert second.endswith("事件 1（st1）")


def test_score_as_json_is_one_object_a_line(site: Path) -> None:
    said = CliRunner().invoke(command, [str(site), "--json", "--outlet", "DW001"])
    (line,) = said.output.splitlines()
    stands = json.loads(line)
    assert (stands["outlet"], stands["points"], stands["risk"]) == ("DW001", 76, ["high"])
    assert stands["deductions"][0]["events"] == [1]


def test_score_of_an_outlet_that_is_not_there_is_wrong_usage(site: Path) -> None:
    said = CliRunner().invoke(command, [str(site), "--outlet", "DW009"])
    assert said.exit_code == 2
    assert "DW009" in said.output


def test_labels_are_said_in_a_line_and_none_is_silence() -> None:
    stands = {"risk": ["low"], "labels": {"污染类型": ["水", "气"]}}
    assert label_words(stands, "en") == "; low risk, 污染类型 水、气"
    assert label_words({"risk": [], "labels": {}}, "zh") == ""


def test_every_kind_of_deduction_has_words() -> None:
    assert set(KINDS) == {one.value for one in DeductionKind}
