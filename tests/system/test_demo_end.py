"""The demo interrupted at any time, and started where it must not write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from campaign_demo import Demo

pytestmark = pytest.mark.system

END_S = 3.0
"""Ctrl-C ends it within this time (issue of the main job, acceptance)."""

Start = Callable[..., Demo]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Demo] = []

    def begin(*options: str) -> Demo:
        started.append(Demo((*options, "--lang", "en"), terminal=True))
        return started[-1]

    yield begin
    for one in started:
        one.kill()


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def assert_ends(demo: Demo) -> None:
    """Press Ctrl-C: an end in time, in order, with nobody left."""
    family = demo.family()
    demo.press_ctrl_c()
    assert demo.ended(END_S) == 0, demo.said()
    assert [pid for pid in family if alive(pid)] == []
    assert "Traceback" not in demo.said()
    assert "frames sent" in "".join(demo.said().splitlines()[-3:]), "it still says what was done"


def test_ctrl_c_ends_a_running_demo_in_order(start: Start) -> None:
    demo = start("--seconds", "300")
    demo.until(lambda: len(demo.scenes()) >= 3)
    assert len(demo.family()) >= 5, "simulator, platform, broker and agent"
    assert_ends(demo)


def test_ctrl_c_ends_a_demo_whose_platform_is_cut_off(start: Start) -> None:
    demo = start("--seconds", "40")
    demo.until(lambda: re.search(r"cut off [1-9]", demo.said()) is not None)
    assert_ends(demo)


def test_folder_with_something_in_it_is_refused_and_left_alone(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    demo = start("--keep", str(tmp_path), "--seconds", "40")
    assert demo.ended() == 2
    assert "an empty or new folder is needed" in demo.said()
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]
