import re

import pytest

from drivers.device import Cause
from protocols.hj212.editions import edition, edition_names
from protocols.hj212.factor_table import FACTORS_2017, TYPES_2025
from protocols.hj212.factors import Factor, factor


def test_names_are_those_of_the_site_file() -> None:
    assert edition_names() == ("hj212-2005", "hj212-2017", "hj212-2025")
    assert [edition(name).name for name in edition_names()] == list(edition_names())
    with pytest.raises(KeyError):
        edition("hj212-2031")


@pytest.mark.parametrize("name", edition_names())
def test_every_cause_has_a_letter_and_every_medium_a_rule(name: str) -> None:
    by = edition(name)
    assert set(by.letters) == set(Cause)
    assert set(by.period_flag) == {"water", "gas", "noise", "electricity", "process"}
    assert set(by.period_flag.values()) <= {"dominant", "d_if_below_75", "any_abnormal"}


def test_letters_of_both_editions() -> None:
    changed = ("no_link", "parameter", "manual", "stopped", "power")
    assert [edition("hj212-2017").letters[cause] for cause in changed] == ["B", "D", "S", "F", "D"]
    assert [edition("hj212-2025").letters[cause] for cause in changed] == ["D", "Td", "M", "F", "D"]
    assert edition("hj212-2017").letters[Cause.OVER_RANGE] == "T"


def test_packets_count_to_what_their_field_holds() -> None:
    assert edition("hj212-2017").max_packets == 9999
    assert edition("hj212-2025").max_packets == 9


def test_room_is_what_the_widest_header_leaves() -> None:
    widest = "QN=12345678901234567;ST=12;CN=1234;PW=123456;MN=123456789012345678901234;Flag=255;"
    old, new = edition("hj212-2017"), edition("hj212-2025")
    assert old.room(split=False) == 1024 - len(widest) - 7
    assert old.room(split=True) == 1024 - len(widest + "PNUM=9999;PNO=9999;") - 7
    assert new.room(split=False) == 1024 - len(widest + "RF=1;") - 7
    assert new.room(split=True) == 1024 - len(widest + "PNUM=9;PNO=9;RF=1;") - 7


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("w01018", Factor("w01018", "化学需氧量", "water", "mg/L", "kg", "N5.1")),
        ("w00000", Factor("w00000", "污水", "water", "L/s", "m3", "N5.2")),
        ("w20111", Factor("w20111", "总汞", "water", "ug/L", "g", "N3.2")),
        ("a21002", Factor("a21002", "氮氧化物", "gas", "mg/m3", "kg", "N5.1")),
        ("a34013", Factor("a34013", "烟尘", "gas", "mg/m3", "kg", "N4")),
        ("LA", Factor("LA", "A 权声级", "noise", "dB", "", "N3.1")),
    ],
)
def test_factors_of_2017(code: str, expected: Factor) -> None:
    assert factor(code, "hj212-2017") == expected


def test_factors_of_2025_differ_where_that_is_known() -> None:
    nox, dust = factor("a21002", "hj212-2025"), factor("a34013", "hj212-2025")
    assert nox and nox.type == "N4.2"
    assert dust and (dust.type, dust.name_zh) == ("N4.1", "颗粒物")
    assert factor("w01018", "hj212-2025") == factor("w01018", "hj212-2017")


def test_unknown_factor_is_none() -> None:
    assert factor("w99999", "hj212-2017") is None
    assert factor("a34011", "hj212-2025") is None


def test_tables_are_sound() -> None:
    codes = [row[0] for row in FACTORS_2017]
    assert len(codes) == len(set(codes)) == 195
    assert set(codes) >= set(TYPES_2025)
    for code, name, medium, unit, amount_unit, type_ in FACTORS_2017:
        assert medium == {"w": "water", "a": "gas", "L": "noise"}[code[0]]
        assert name and unit.isascii()
        assert amount_unit in {"", "m3", "kg", "g", "mg"}
        assert re.fullmatch(r"N\d(\.\d)?", type_)
