"""One daemon per store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.errors import StoreError
from agent.lock import FILE_NAME, held, hold


def test_second_one_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(StoreError, match=f"pid {os.getpid()}"), hold(tmp_path):
        pass


def test_lock_is_given_back_also_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), hold(tmp_path):
        raise KeyError
    with hold(tmp_path):
        pass


def test_asking_takes_nothing_and_changes_nothing(tmp_path: Path) -> None:
    assert not held(tmp_path)
    assert not (tmp_path / FILE_NAME).exists()
    with hold(tmp_path):
        assert held(tmp_path)
        assert (tmp_path / FILE_NAME).read_text(encoding="ascii") == f"{os.getpid()}\n"
    assert not held(tmp_path)
    with hold(tmp_path):
        pass


def test_number_of_a_daemon_that_is_gone_is_not_in_the_way(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("4294967\nolder and longer\n", encoding="ascii")
    with hold(tmp_path):
        assert (tmp_path / FILE_NAME).read_text(encoding="ascii") == f"{os.getpid()}\n"


def test_directory_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"), hold(tmp_path / "none"):
        pass
    assert not held(tmp_path / "none")
