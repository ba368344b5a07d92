"""Worked examples of the rules for gas: measured, oxygen, its reference, converted (T-07, T-08)."""

from __future__ import annotations

import pytest

AT_REFERENCE_OXYGEN = [
    pytest.param(35, 6, 6, "35.0000", id="T-07a"),
    pytest.param(35, 8, 6, "40.3846", id="T-07b"),
    pytest.param(35, 4.5, 6, "31.8182", id="T-07c"),
    pytest.param(245.7143, 13.5, 6, "491.4286", id="T-07d"),
    pytest.param(30, 12.3, 9, "41.3793", id="T-07e"),
    pytest.param(300, 9.5, 10, "286.9565", id="T-07f"),
    pytest.param(60, 10.2, 11, "55.5556", id="T-07g"),
    pytest.param(20, 17.2, 16, "26.3158", id="T-07h"),
    pytest.param(5, 20.9, 6, "750.0", id="T-08a"),
]
