import pytest

from agent.quality.units import NeedsConversion, NoWay, UnitError, UnknownUnit, convert, convertible
from agent.settings.units import UNITS, unit_of


@pytest.mark.parametrize(
    ("value", "unit", "wire_unit", "expected"),
    [
        (36.0, "m3/h", "L/s", 10.0),
        (0.01, "m3/s", "L/s", 10.0),
        (600.0, "L/min", "L/s", 10.0),
        (1.0, "km3/h", "m3/h", 1000.0),
        (864.0, "m3/d", "L/s", 10.0),
        (0.05, "mg/L", "ug/L", 50.0),
        (50.0, "ug/L", "mg/L", 0.05),
        (0.0003, "mg/L", "ng/L", 300.0),
        (250.0, "ng/L", "ug/L", 0.25),
        (1.5, "g/m3", "mg/m3", 1500.0),
        (12.0, "ug/m3", "mg/m3", 0.012),
        (7.1, "pH", "", 7.1),
        (25.0, "degC", "degC", 25.0),
        (101.325, "kPa", "Pa", 101325.0),
        (209_000.0, "ppm", "%", 20.9),
        (1.2, "mS/cm", "uS/cm", 1200.0),
    ],
)
def test_value_keeps_its_meaning_in_the_wire_unit(value, unit, wire_unit, expected):
    assert convert(value, unit, wire_unit) == pytest.approx(expected, rel=1e-12)


def test_kelvin_and_fahrenheit_have_another_zero():
    assert convert(298.15, "K", "degC") == pytest.approx(25.0)
    assert convert(25.0, "degC", "K") == pytest.approx(298.15)
    assert convert(212.0, "degF", "degC") == pytest.approx(100.0)
    assert convert(32.0, "degF", "K") == pytest.approx(273.15)


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_same_unit_gives_the_very_same_value(unit):
    assert convert(0.1 + 0.2, unit, unit) == 0.1 + 0.2


@pytest.mark.parametrize(
    ("spelling", "unit"),
    [
        ("m³/h", "m3/h"),
        ("立方米/小时", "m3/h"),
        ("升/秒", "L/s"),
        ("µg/L", "ug/L"),
        ("μg/l", "ug/L"),
        ("微克/升", "ug/L"),
        ("毫克/立方米", "mg/m3"),
        ("℃", "degC"),
        ("摄氏度", "degC"),
        ("安 [培]", "A"),
        ("微西[门子]/厘米", "uS/cm"),
        ("无量纲", ""),
        ("％", "%"),
    ],
)
def test_usual_spellings_mean_the_unit(spelling, unit):
    meant = unit_of(spelling)
    assert meant is not None
    assert meant.name == unit


def test_share_becomes_no_mass_without_the_molar_mass():
    with pytest.raises(NeedsConversion) as caught:
        convert(100.0, "ppm", "mg/m3")
    assert (caught.value.unit, caught.value.wire_unit) == ("ppm", "mg/m3")
    assert not convertible("ppm", "mg/m3")


def test_units_of_two_kinds_have_no_way():
    with pytest.raises(NoWay):
        convert(1.0, "m3", "m3/h")
    assert not convertible("", "mg/L")


def test_unknown_unit_is_named():
    with pytest.raises(UnknownUnit, match="furlong"):
        convert(1.0, "furlong", "m")
    assert not convertible("m", "furlong")
    assert issubclass(UnknownUnit, UnitError)
