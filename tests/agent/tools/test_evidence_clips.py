"""A bundle takes the clips of its interval, and a changed one is found."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from agent_house import House
from agent_site import HOUR, T0

from agent.footage import clips_directory, write_sidecar
from agent.tools.evidence.bundle import make
from agent.tools.evidence.gather import Interval
from agent.tools.verify.bundle import verify_bundle

FILM = bytes(range(256)) * 5000


def filmed(house: House, at: float) -> str:
    directory = clips_directory(house.store.path.parent)
    directory.mkdir(exist_ok=True)
    path = directory / f"yard.{int(at)}.1.mp4"
    path.write_bytes(FILM)
    path.with_suffix(".jpg").write_bytes(b"still")
    about = {"at": at, "begin": at - 10, "end": at + 50, "value": None, "gaps": [[at, at + 3]],
             "sha256": hashlib.sha256(FILM).hexdigest()}  # fmt: skip
    write_sidecar(path, about)
    return path.stem


@pytest.fixture
async def bundle(house: House, tmp_path: Path) -> tuple[Path, str]:
    await house.time.look()
    await house.begin()
    await house.live(70)
    inside = filmed(house, T0 + 900)
    filmed(house, T0 + 3 * HOUR)
    site_file, out = tmp_path / "site.yaml", tmp_path / "e.zip"
    site_file.write_text("unit: {}\n")
    make(
        house.store.path.parent, house.plan.site, site_file, Interval(T0, T0 + HOUR), out,
        now=house.clock.now(), by="张三", why="",
    )  # fmt: skip
    return out, inside


def test_clips_of_the_interval_are_in_the_bundle_and_no_others(bundle: tuple[Path, str]) -> None:
    file, inside = bundle
    with zipfile.ZipFile(file) as packed:
        found = [name for name in packed.namelist() if name.startswith("clips/")]
        assert sorted(found) == [f"clips/{inside}.{part}" for part in ("jpg", "json", "mp4")]
        about = json.loads(packed.read(f"clips/{inside}.json"))
        digest = hashlib.sha256(packed.read(f"clips/{inside}.mp4")).hexdigest()
    assert about["sha256"] == digest
    assert verify_bundle(file).faults == []


def test_nothing_is_left_beside_the_clips(bundle: tuple[Path, str], house: House) -> None:
    there = clips_directory(house.store.path.parent)
    assert [path.name for path in there.iterdir() if path.name.startswith(".")] == []
