"""The table of the standards: limits in wire units, each with its source and how sure it is."""

from __future__ import annotations

from agent.compliance import StandardLimit, standard_limits


def of(standard: str, klass: str, *, point: str | None = None) -> list[StandardLimit]:
    return [
        row
        for row in standard_limits()
        if (row.standard, row.klass) == (standard, klass) and point in (None, row.point)
    ]


def test_limits_are_in_wire_units() -> None:
    rows = of("GB 8978-1996", "first-category pollutants", point="workshop")
    (lead,) = [row for row in rows if row.factor == "w20120"]
    assert (lead.high, lead.averaging) == (1000.0, "day")


def test_limits_of_incineration_are_those_of_the_table() -> None:
    day = of("GB 18485-2014", "furnace, 24 h mean")
    assert {one.factor: one.high for one in day} == {
        "a34013": 20,
        "a21002": 250,
        "a21026": 80,
        "a21024": 50,
        "a21005": 80,
    }
    assert {one.oxygen for one in day} == {11}
    assert {one.averaging for one in day} == {"day"}


def test_cmp_04_ammonia_of_class_1a_changes_at_12_degrees() -> None:
    rows = [one for one in of("GB 18918-2002", "class 1A") if one.factor == "w21003"]
    assert sorted((one.condition, one.high) for one in rows) == [("", 5.0), ("w01010<=12", 8.0)]


def test_ph_is_stated_value_by_value_between_6_and_9() -> None:
    (ph,) = [one for one in of("GB 8978-1996", "class 1") if one.factor == "w01001"]
    assert (ph.averaging, ph.low, ph.high) == ("value", 6.0, 9.0)


def test_every_row_says_its_source_and_how_sure_it_is() -> None:
    assert len(standard_limits()) > 200
    for row in standard_limits():
        assert row.standard
        assert row.mark in ("S", "P", "K", "I", "K/P", "S/P"), row
        assert (row.low, row.high) != (None, None)
