"""Every profile we ship: it loads, can be planned within its limits, and says where it is from."""

import json
import re
from pathlib import Path

import pytest

import drivers
from agent.settings.units import convertible, needs_conversion, unit_of
from drivers.plan import plan, plan_parameters, want_of
from drivers.profile import (
    ProfileError,
    default_directories,
    load_profile,
    profile_directories,
    profile_names,
    profile_schema,
    with_overrides,
)
from drivers.registry import DRIVERS
from drivers.settings import PointOverride
from protocols.hj212.factors import factor

NAMES = profile_names()
MORE_UNITS = {"Hz", "mL", "mL/min"}
"""Units of points that are nothing a platform takes."""


def test_the_instruments_of_the_market_are_there() -> None:
    assert len(NAMES) >= 70
    assert {name.partition("/")[0] for name in NAMES} == {
        *("water", "gas", "metals", "flow", "sampler", "modules", "power"),
    }
    assert set(NAMES) >= {
        "water/hach-codmax-ii",
        "water/hach-amtax-compact-ii",
        "water/ph",
        "gas/fpi-cems2000",
        "metals/labsun-phototek6000",
        "metals/ruiquan-metals",
        "flow/yingshen-openchannel",
        "flow/em-flow-0x1010",
        "flow/krohne-ifc050",
        "sampler/dayue-v105",
    }


@pytest.mark.parametrize("name", NAMES)
def test_profile_loads_and_has_a_driver(name: str) -> None:
    profile = load_profile(name)
    assert profile.profile == name
    assert profile.driver in DRIVERS
    assert len(profile.source) > 20


@pytest.mark.parametrize("name", NAMES)
def test_units_are_words_the_agent_knows(name: str) -> None:
    profile = load_profile(name)
    units = {unit for one in profile.quantities for unit in one.units_said}
    units |= {one.unit for one in (*profile.parameters, *profile.checks)}
    assert {unit for unit in units if unit_of(unit) is None} <= MORE_UNITS


@pytest.mark.parametrize("name", NAMES)
def test_units_lead_to_the_unit_of_the_wire(name: str) -> None:
    """Or to a molar mass, or they are the site's to say and `check` asks for them."""
    for one in load_profile(name).quantities:
        known = factor(one.id, "hj212-2017")
        if known is None or (name, one.id) in UNIT_OF_THE_SITE:
            continue
        for unit in one.units_said:
            assert convertible(unit, known.unit) or needs_conversion(unit, known.unit), unit


UNIT_OF_THE_SITE = {("gas/horiba-apna-370", "a21002")}


@pytest.mark.parametrize("name", NAMES)
def test_points_are_called_by_the_codes_of_the_standard(name: str) -> None:
    """An id that looks like a factor code is one: a wrong code would go to the platform."""
    for one in load_profile(name).quantities:
        if re.fullmatch(r"[a-z]\d{5}", one.id):
            assert factor(one.id, "hj212-2017") is not None, one.id


@pytest.mark.parametrize("name", NAMES)
def test_plan_of_parameters_keeps_the_limits_and_brings_all_of_them(name: str) -> None:
    profile = load_profile(name)
    spans = plan_parameters(profile)
    for span in spans:
        assert 1 <= span.count <= min(profile.line.max_registers, 125)
    for one in (*profile.parameters, *profile.checks):
        assert any(span.holds(want_of(one)) for span in spans)


@pytest.mark.parametrize("name", NAMES)
def test_plan_keeps_the_limits_of_instrument_and_protocol(name: str) -> None:
    profile = load_profile(name)
    for span in plan(profile):
        assert 1 <= span.count <= min(profile.line.max_registers, 125)


@pytest.mark.parametrize("name", NAMES)
def test_plan_brings_every_point_state_and_time(name: str) -> None:
    profile = load_profile(name)
    spans = plan(profile)
    items = [*profile.points, *profile.alarms, profile.state, profile.measured_at]
    for item in items:
        if item is not None:
            assert any(span.holds(want_of(item)) for span in spans)


@pytest.mark.parametrize("name", NAMES)
def test_plan_reads_over_a_gap_only_where_the_profile_allows_it(name: str) -> None:
    profile = load_profile(name)
    allowed: dict[str, set[int]] = {}
    for block in profile.blocks:
        registers = range(block.start, block.start + block.count)
        allowed.setdefault(block.table, set()).update(registers)
    for span in plan(profile):
        wanted = {address for want in span.wants for address in range(want.first, want.last)}
        over = set(range(span.start, span.end)) - wanted
        assert profile.holes == "readable" or over <= allowed.get(span.table, set())


@pytest.mark.parametrize("name", NAMES)
def test_points_that_belong_together_come_in_one_request(name: str) -> None:
    profile = load_profile(name)
    spans = plan(profile)
    for group in profile.together().values():
        assert any(all(span.holds(want_of(point)) for point in group) for span in spans)


def test_schema_file_and_model_are_equal() -> None:
    root = Path(drivers.__file__).parent.parent
    stored = json.loads((root / "config/schema/profile.json").read_text(encoding="utf-8"))
    assert stored == profile_schema()


def test_every_profile_names_its_schema_for_the_editor() -> None:
    for directory in default_directories():
        for path in directory.glob("*/*.yaml"):
            first = path.read_text(encoding="utf-8").splitlines()[0]
            place = path.parent / first.partition("$schema=")[2]
            assert place.resolve().name == "profile.json"
            assert place.resolve().is_file()


GOOD = """\
profile: water/example
name: Example
source: made for a test
confidence: manual
driver: modbus
points:
  - {id: w01018, register: holding, address: 0, type: float32, unit: mg/L}
"""


def write(directory: Path, text: str) -> Path:
    path = directory / "water" / "example.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_directory_of_the_site_comes_before_ours(tmp_path: Path) -> None:
    ours = load_profile("water/ph")
    write(tmp_path, GOOD)
    (tmp_path / "water" / "ph.yaml").write_text(GOOD.replace("water/example", "water/ph"), "utf-8")
    places = profile_directories(tmp_path)
    assert places == [tmp_path, *default_directories()]
    assert load_profile("water/ph", places).name == "Example" != ours.name
    assert load_profile("water/hach-codmax-ii", places).kind == "water"
    assert "water/example" in profile_names(places)


def test_without_a_directory_of_the_site_ours_are_looked_in(tmp_path: Path) -> None:
    assert profile_directories(tmp_path / "none") == default_directories()


@pytest.mark.parametrize(
    ("change", "line", "key", "found"),
    [
        (("unit: mg/L", "unity: mg/L"), 7, "points.0.unity", "mg/L"),
        (("driver: modbus", "driver: modbuss"), 5, "driver", "modbuss"),
        (("address: 0", "address: 70000"), 7, "points.0.address", "70000"),
        (("type: float32", "type: float23"), 7, "points.0.type", "float23"),
        (("confidence: manual\n", ""), 1, "confidence", "required"),
        (("water/example", "water/other"), 1, "profile", "water/other"),
        (("points:", "points: ["), 7, "", ""),
        (("register: holding", "register: coil"), 7, "points.0", "cannot hold"),
        (("points:\n", "name: Again\npoints:\n"), 6, "name", "twice"),
        (("address: 0", "address: 0, address: 1"), 7, "address", "twice"),
        ((GOOD, "# nothing\n"), 1, "", "dictionary"),
        ((GOOD, "- a list\n"), 1, "", "dictionary"),
    ],
)
def test_a_wrong_profile_is_named_by_file_line_and_key(
    tmp_path: Path, change: tuple[str, str], line: int, key: str, found: str
) -> None:
    path = write(tmp_path, GOOD.replace(*change))
    with pytest.raises(ProfileError) as caught:
        load_profile("water/example", [tmp_path])
    assert (caught.value.file, caught.value.line, caught.value.key) == (str(path), line, key)
    assert found in str(caught.value)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "  - {id: w01018, register: holding, address: 9, type: uint16}\n",
            "point w01018: twice",
        ),
        ("measured_at: {register: holding, address: 9, format: hach}\n", "needs batch"),
        (
            "batch: {cycle_min: 60}\n"
            "measured_at: {register: holding, address: 9, format: hach, points: [w1]}\n",
            "no point w1",
        ),
        (
            "  - {id: a, register: holding, address: 2, type: uint16, together: x}\n"
            "  - {id: b, register: holding, address: 9, type: uint16, together: x}\n"
            "line: {max_registers: 7}\n",
            "together x: 8 registers, max_registers is 7",
        ),
        (
            "  - {id: a, register: holding, address: 2, type: uint16, together: x}\n"
            "  - {id: b, register: input, address: 3, type: uint16, together: x}\n",
            "more than one table",
        ),
        (
            "  - {id: a, register: holding, address: 2, type: uint16, unit: m3,"
            " unit_from: {address: 3, values: {0: m3}}}\n",
            "unit or unit_from",
        ),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(
    tmp_path: Path, more: str, message: str
) -> None:
    write(tmp_path, GOOD + more)
    with pytest.raises(ProfileError, match=message):
        load_profile("water/example", [tmp_path])


def test_an_unknown_profile_lists_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(ProfileError, match="no profile water/exampel; there are: water/example"):
        load_profile("water/exampel", [tmp_path])


def test_a_profile_that_is_not_utf8_is_an_error_with_its_file(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.write_bytes(GOOD.encode("utf-8") + b"# \xff\n")
    with pytest.raises(ProfileError, match=r"example\.yaml"):
        load_profile("water/example", [tmp_path])


def test_a_site_overrides_a_point() -> None:
    profile = load_profile("flow/em-flow-0x1010")
    site = with_overrides(profile, {"w00000": PointOverride(unit="L/s", order="CDAB", scale=2)})
    point = site.point("w00000")
    assert point is not None
    assert (point.unit, point.unit_from, point.order, point.scale) == ("L/s", None, "CDAB", 2)
    assert site.point("total") == profile.point("total")


def test_a_site_cannot_override_a_point_that_is_not_there() -> None:
    with pytest.raises(ProfileError, match=r"has no point w1; it has w00000, total"):
        with_overrides(load_profile("flow/krohne-ifc050"), {"w1": PointOverride(unit="L/s")})


def test_profiles_are_found_where_a_wheel_puts_them(tmp_path: Path) -> None:
    """A wheel has no folder `config` beside its packages but carries it inside `agent`."""
    profiles = tmp_path / "agent" / "config" / "profiles"
    profiles.mkdir(parents=True)
    write(profiles, GOOD)
    assert default_directories(tmp_path) == [profiles]
    assert profile_names(default_directories(tmp_path)) == ["water/example"]
