"""Clips on disk: half a clip is none, and the oldest go first."""

from __future__ import annotations

import os
from pathlib import Path

from agent.footage import (
    HELD,
    Clip,
    clips,
    drop_halves,
    drop_held,
    held,
    make_room,
    read_clip,
    write_sidecar,
)

MB = 1 << 20


def clip(directory: Path, at: int, *, camera: str = "yard", size: int = MB // 2) -> Path:
    path = directory / f"{camera}.{at}.1.mp4"
    path.write_bytes(b"f" * size)
    path.with_suffix(".jpg").write_bytes(b"s" * size)
    write_sidecar(path, {"at": at, "begin": at - 10.0, "end": at + 50.0})
    return path


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_oldest_clips_of_any_camera_go_first_with_all_their_files(tmp_path: Path) -> None:
    for at in (300, 100, 200):
        clip(tmp_path, at, camera=f"c{at}")
    assert make_room(tmp_path, 2) == ["c100.100.1.mp4", "c200.200.1.mp4"]
    assert names(tmp_path) == ["c300.300.1.jpg", "c300.300.1.json", "c300.300.1.mp4"]


def test_within_the_budget_nothing_goes(tmp_path: Path) -> None:
    clip(tmp_path, 100)
    assert make_room(tmp_path, 64) == []


def test_clip_that_must_stay_stays_and_a_younger_one_goes(tmp_path: Path) -> None:
    for at in (100, 200, 300):
        clip(tmp_path, at)

    def held(one: Clip) -> bool:
        return one.touches(0.0, 160.0)

    assert make_room(tmp_path, 2, keep=held) == ["yard.200.1.mp4", "yard.300.1.mp4"]


def test_film_without_sidecar_is_no_clip(tmp_path: Path) -> None:
    path = clip(tmp_path, 100)
    path.with_suffix(".json").write_text("{")
    assert read_clip(path) is None
    assert clips(tmp_path) == []


def test_clip_touches_what_it_shows(tmp_path: Path) -> None:
    found = read_clip(clip(tmp_path, 100))
    assert found is not None
    assert found.touches(140.0, 200.0)
    assert not found.touches(151.0, 200.0)
    assert not found.touches(0.0, 90.0)


def test_what_a_killed_process_left_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    clip(tmp_path, 100)
    before = names(tmp_path)
    (tmp_path / "yard.500.2.part.mp4").write_bytes(b"half")
    (tmp_path / "yard2.500.2.part.mp4").write_bytes(b"of another camera")
    drop_halves(tmp_path, "yard")
    assert names(tmp_path) == sorted([*before, "yard2.500.2.part.mp4"])


def test_what_a_killed_reader_held_is_given_back_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    (film := tmp_path / "yard.1.1.mp4").write_bytes(b"film")
    left = tmp_path / f"{HELD}left"
    left.mkdir()
    os.link(film, left / film.name)
    with held(tmp_path) as folder:
        drop_held(tmp_path)
        assert left.exists(), "it may have been made a moment ago"
        drop_held(tmp_path, older_s=0.0)
        assert (left.exists(), folder.exists()) == (False, True)
    assert [one.name for one in tmp_path.iterdir()] == [film.name]
