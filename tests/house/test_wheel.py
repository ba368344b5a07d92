"""The wheel: what a gateway gets. Built the way `make wheel` builds it, then used without us."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pytest

pytestmark = pytest.mark.system

TREE = Path(__file__).parents[2]
PACKAGES = ("agent", "drivers", "protocols")
TIMEOUT_S = 120


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]
    subprocess.run(
        [*build, str(directory), str(TREE)], check=True, capture_output=True, timeout=TIMEOUT_S
    )
    (made,) = directory.glob("paikou-*.whl")
    return made


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory)
    return directory


def files(folder: str) -> list[str]:
    """List what a folder of the tree holds, as a wheel would name it."""
    return [
        path.relative_to(TREE).as_posix()
        for path in (TREE / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]


def paikou(unpacked: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command from the unpacked wheel, far from the tree."""
    return python(unpacked, ["-m", "agent.cli", *arguments])


def python(unpacked: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(unpacked), "PAIKOU_LANG": "en"},
        cwd=unpacked.parent,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def test_wheel_carries_every_data_file_inside_agent(names: set[str]) -> None:
    wanted = {f"agent/{name}" for name in files("config")}
    folders = {PurePosixPath(name).parts[2] for name in wanted}
    assert folders >= {"profiles", "schema", "sites", "recordings"}
    assert wanted - names == set()


def test_wheel_carries_every_module_and_the_sql_of_the_store(names: set[str]) -> None:
    wanted = {name for package in PACKAGES for name in files(package)}
    assert {"agent/cli.py", "agent/store/schema/v1.sql"} <= wanted
    assert wanted - names == set()


def test_wheel_carries_the_units(names: set[str]) -> None:
    carried = {name.split(".data/data/share/paikou/")[-1] for name in names}
    wanted = set(files("systemd"))
    assert "systemd/paikou.service" in wanted
    assert wanted - carried == set()


def test_wheel_carries_nothing_else(names: set[str]) -> None:
    tops = {PurePosixPath(name).parts[0] for name in names}
    ours = {top for top in tops if not top.endswith((".dist-info", ".data"))}
    assert ours == set(PACKAGES)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_wheel_has_the_licence_and_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (entry,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        info = entry.rpartition("/")[0]
        assert b"paikou = agent.cli:main" in archive.read(entry)
        assert b"Apache License" in archive.read(f"{info}/licenses/LICENSE")


def test_command_runs_from_the_wheel_alone(unpacked: Path) -> None:
    where = python(unpacked, ["-c", "import agent, drivers; print(agent.__file__)"])
    assert Path(where.stdout.strip()).is_relative_to(unpacked)
    version = paikou(unpacked, "--version")
    assert (version.returncode, version.stdout.split()[0]) == (0, "paikou,"), version.stderr


def test_new_site_from_the_wheel_passes_its_check(unpacked: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    new = paikou(unpacked, "new", "wastewater", "--output", str(site))
    assert new.returncode == 0, new.stderr
    check = paikou(unpacked, "check", str(site))
    assert check.returncode == 0, check.stdout + check.stderr
