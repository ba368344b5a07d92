"""The units, by systemd's own tools, on a root of our own with the wheel at the unit's path.

A root of our own (`--root=`) and not this machine's /opt and /etc: the check is the same, it
resolves every path of the unit below that root, and it leaves nothing behind.
"""

from __future__ import annotations

import configparser
import grp
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.settings.storage import SYSTEM_SOCKET
from agent.upgrading import MIGRATION_TIMEOUT_S

pytestmark = pytest.mark.system

Require = Callable[[str], Path]

TREE = Path(__file__).parents[2]
UNITS = TREE / "systemd"
UNIT = "paikou.service"
HOST_UNITS = Path("/lib/systemd/system")
OPT = "opt/paikou"
EXPOSURE = 2.0
EXPOSURE_WITH_CLOCK = 2.5
TIMEOUT_S = 120


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )


def must(*command: str | Path) -> str:
    ran = run(*command)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a root with the wheel in opt/paikou, systemd's own units and what ours call."""
    directory = tmp_path_factory.mktemp("systemd")
    must(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", directory, TREE)
    (wheel,) = directory.glob("paikou-*.whl")
    root = directory / "root"
    must(sys.executable, "-m", "venv", "--without-pip", root / OPT)
    must(
        *(sys.executable, "-m", "pip", "--python", root / OPT),
        *("install", "--quiet", "--no-deps", "--no-index", wheel),
    )
    shutil.copytree(HOST_UNITS, root / "lib/systemd/system", symlinks=True)
    (root / "bin").mkdir()
    kill = shutil.which("kill", path="/bin:/usr/bin")
    assert kill is not None
    shutil.copy(kill, root / "bin/kill")
    return root


@pytest.fixture
def root(installed: Path, require: Require) -> Path:
    """Give the root with the unit as the wheel carries it, nothing else in its etc."""
    require("systemd-analyze")
    shutil.rmtree(installed / "etc", ignore_errors=True)
    system = installed / "etc/systemd/system"
    system.mkdir(parents=True)
    shutil.copy(installed / OPT / "share/paikou/systemd" / UNIT, system)
    return installed


def verify(root: Path) -> subprocess.CompletedProcess[str]:
    return run("systemd-analyze", "verify", f"--root={root}", UNIT)


def exposure(root: Path) -> float:
    """Give what `systemd-analyze security` makes of the unit with its drop-ins, 0 to 10."""
    said = must(
        *("systemd-analyze", "security", "--offline=true", "--no-pager"),
        *("--threshold=100", f"--root={root}", UNIT),
    )
    return float(said.rpartition("exposure level for")[2].split()[1])


def add_clock_drop_in(root: Path) -> None:
    folder = root / f"etc/systemd/system/{UNIT}.d"
    folder.mkdir()
    shutil.copy(UNITS / "paikou-clock.conf", folder)


def service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    unit.read(UNITS / UNIT, encoding="utf-8")
    return unit["Service"]


def test_unit_verifies_with_the_wheel_at_its_path(root: Path) -> None:
    said = verify(root)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_verify_would_notice_a_command_that_is_not_there(root: Path) -> None:
    command = root / OPT / "bin/paikou"
    command.rename(command.with_suffix(".away"))
    try:
        said = verify(root)
    finally:
        command.with_suffix(".away").rename(command)
    assert said.returncode != 0
    assert "/opt/paikou/bin/paikou" in said.stderr


def test_sandbox_is_rated_well(root: Path) -> None:
    assert exposure(root) <= EXPOSURE


def test_clock_drop_in_verifies_and_costs_little(root: Path) -> None:
    before = exposure(root)
    add_clock_drop_in(root)
    said = verify(root)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
    assert before < exposure(root) <= EXPOSURE_WITH_CLOCK


def test_right_to_set_the_clock_is_in_the_drop_in_only(root: Path) -> None:
    assert service()["CapabilityBoundingSet"] == service()["AmbientCapabilities"] == ""
    assert service()["ProtectClock"] == "yes"
    drop_in = (UNITS / "paikou-clock.conf").read_text(encoding="utf-8")
    assert "AmbientCapabilities=CAP_SYS_TIME" in drop_in


def test_unit_agrees_with_the_code() -> None:
    unit = service()
    assert unit["RestartPreventExitStatus"] == str(ConfigError.exit_code)
    assert SYSTEM_SOCKET.parent == Path("/run") / unit["RuntimeDirectory"]
    minutes = int(unit["TimeoutStartSec"].removesuffix("min"))
    assert minutes * 60 > MIGRATION_TIMEOUT_S


def test_sysusers_makes_a_user_that_may_use_serial_ports(root: Path, require: Require) -> None:
    require("systemd-sysusers")
    must("systemd-sysusers", f"--root={root}", UNITS / "sysusers.d/paikou.conf")
    (entry,) = [
        line.split(":")
        for line in (root / "etc/passwd").read_text(encoding="utf-8").splitlines()
        if line.startswith("paikou:")
    ]
    assert entry[5:] == ["/var/lib/paikou", "/usr/sbin/nologin"]
    groups = {
        line.split(":")[0]: line.split(":")[3]
        for line in (root / "etc/group").read_text(encoding="utf-8").splitlines()
    }
    assert groups["dialout"] == "paikou"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_tmpfiles_keeps_the_settings_from_other_users(root: Path, require: Require) -> None:
    require("systemd-tmpfiles")
    must("systemd-sysusers", f"--root={root}", UNITS / "sysusers.d/paikou.conf")
    must("systemd-tmpfiles", f"--root={root}", "--create", UNITS / "tmpfiles.d/paikou.conf")
    made = {
        path.relative_to(root).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in (root / "etc/paikou", root / "etc/paikou/secrets")
    }
    assert made == {"etc/paikou": 0o750, "etc/paikou/secrets": 0o700}
    ours = next(
        int(line.split(":")[2])
        for line in (root / "etc/group").read_text(encoding="utf-8").splitlines()
        if line.startswith("paikou:")
    )
    assert (root / "etc/paikou").stat().st_gid == ours
    assert grp.getgrgid((root / "etc/paikou/secrets").stat().st_gid).gr_name == "root"
