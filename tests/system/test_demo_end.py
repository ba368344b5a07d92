"""The demo interrupted, and started where it must not write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from campaign_demo import Demo, assert_ends_in_order

pytestmark = pytest.mark.system

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


def test_ctrl_c_ends_a_running_demo_in_order(start: Start) -> None:
    demo = start("--seconds", "300")
    demo.until(lambda: len(demo.scenes()) >= 3)
    assert len(demo.family()) >= 5, "simulator, platform, broker and agent"
    assert_ends_in_order(demo)


def test_folder_with_something_in_it_is_refused_and_left_alone(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    demo = start("--keep", str(tmp_path), "--seconds", "40")
    assert demo.ended() == 2
    assert "an empty or new folder is needed" in demo.said()
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]
