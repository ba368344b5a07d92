"""The formulas of flue gas against the worked examples of the rules (T-01 … T-14)."""

from __future__ import annotations

import pytest
from gas_examples import AT_REFERENCE_OXYGEN

from agent import gas

BA, PS, TS = 101_300.0, -800.0, 93.4
T13_FLOW = 320_695.2 / gas.state_factor(gas_c=TS, pressure_pa=BA + PS) * gas.dry_share(0.078)


def printed(value: float, text: str) -> bool:
    """Say whether a value is the printed one to all its digits."""
    digits = len(text.partition(".")[2])
    return f"{value:.{digits}f}" == text


def converted(value: float, oxygen: float, reference: float, *, intake: float = 21.0) -> float:
    return value * gas.oxygen_factor(oxygen, reference=reference, intake=intake)


@pytest.mark.parametrize(
    ("ppm", "molar_mass", "expected"),
    [
        pytest.param(86, 64.0, "245.7143", id="T-03a"),
        pytest.param(92, 30.0, "123.2143", id="T-03b-NO"),
        pytest.param(6, 46.0, "12.3214", id="T-03b-NO2"),
        pytest.param(40, 28.0, "50.0", id="T-03c-CO"),
        pytest.param(20, 36.5, "32.5893", id="T-03c-HCl"),
        pytest.param(86, 64.06, "245.9446", id="T-03d"),
    ],
)
def test_volume_share_becomes_mass(ppm: float, molar_mass: float, expected: str) -> None:
    assert printed(gas.mass_concentration(ppm, molar_mass=molar_mass), expected)


@pytest.mark.parametrize(
    ("no", "no2", "expected"),
    [
        pytest.param(123.2143, 12.3214, "201.25", id="T-04"),
        pytest.param(100, 5, "158.3333", id="T-04b"),
    ],
)
def test_nox_is_no_and_no2_counted_as_no2(no: float, no2: float, expected: str) -> None:
    assert printed(gas.nox_as_no2(no, no2), expected)


def test_nox_from_volumes_t_05() -> None:
    no = gas.mass_concentration(92, molar_mass=gas.MOLAR_MASS["a21003"])
    no2 = gas.mass_concentration(6, molar_mass=gas.MOLAR_MASS["a21004"])
    assert gas.nox_as_no2(no, no2) == pytest.approx(201.25, abs=1e-9)
    of_both = gas.mass_concentration(92 + 6, molar_mass=46)
    assert of_both == pytest.approx(201.25)


def test_actual_state_becomes_standard_t_01() -> None:
    factor = gas.state_factor(gas_c=TS, pressure_pa=BA + PS)
    assert printed(factor, "1.353142")
    assert printed(20 * factor, "27.0628")


def test_actual_state_becomes_standard_t_01b() -> None:
    factor = gas.state_factor(gas_c=52, pressure_pa=98_500 + 250)
    assert printed(12.5 * factor, "15.2690")


@pytest.mark.parametrize(
    ("wet", "moisture", "expected"),
    [
        pytest.param(
            20 * gas.state_factor(gas_c=TS, pressure_pa=BA + PS), 0.078, "29.3523", id="T-02"
        ),
        pytest.param(30, 0.12, "34.0909", id="T-02b"),
    ],
)
def test_wet_becomes_dry(wet: float, moisture: float, expected: str) -> None:
    assert printed(wet / gas.dry_share(moisture), expected)


@pytest.mark.parametrize("moisture", [-0.01, 1.0, 1.3])
def test_moisture_that_cannot_be_has_no_dry_share(moisture: float) -> None:
    with pytest.raises(gas.NotComputable):
        gas.dry_share(moisture)


@pytest.mark.parametrize(
    ("value", "oxygen", "reference", "expected"),
    AT_REFERENCE_OXYGEN,
)
def test_converted_to_reference_oxygen(
    value: float, oxygen: float, reference: float, expected: str
) -> None:
    assert printed(converted(value, oxygen, reference), expected)


def test_coefficient_and_reference_oxygen_are_the_same_t_07b() -> None:
    assert gas.reference_oxygen(1.4) == pytest.approx(6.0)
    assert printed(converted(35, 8, gas.reference_oxygen(1.4)), "40.3846")


def test_converted_by_coefficient_t_06() -> None:
    assert printed(converted(100, 10, gas.reference_oxygen(1.8)), "106.0606")


@pytest.mark.parametrize("oxygen", [21.0, 21.05, 25.0])
def test_as_much_oxygen_as_air_has_no_converted_value_t_08b(oxygen: float) -> None:
    with pytest.raises(gas.NotComputable):
        gas.oxygen_factor(oxygen, reference=6)


def test_oxygen_enriched_combustion_t_09() -> None:
    assert printed(converted(50, 40, 6, intake=90), "84.0")


def test_velocity_of_a_pitot_tube_t_11() -> None:
    density = gas.gas_density(gas_c=TS, pressure_pa=BA + PS)
    assert printed(density, "0.99029")
    assert printed(gas.pitot_velocity(120, density=density, kp=0.84), "13.0769")


def test_actual_flow_t_12() -> None:
    velocity = 1.05 * 12
    assert printed(velocity, "12.6")
    assert printed(gas.actual_flow(velocity, area_m2=7.07) * 3600, "320695.2")


def test_dry_standard_flow_t_13() -> None:
    assert printed(T13_FLOW, "218514.37")


def test_moisture_of_two_oxygens_t_14() -> None:
    assert printed(gas.moisture_of(wet_oxygen=6.1, dry_oxygen=6.8), "0.102941")


def test_particulate_signal_is_a_straight_line() -> None:
    assert gas.signal_concentration(8.0, slope=2.5, intercept=-1.0) == 19.0


@pytest.mark.parametrize(("wet", "dry"), [(7.0, 6.8), (-1.0, 6.8), (0.0, 0.0)])
def test_two_oxygens_that_cannot_be_tell_no_moisture(wet: float, dry: float) -> None:
    with pytest.raises(gas.NotComputable):
        gas.moisture_of(wet_oxygen=wet, dry_oxygen=dry)


def test_no_gas_without_pressure() -> None:
    with pytest.raises(gas.NotComputable):
        gas.state_factor(gas_c=20, pressure_pa=0)
    with pytest.raises(gas.NotComputable):
        gas.pitot_velocity(-5, density=1, kp=0.84)
