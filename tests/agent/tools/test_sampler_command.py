"""`paikou sampler SITE list|keep|confirm|release|label` where no daemon runs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from agent_site import T0, site_with
from click.testing import CliRunner, Result

from agent.errors import PaikouError
from agent.store import bottles
from agent.store.bottles import Bottle
from agent.store.db import FILE_NAME, connect, transaction
from agent.tools.sampler import sampler

CODE = "DW001-20260610110100-03"
KEPT = Bottle(
    0, "r#3", CODE, "sampler", 3, "DW001", "exceedance",
    ({"factor": "w01018", "value": 61.5, "limit": 50.0},), int(T0), T0 + 3660, T0 + 3661, "A",
    500.0, 4.0, 1, guarded=True, keep_until=T0 + 86_400,
)  # fmt: skip


@pytest.fixture
def site(tmp_path: Path, empty_store: Path) -> Path:
    store = tmp_path / "store"
    store.mkdir()
    shutil.copy(empty_store, store / FILE_NAME)
    pin = tmp_path / "pin"
    pin.write_text("4711\n", encoding="utf-8")

    def here(site: dict[str, Any]) -> None:
        site["storage"] = {"directory": str(store)}
        site["people"] = [
            {"id": "li", "name": "李四", "role": "operator"},
            {"id": "wang", "name": "王局", "role": "inspector", "pin": {"file": str(pin)}},
        ]

    with (
        contextlib.closing(connect(store / FILE_NAME)) as connection,
        transaction(connection),
    ):
        bottles.add(connection, KEPT)
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(site_with(here), allow_unicode=True), encoding="utf-8")
    return path


def run(site: Path, *arguments: str, lang: str = "zh") -> Result:
    words = [str(site), *arguments]
    if arguments[0] != "label":
        words += ["--lang", lang]
    return CliRunner().invoke(sampler, words)


def rows(site: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(site.parent / "store" / FILE_NAME)) as connection:
        return connection.execute(query).fetchall()


def pin_of(site: Path) -> tuple[str, str]:
    return "--pin-file", str(site.parent / "pin")


def test_list_says_which_bottle_why_whose_water_and_who_may_release_it(site: Path) -> None:
    said = run(site, "list")
    assert said.exit_code == 0, said.output
    for word in (CODE, "3 号瓶", "500 mL", "超标", "化学需氧量 61.5 / 50", "06-10 10:00 A", "执法"):
        assert word in said.output
    assert "inspector or platform" in run(site, "list", lang="en").output
    (one,) = json.loads(run(site, "list", "--json").output)
    assert (one["code"], one["guarded"], one["released_at"]) == (CODE, True, None)


def test_list_leaves_out_what_is_gone_unless_asked(site: Path) -> None:
    with contextlib.closing(sqlite3.connect(site.parent / "store" / FILE_NAME)) as connection:
        connection.execute("UPDATE bottles SET gone_at = ?", (T0 + 9000,))
        connection.commit()
    assert run(site, "list").output == "没有留样\n"
    assert "未放行即被清空" in run(site, "list", "--all").output


def test_operator_cannot_release_it_and_that_he_tried_is_written_down(site: Path) -> None:
    done = run(site, "release", CODE, "--by", "li", "--why", "清空")
    assert done.exit_code == 1
    assert "执法或平台放行" in done.output
    assert rows(site, "SELECT released_at FROM bottles") == [(None,)]
    assert rows(site, "SELECT who FROM journal WHERE what = 'bottle not released'") == [("li",)]


def test_hand_over_keeps_the_photo_of_the_seal_under_its_hash(site: Path) -> None:
    photo = site.parent / "封签.jpg"
    photo.write_bytes(b"\xff\xd8 seal")
    options = ("--by", "wang", "--why", "督办", "--to", "化验室", "--seal", str(photo))
    done = run(site, "release", CODE, *options, *pin_of(site))
    assert done.exit_code == 0, done.output
    assert "已放行并交给 化验室" in done.output
    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    assert rows(site, "SELECT handed_to, seal, seal_sha256 FROM bottles") == [
        ("化验室", f"seals/{digest}.jpg", digest)
    ]
    assert (site.parent / "store" / "seals" / f"{digest}.jpg").read_bytes() == photo.read_bytes()


@pytest.mark.parametrize("missing", ["--by", "--why"])
def test_nobody_and_no_reason_release_nothing(site: Path, missing: str) -> None:
    options = ["--by", "wang", "--why", "x"]
    at = options.index(missing)
    del options[at : at + 2]
    done = run(site, "release", CODE, *options)
    assert done.exit_code == 2
    assert missing in done.output


def test_photo_that_is_none_is_refused(site: Path) -> None:
    options = ("--by", "wang", "--why", "x", "--to", "y", "--seal", str(site))
    done = run(site, "release", CODE, *options, *pin_of(site))
    assert isinstance(done.exception, PaikouError)
    assert rows(site, "SELECT released_at FROM bottles") == [(None,)]


def test_bottle_that_is_not_there_is_an_answer_of_no(site: Path) -> None:
    done = run(site, "release", "X", "--by", "wang", "--why", "x", lang="en")
    assert done.exit_code == 1
    assert "no bottle 'X'" in done.output
    assert isinstance(run(site, "label", "X").exception, PaikouError)


def test_keep_orders_a_bottle(site: Path) -> None:
    done = run(site, "keep", "--by", "李四", "--why", "对照", "--bottles", "2", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["bottles"] == 2
    ((kind, state, text),) = rows(site, "SELECT kind, state, request FROM actions")
    assert (kind, state, json.loads(text)["bottles"]) == ("retain", "queued", 2)
    assert run(site, "keep", "--by", "谁", "--why", "x").exit_code == 1


def test_touched_bottle_is_confirmed(site: Path) -> None:
    with contextlib.closing(sqlite3.connect(site.parent / "store" / FILE_NAME)) as connection:
        connection.execute("UPDATE bottles SET touched_at = ?", (T0 + 9000,))
        connection.commit()
    assert "待确认" in run(site, "list").output
    done = run(site, "confirm", CODE, "--by", "王局", "--why", "封签完好", *pin_of(site))
    assert done.exit_code == 0, done.output
    assert "王局 已确认" in run(site, "list").output


def test_label_is_a_drawing_with_code_water_and_cause(site: Path) -> None:
    done = run(site, "label", CODE)
    drawn = ElementTree.fromstring(done.output)
    assert drawn.get("width") == "80mm"
    said = " ".join(drawn.itertext())
    for word in (CODE, "测试企业", "DW001", "2026-06-10 10:00", "A 桶", "超标", "61.5 / 50"):
        assert word in said
    file = site.parent / "label.svg"
    assert run(site, "label", CODE, "--output", str(file)).exit_code == 0
    assert file.read_text(encoding="utf-8") == done.output
