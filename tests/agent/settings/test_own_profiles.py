"""Profiles of the site's own: where they are looked for, and how their faults are told."""

import shutil
from pathlib import Path

import pytest
from site_texts import GOOD, PROFILES

from agent.errors import ConfigError, Finding
from agent.plan import make_plan
from agent.settings import Site, parse_site


def read(text: str) -> tuple[Site | None, list[Finding]]:
    try:
        return parse_site(text.encode(), lang="en")
    except ConfigError as error:
        return None, list(error.findings)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with the profiles the good site file takes, which are not all packaged ones."""
    ignore = shutil.ignore_patterns("broken.yaml")
    return Path(shutil.copytree(PROFILES, tmp_path / "profiles", ignore=ignore))


def site_with(own: Path) -> str:
    return f"{GOOD}profiles: {own}\n"


def first_profile(own: Path) -> Path:
    return own / "water" / "cod.yaml"


def test_the_folder_the_site_file_names_goes_before_ours(own: Path) -> None:
    path = first_profile(own)
    name = path.relative_to(own).with_suffix("").as_posix()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("source:", "notes: [of this site]\nsource:", 1), encoding="utf-8")
    site, findings = read(site_with(own))
    assert site is not None, findings
    plan = make_plan(site)
    taken = [one for one in plan.profiles.values() if one.profile == name]
    assert taken
    assert all(one.notes == ("of this site",) for one in taken)


def test_a_fault_in_a_profile_in_use_names_its_file_and_line(own: Path) -> None:
    path = first_profile(own)
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("driver:"))
    lines[at] = "driver: modbuss"
    path.write_text("\n".join(lines), encoding="utf-8")
    site, findings = read(site_with(own))
    assert site is None
    (fault,) = {one.found for one in findings if one.kind == "bad_profile"}
    assert fault.startswith(f"{path}:{at + 1}: driver: ")
    assert "modbuss" in fault


def test_a_fault_in_a_profile_that_nothing_uses_is_a_warning(own: Path) -> None:
    path = own / "water" / "half-done.yaml"
    path.write_text("profile: water/half-done\npoints: []\n", encoding="utf-8")
    site, findings = read(site_with(own))
    assert site is not None
    (fault,) = [one for one in findings if one.kind == "bad_profile"]
    assert (fault.level, fault.key) == ("warning", "profiles")
    assert fault.found.startswith(str(path))


def test_a_named_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    _, findings = read(site_with(tmp_path / "none"))
    (told,) = [one for one in findings if one.kind == "no_profiles"]
    assert told.level == "warning"


@pytest.mark.parametrize(("bus", "wrong"), [("line1", False), ("net1", True)])
def test_an_instrument_with_its_own_protocol_is_refused_at_a_modbus_endpoint(
    own: Path, bus: str, wrong: bool
) -> None:
    ups = f"  - {{id: ups, profile: power/megatec-q1-ups, bus: {bus}, address: 77}}\n"
    _, findings = read(site_with(own).replace("devices:\n", f"devices:\n{ups}", 1))
    told = [one for one in findings if one.kind == "not_modbus"]
    assert [one.found for one in told] == (["megatec"] if wrong else [])


@pytest.mark.parametrize(
    ("profile", "told"),
    [("power/megatec-q1-ups", True), ("flow/jiubo-wl1a1", True), ("water/zetian-cod-hj212", True),
     ("gas/thermo-43i-clink", False), ("water/shimadzu-toc4100cn", False)],
)  # fmt: skip
def test_an_instrument_that_is_not_named_wants_a_line_of_its_own(
    own: Path, profile: str, told: bool
) -> None:
    one = f"  - {{id: dut, profile: {profile}, bus: line1, address: 77}}\n"
    _, findings = read(site_with(own).replace("devices:\n", f"devices:\n{one}", 1))
    found = [finding for finding in findings if finding.kind == "own_line"]
    assert [(one.level, one.found) for one in found] == ([("warning", "line1")] if told else [])


@pytest.mark.parametrize(("period_s", "told"), [(5, True), (15, False)])
def test_an_instrument_that_wants_rest_is_not_asked_too_often(
    own: Path, period_s: int, told: bool
) -> None:
    one = (
        f"  - {{id: ca80, profile: water/eh-ca80, bus: line1, address: 77, period_s: {period_s}}}\n"
    )
    _, findings = read(site_with(own).replace("devices:\n", f"devices:\n{one}", 1))
    found = [finding.allowed for finding in findings if finding.kind == "fast_poll"]
    assert found == ([">= 15"] if told else [])
