"""`paikou support-bundle`: what is in it, and what is not."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from agent_site import site_with
from click.testing import CliRunner

from agent.store import frame_packs, journal
from agent.store.db import FILE_NAME, connect
from agent.store.frame_packs import FrameRecord
from agent.tools.support_bundle import command

SECRET = "geheim-4711"


@pytest.fixture
def site(tmp_path: Path, empty_store: Path) -> Path:
    store = tmp_path / "store"
    (store / "frames").mkdir(parents=True)
    shutil.copy(empty_store, store / FILE_NAME)
    connection = connect(store / FILE_NAME)
    connection.execute("BEGIN IMMEDIATE")
    journal.add(connection, "start", {"said": f"PW=abcdef;MN=1 and {SECRET}"}, at=5.0)
    connection.execute("COMMIT")
    connection.close()
    frame = f"QN=1;PW={SECRET};MN=1".encode().hex(" ").upper()
    (store / "frames" / "net1.txt").write_text(f"2026-03-19T02:00:00.125Z > {frame}\n")
    (tmp_path / "pw").write_text(SECRET + "\n")

    def here(site: dict[str, Any]) -> None:
        site["storage"] = {"directory": str(store)}
        site["destinations"][0]["stations"][0]["pw"] = {"file": str(tmp_path / "pw")}
        site["destinations"][0]["mqtt"] = {
            "username": "u",
            "password": {"file": str(tmp_path / "pw")},
        }

    path = tmp_path / "site.yaml"
    text = yaml.safe_dump(site_with(here), allow_unicode=True)
    path.write_text(text + f"# old: {SECRET}\n", encoding="utf-8")
    return path


def bundle(site: Path) -> dict[str, str]:
    out = site.parent / "bundle.tar.gz"
    done = CliRunner().invoke(command, [str(site), "--output", str(out), "--lang", "en"])
    assert done.exit_code == 0, done.output
    assert f"wrote {out}" in done.output
    assert out.stat().st_mode & 0o777 == 0o600
    with tarfile.open(out) as tar:
        members = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        return {
            name.removeprefix("paikou-support/"): file.read().decode()
            for name, file in members.items()
            if file is not None
        }


def test_bundle_holds_what_happened(site: Path) -> None:
    parts = bundle(site)
    assert set(parts) >= {
        "manifest.json",
        "site.yaml",
        "check.txt",
        "machine.txt",
        "service.log",
        "status.json",
        "metrics.txt",
        "store.json",
        "messages.jsonl",
        "frames/net1.txt",
    }
    store = json.loads(parts["store.json"])
    assert [row["what"] for row in store["journal"]] == ["start"]
    assert [name for name, rows in store.items() if isinstance(rows, str)] == ["path"]
    assert parts["status.json"] == "no daemon runs\n"
    assert "DW001" in parts["site.yaml"]


def test_message_log_goes_along(site: Path) -> None:
    text = "QN=20260610100000123;ST=32;CN=2011;PW=***;MN=1;Flag=5;CP=&&&&"
    frame = FrameRecord(5.0, "st1", ">", "20260610100000123", "2011", text)
    with contextlib.closing(sqlite3.connect(site.parent / "store" / FILE_NAME)) as connection:
        frame_packs.add(connection, [frame])
        connection.commit()
    (line,) = bundle(site)["messages.jsonl"].splitlines()
    assert json.loads(line)["text"] == text


def test_no_secret_is_in_it(site: Path) -> None:
    whole = "\n".join(bundle(site).values())
    assert SECRET not in whole
    assert SECRET.encode().hex(" ").upper() not in whole
    assert "abcdef" not in whole
    assert "PW=***" in whole


def test_wrong_site_file_still_gives_what_it_can(site: Path) -> None:
    text = site.read_text(encoding="utf-8").replace("devices:", "device:")
    site.write_text(text + "broker_password: hunter2\n", encoding="utf-8")
    parts = bundle(site)
    assert "store.json" not in parts
    assert "hunter2" not in parts["site.yaml"]
    assert parts["check.txt"]


def test_damaged_store_is_told(site: Path) -> None:
    (site.parent / "store" / FILE_NAME).write_bytes(b"no database at all" * 100)
    assert "error" in json.loads(bundle(site)["store.json"])


def test_place_that_cannot_be_written_is_said_and_no_traceback(site: Path, tmp_path: Path) -> None:
    out = tmp_path / "none" / "bundle.tar.gz"
    done = CliRunner().invoke(command, [str(site), "--output", str(out), "--lang", "zh"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"写不了 {out}" in done.stderr
