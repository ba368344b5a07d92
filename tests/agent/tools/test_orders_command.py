"""`paikou orders`: who may answer, what is shown, and that the answer is owed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from agent_site import site_file
from click.testing import CliRunner, Result

from agent.bells import Bells
from agent.clock import Clock
from agent.ordering.handling import Handling
from agent.ordering.intake import Intake
from agent.plan import make_plan
from agent.settings import load_site
from agent.store.db import FILE_NAME, Store
from agent.tools.migrate import migrate
from agent.tools.orders import orders

PEOPLE = [
    {"id": "zhang", "name": "张三", "role": "operator"},
    {"id": "li", "name": "李四", "role": "contractor"},
    {"id": "wang", "name": "王五", "role": "inspector"},
]
BY = ("--by", "张三", "--why", "答复督办")
NUMBER = "12号"


async def ordered(path: Path) -> None:
    """Let the daemon's parts take one order."""
    site, _ = load_site(path)
    plan = make_plan(site)
    async with Store(path.parent / "state", ballast_mb=0) as store:
        clock, bells = Clock(), Bells()
        now = time.time()
        body = {"number": NUMBER, "level": "handling", "outlet": "DW001", "content": "请说明"}
        body |= {"start": now - 7200, "end": now, "title": "督办单"}  # type: ignore[dict-item]
        text = json.dumps({"ref": "DB-1", "kind": "supervision", "body": body}).encode()
        assert await Intake(store, clock, bells).take(text, "st1") is None
        assert await Handling(lambda: plan, store, clock, bells).look() == 1


@pytest.fixture
def site(tmp_path: Path) -> Path:
    migrate(tmp_path / "state")
    path = site_file(tmp_path, lambda site: site.update(people=PEOPLE))
    asyncio.run(ordered(path))
    return path


def call(site: Path, command: str, *options: str, lang: str = "zh") -> Result:
    return CliRunner().invoke(orders, [str(site), command, *options, "--lang", lang])


def good(site: Path, command: str, *options: str, lang: str = "zh") -> str:
    result = call(site, command, *options, lang=lang)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.output


def rows(site: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(site.parent / "state" / FILE_NAME)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def test_open_order_is_listed_with_the_time_left(site: Path) -> None:
    text = good(site, "list", "--open")
    assert "事后督办" in text
    assert NUMBER in text
    assert "剩 23 h 59 min" in text
    assert "handling" in good(site, "list", lang="en")


def test_order_is_shown_with_a_draft(site: Path) -> None:
    text = good(site, "show", "DB-1")
    assert "请说明" in text
    assert "答复草稿" in text
    assert "【DW001】" in text
    told = json.loads(good(site, "show", NUMBER, "--json"))
    assert told["ref"] == "DB-1"
    assert "原因说明" in told["draft"]


def test_answer_with_draft_and_file_is_owed(site: Path, tmp_path: Path) -> None:
    proof = tmp_path / "现场.jpg"
    proof.write_bytes(b"\xff\xd8 picture")
    text = good(site, "answer", "1", *BY, "--text", "已整改", "--draft", "--file", str(proof))
    assert "已答复督办 12号" in text
    bodies = [json.loads(body) for (body,) in rows(site, "SELECT body FROM outbox WHERE id > 1")]
    assert [one["kind"] for one in bodies] == ["supervision", "supervision_file"]
    assert bodies[0]["detail"]["text"].startswith("已整改\n\n关于督办 12号")
    assert bodies[0]["detail"]["by"] == "zhang 张三"
    assert bodies[1]["detail"]["name"] == "现场.jpg"
    assert rows(site, "SELECT who FROM journal WHERE what = 'supervision answered'") == [
        ("zhang 张三",)
    ]
    shown = good(site, "show", "1")
    assert "待平台签收" in shown
    assert "现场.jpg" in shown
    assert "没有督办" in good(site, "list", "--open")


def test_text_may_come_from_a_file(site: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("说明如下", encoding="utf-8")
    good(site, "answer", "1", *BY, "--text-file", str(tmp_path / "a.txt"))
    assert rows(site, "SELECT text FROM supervision_answers") == [("说明如下",)]


@pytest.mark.parametrize(("by", "word"), [("王五", "inspector"), ("赵六", "zhang 张三")])
def test_who_may_not_answer_is_told_who_may(site: Path, by: str, word: str) -> None:
    result = call(site, "answer", "1", "--by", by, "--why", "x", "--text", "x")
    assert result.exit_code == 1
    assert word in str(result.exception)
    assert rows(site, "SELECT * FROM supervision_answers") == []


def test_answer_without_text_is_wrong_usage(site: Path) -> None:
    assert call(site, "answer", "1", *BY).exit_code == 2


def test_unknown_order_is_said_so(site: Path) -> None:
    result = call(site, "show", "99")
    assert result.exit_code == 1
    assert "99" in str(result.exception)


def test_who_may_not_answer_is_written_down(site: Path) -> None:
    refused = call(site, "answer", "1", "--by", "王五", "--why", "代答", "--text", "好")
    assert refused.exit_code == 1
    ((who, text),) = rows(
        site, "SELECT who, detail FROM journal WHERE what = 'supervision not answered'"
    )
    assert (who, json.loads(text)["ref"]) == ("王五", "DB-1")
    assert rows(site, "SELECT count(*) FROM supervision_answers") == [(0,)]


def test_who_has_a_pin_answers_with_it_only(site: Path, tmp_path: Path) -> None:
    (pin := tmp_path / "pin").write_text("4711\n")
    settings = yaml.safe_load(site.read_text())
    settings["people"][0]["pin"] = {"file": str(pin)}
    site.write_text(yaml.safe_dump(settings, allow_unicode=True))
    assert "wrong pin" in str(call(site, "answer", "1", *BY, "--text", "好").exception)
    good(site, "answer", "1", *BY, "--text", "好", "--pin-file", str(pin))


@pytest.mark.parametrize("blank", [("--by", " ", "--why", "x"), ("--by", "张三", "--why", "")])
def test_blank_name_or_reason_is_none(site: Path, blank: tuple[str, ...]) -> None:
    assert call(site, "answer", "1", *blank, "--text", "好").exit_code == 2
