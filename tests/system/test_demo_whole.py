"""The demo as a newcomer runs it, in five ways at once: what it says must be what it left."""

from __future__ import annotations

import datetime
import itertools
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from campaign_demo import Demo, assert_ends_in_order, readings, sampler_says
from campaign_recount import BEIJING, recount
from platform_bench import Require

from agent.tools.verify.bundle import verify_bundle

pytestmark = pytest.mark.system

KEYS = {
    "readings", "frames_sent", "frames_received", "frames_rejected", "missing", "duplicates",
    "outage_s", "queued_in_outage", "retained",
}  # fmt: skip
WITHOUT_MOSQUITTO = (
    "unshare", "--mount", "--propagation", "private", "sh", "-c",
    'for one in $(command -v mosquitto) /usr/sbin/mosquitto; do mount --bind /dev/null "$one";'
    ' done; exec "$@"', "sh",
)  # fmt: skip
"""Hides mosquitto from one process and its children; /dev/null is not to be executed."""


@dataclass(frozen=True, slots=True)
class Demos:
    """Those that run beside each other: together they take as long as one."""

    plain: Demo
    fast: Demo
    shown: Demo
    cut_short: Demo
    without_mosquitto: Demo | None
    folder: Path

    def kept(self, name: str) -> Path:
        return self.folder / name


def unshared() -> bool:
    """Say whether a mount name space of our own is to be had."""
    return os.geteuid() == 0 and shutil.which("unshare") is not None


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demos]:
    folder = tmp_path_factory.mktemp("demos")

    def options(name: str, *more: str) -> list[str]:
        return ["--json", "--keep", str(folder / name), *more]

    started = Demos(
        plain=Demo(options("plain", "--seconds", "45")),
        fast=Demo(options("fast", "--seconds", "40", "--speed", "120")),
        shown=Demo(["--seconds", "40", "--lang", "en"], terminal=True),
        cut_short=Demo(["--seconds", "40", "--lang", "en"], terminal=True),
        without_mosquitto=Demo(options("amqtt", "--seconds", "40"), WITHOUT_MOSQUITTO)
        if unshared()
        else None,
        folder=folder,
    )
    yield started
    for one in (started.plain, started.fast, started.shown, started.cut_short):
        one.kill()
    if started.without_mosquitto is not None:
        started.without_mosquitto.kill()


def assert_whole(demo: Demo, folder: Path) -> None:
    """Everything the acceptance asks of a demo of 40 s or more."""
    assert demo.ended() == 0, demo.said()
    summary = demo.summary()
    assert set(summary) >= KEYS
    counted = recount(folder)
    names = ("frames_sent", "frames_received", "frames_rejected", "missing", "duplicates")
    assert {name: summary[name] for name in names} == {name: counted[name] for name in names}
    assert (summary["frames_rejected"], summary["missing"]) == (0, 0)
    assert summary["readings"] >= 500
    assert summary["frames_sent"] >= 20, "three outlets every 5 s, and their minute"
    assert summary["outage_s"] >= 15
    assert summary["queued_in_outage"] >= 1
    assert counted["commands"] >= {"2011", "2051", "3015"}
    told = [
        (one["bottle"], one["factor"], one["limit"], datetime.datetime.fromisoformat(one["at"]))
        for one in summary["retained"]
    ]
    kept = [
        (bottle, factor, limit, datetime.datetime.fromtimestamp(at, BEIJING))
        for bottle, factor, limit, at in counted["retained"]
    ]
    assert told == kept
    assert told
    assert all(one["value"] > one["limit"] for one in summary["retained"])
    assert_bundle_is_there_and_verifies(demo, folder)


def assert_bundle_is_there_and_verifies(demo: Demo, folder: Path) -> None:
    """The bundle of the exceedance came by the broker; it is the only one, with bottle and film."""
    (file,) = folder.rglob("*.zip")
    assert verify_bundle(file).faults == []
    (told,) = demo.summary()["evidence"]
    assert (told["file"], told["whole"], told["known_key"]) == (file.name, True, True)
    with zipfile.ZipFile(file) as packed:
        names = packed.namelist()
        report = packed.read("report.html").decode()
    assert "1 号瓶" in report
    films = [name for name in names if name.endswith(".mp4")]
    assert bool(films) == demo.summary()["camera"]
    clips = sorted(one.name for one in (folder / "state" / "clips").glob("*.mp4"))
    assert {name.rpartition("/")[2] for name in films} <= set(clips)


def test_ctrl_c_ends_a_demo_whose_platform_is_cut_off(demos: Demos) -> None:
    demos.cut_short.until(lambda: re.search(r"cut off [1-9]", demos.cut_short.said()) is not None)
    assert_ends_in_order(demos.cut_short)


def test_bottle_of_the_summary_is_that_of_the_samplers_own_record(demos: Demos) -> None:
    folder = demos.kept("plain")
    demos.plain.until(lambda: bool(sampler_says(folder)))
    own = sampler_says(folder)
    assert demos.plain.ended() == 0, demos.plain.said()
    assert [one["bottle"] for one in demos.plain.summary()["retained"]] == own


def test_summary_is_what_an_independent_recount_of_its_files_finds(demos: Demos) -> None:
    assert_whole(demos.plain, demos.kept("plain"))
    assert len(demos.plain.said().splitlines()) == 1, "only the summary"


def test_fast_clock_shows_an_hour(demos: Demos) -> None:
    assert_whole(demos.fast, demos.kept("fast"))
    assert "2061" in recount(demos.kept("fast"))["commands"]


def test_demo_without_mosquitto_takes_the_other_broker(demos: Demos, require: Require) -> None:
    pytest.importorskip("amqtt")
    if demos.without_mosquitto is None:
        require("unshare")
        pytest.skip("only root can hide mosquitto from a process")
    assert_whole(demos.without_mosquitto, demos.kept("amqtt"))
    assert not (demos.kept("amqtt") / "mosquitto.conf").exists()


def test_terminal_shows_instruments_outage_backlog_and_bottle_each_second(demos: Demos) -> None:
    assert demos.shown.ended() == 0, demos.shown.said()
    scenes = demos.shown.scenes()
    left = [int(re.findall(r"(\d+) s left", scene[0])[0]) for scene in scenes]
    assert max(left) >= 38
    assert max(before - after for before, after in itertools.pairwise(left)) <= 2
    for scene in scenes[3:]:
        shown = [one for one in readings(scene) if re.fullmatch(r"-?\d+(\.\d+)?", one.value)]
        assert len({one.device for one in shown if one.unit}) >= 4, scene
        assert any(re.search(r"owed \d+", line) for line in scene), scene
    text = demos.shown.said()
    away = [int(one) for one in re.findall(r"cut off (\d+) s", text)]
    assert len(away) >= 12
    assert away == sorted(away)
    assert max(int(one) for one in re.findall(r"cut off \d+ s  owed (\d+)", text)) >= 1
    assert re.search(r"kept bottle \d+", text)
    assert "■ over limit" in text
    assert "Traceback" not in text
