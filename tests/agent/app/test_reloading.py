"""A site file read again: what takes effect, what does not, and what is said of it."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import pytest
import yaml
from agent_site import Change, site_with

from agent.errors import ConfigError
from agent.reloading import read, read_again


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "site.yaml")


def written(path: Path, *changes: Change) -> Path:
    site = site_with(lambda site: site.update(storage={"directory": str(path.parent)}), *changes)
    for station in site["destinations"][0]["stations"]:
        station.setdefault("pw", "default")
    path.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    return path


def test_file_is_read_with_its_hash_and_its_warnings_told(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_force = read(file)
    assert in_force.file_hash == hashlib.sha256(file.read_bytes()).hexdigest()
    assert list(in_force.plan.stations) == ["st1"]
    assert "stations[0].pw" in caplog.text


def test_wrong_file_raises_at_start(file: Path) -> None:
    file.write_text("unit: 7\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        read(file)


def test_changed_file_takes_effect(file: Path) -> None:
    before = read(file)
    written(file, lambda site: site["devices"][0].update(period_s=3))
    after = read_again(file, before)
    assert after is not None
    assert after.file_hash != before.file_hash
    assert after.plan.site.devices[0].period_s == 3


@pytest.mark.parametrize("text", ["unit: {", "", "[]\n", "unit: 7\n"])
def test_wrong_file_is_refused_with_its_findings(
    file: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    before = read(file)
    file.write_text(text, encoding="utf-8")
    assert read_again(file, before) is None
    assert "nothing is changed" in caplog.text
    assert "site.yaml:1" in caplog.text


def test_file_that_is_gone_is_refused(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = read(file)
    file.unlink()
    assert read_again(file, before) is None
    assert "nothing is changed" in caplog.text


def test_another_store_is_refused(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = read(file)
    written(file, lambda site: site.update(storage={"directory": str(file.parent / "other")}))
    assert read_again(file, before) is None
    assert "takes a restart" in caplog.text


def test_same_file_is_said_to_be_the_same(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = read(file)
    with caplog.at_level(logging.INFO):
        assert read_again(file, before) == before
    assert "has not changed" in caplog.text
