"""Factors and their values as a wire has them that says other codes and units than we keep."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.commands.naming import on_wire
from agent.report import Spelling, Wording
from protocols.hj212.editions import edition

PLAIN = Wording(edition("hj212-2017"))
KILO = replace(PLAIN, said={"w00000": Spelling("B01", 3.6, 1.0)})


@pytest.mark.parametrize(
    ("value", "wording", "expected"),
    [(10.0, KILO, 37.0), (None, KILO, None), (10.0, PLAIN, 10.0), (0.0, KILO, 1.0)],
)
def test_value_is_given_in_the_unit_of_the_wire(
    value: float | None, wording: Wording, expected: float | None
) -> None:
    assert on_wire(value, "w00000", wording) == expected
