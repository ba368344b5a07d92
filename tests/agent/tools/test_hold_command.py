"""`paikou hold`: a person freezes, sees and releases; every act is signed and written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agent_site import site_file
from click.testing import CliRunner, Result

from agent.tools.hold import hold


@pytest.fixture
def site(directory: Path) -> Path:
    return site_file(directory, store=directory)


def run(*words: str) -> Result:
    return CliRunner().invoke(hold, list(words))


def listed(site: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(str(site), "list", "--json").output)
    return found


SIGNED = ("--by", "王五", "--why", "督办抽查")


def test_what_a_person_freezes_is_listed_and_released(site: Path) -> None:
    assert "没有冻结" in run(str(site), "list").output
    done = run(str(site), "add", "--from", "2026-06-10T08:00", "--to", "2026-06-10T10:00", *SIGNED)
    assert (done.exit_code, "已冻结" in done.output) == (0, True)
    (one,) = listed(site)
    assert (one["made_by"], one["why"], one["end"] - one["start"]) == ("王五", "督办抽查", 7200)
    assert "2026-06-10 08:00:00 至 2026-06-10 10:00:00" in run(str(site), "list").output
    gone = run(str(site), "release", one["ref"], *SIGNED)
    assert (gone.exit_code, "已解除" in gone.output) == (0, True)
    assert listed(site)[0]["released_by"] == "王五"
    assert "released by 王五" in run(str(site), "list", "--lang", "en").output


def test_without_an_end_it_lasts_until_it_is_released(site: Path) -> None:
    assert run(str(site), "add", "--from", "2026-06-10", *SIGNED).exit_code == 0
    assert listed(site)[0]["end"] is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "--from", "2026-06-10", "--to", "2026-06-09"), "to is not after from"),
        (("add", "--from", "2026-06-10", "--outlet", "DW009"), "no outlet"),
        (("release", "nothing"), "no such freeze"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    site: Path, words: tuple[str, ...], why: str
) -> None:
    act, *more = words
    refused = run(str(site), act, *more, *SIGNED)
    assert (refused.exit_code, why in refused.output) == (1, True)
    assert listed(site) == []


def test_nobody_freezes_without_a_name_and_a_reason(site: Path) -> None:
    assert run(str(site), "add", "--from", "2026-06-10", "--by", "王五").exit_code == 2
