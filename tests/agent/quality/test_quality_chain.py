"""The gas chain of a sample: from the analyzer's number to dry, standard and reference oxygen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.model import Cause, Sample
from agent.quality.chain import Chain, Duct, converted, in_order
from agent.quality.judge import PointRule

SO2 = PointRule("DA001", "a21026", "mg/m3", 0, 300)
DUCT = Duct(ambient_pressure=101.3, area_m2=7.07, kv=1.05)
FULL = Chain(SO2, ("mass", "standard", "dry", "oxygen"), DUCT, molar_mass=64.0, reference=6.0)


def sample(factor: str, value: float | None, cause: Cause = Cause.NORMAL) -> Sample:
    return Sample("DA001", factor, 1000.0, value, cause)


def near(**changes: Sample | None) -> dict[str, Sample]:
    """Give what stands around: T-01's gas, T-02's moisture, 8 % oxygen."""
    found: dict[str, Sample | None] = {
        "a01012": sample("a01012", 93.4),
        "a01013": sample("a01013", -0.8),
        "a01014": sample("a01014", 7.8),
        "a19001": sample("a19001", 8.0),
        "a21004": sample("a21004", 12.3214),
    }
    found |= changes
    return {code: one for code, one in found.items() if one is not None}


def printed(value: float | None, text: str) -> bool:
    digits = len(text.partition(".")[2])
    return value is not None and f"{value:.{digits}f}" == text


def test_t_01_t_02_actual_becomes_standard_and_dry() -> None:
    chain = replace(FULL, steps=("standard",))
    assert printed(converted(chain, sample("a21026", 20.0), near()).value, "27.0628")
    chain = replace(FULL, steps=("standard", "dry"))
    assert printed(converted(chain, sample("a21026", 20.0), near()).value, "29.3523")


def test_t_03a_t_07b_share_becomes_mass_and_is_converted_beside_it() -> None:
    chain = replace(FULL, steps=("mass",))
    assert printed(converted(chain, sample("a21026", 86.0), near()).value, "245.7143")
    found = converted(replace(FULL, steps=("oxygen",)), sample("a21026", 35.0), near())
    assert found.value == 35.0
    assert printed(found.zs, "40.3846")


def test_t_04_nox_is_made_of_both_oxides() -> None:
    chain = replace(FULL, steps=("nox",))
    assert printed(converted(chain, sample("a21002", 123.2143), near()).value, "201.25")


def test_t_08a_near_air_is_computed_and_said() -> None:
    chain = replace(FULL, steps=("oxygen",))
    found = converted(chain, sample("a21026", 5.0), near(a19001=sample("a19001", 20.9)))
    assert printed(found.zs, "750.0")
    assert found.reason.startswith("O2_NEAR_AIR")


def test_t_08b_oxygen_as_of_air_leaves_no_converted_value() -> None:
    chain = replace(FULL, steps=("oxygen",))
    found = converted(chain, sample("a21026", 4.258), near(a19001=sample("a19001", 21.05)))
    assert (found.value, found.cause, found.zs) == (4.258, Cause.NORMAL, None)
    assert found.reason.startswith("涉及因子无效: oxygen 21.05 %")


def test_t_11_t_12_t_13_differential_pressure_becomes_dry_standard_flow() -> None:
    pitot = Chain(PointRule("DA001", "a01011", "m/s"), ("pitot",), DUCT)
    assert printed(converted(pitot, sample("a01011", 120.0), near()).value, "13.0769")
    flow = Chain(
        PointRule("DA001", "a00000", "m3/s"),
        ("field", "area", "standard", "dry"),
        DUCT,
        is_flow=True,
    )
    found = converted(flow, sample("a00000", 12.0), near())
    assert found.value is not None
    assert printed(found.value * 3600, "218514.37")


def test_t_14_moisture_of_two_oxygens() -> None:
    chain = Chain(PointRule("DA001", "a01014", "%"), ("oxygens",), DUCT)
    found = converted(chain, sample("a01014", 6.1), near(a19001=sample("a19001", 6.8)))
    assert printed(found.value, "10.2941")


def test_particulate_signal_by_its_curve() -> None:
    chain = Chain(replace(SO2, factor="a34013"), ("curve",), slope=2.5, intercept=-1.0)
    assert converted(chain, sample("a34013", 8.0), {}).value == 19.0


@pytest.mark.parametrize("code", ["a01012", "a01013", "a01014"])
def test_bad_input_takes_the_value_and_gives_its_cause(code: str) -> None:
    bad = near(**{code: sample(code, 1.0, Cause.CALIBRATION)})
    found = converted(FULL, sample("a21026", 86.0), bad)
    assert (found.value, found.zs, found.cause) == (None, None, Cause.CALIBRATION)
    assert found.reason == f"涉及因子无效: {code} calibration"
    gone = converted(FULL, sample("a21026", 86.0), near(**{code: None}))
    assert (gone.value, gone.cause) == (None, Cause.NO_LINK)


def test_bad_oxygen_takes_only_the_converted_value() -> None:
    found = converted(FULL, sample("a21026", 8.0), near(a19001=None))
    assert found.value is not None
    assert (found.zs, found.cause) == (None, Cause.NORMAL)


def test_cause_of_the_value_itself_stays() -> None:
    found = converted(FULL, sample("a21026", 80.0, Cause.MAINTENANCE), near(a01014=None))
    assert (found.value, found.cause) == (None, Cause.MAINTENANCE)
    kept = converted(FULL, sample("a21026", 80.0, Cause.MAINTENANCE), near())
    assert kept.value is not None and kept.cause is Cause.MAINTENANCE
    absent = sample("a21026", None, Cause.NO_LINK)
    assert converted(FULL, absent, near()) == absent


def test_range_is_that_of_the_instrument_before_state_and_oxygen() -> None:
    """100 ppm are 285.7 mg/m3, inside of 300; dry they are more, and still what was measured."""
    inside = converted(replace(FULL, steps=("mass", "dry")), sample("a21026", 100.0), near())
    assert inside.cause is Cause.NORMAL
    assert inside.value is not None and inside.value > 300
    over = converted(replace(FULL, steps=("mass", "dry")), sample("a21026", 110.0), near())
    assert over.cause is Cause.OVER_RANGE


def test_fixed_numbers_take_the_place_of_instruments() -> None:
    duct = Duct(ambient_pressure=101.3, pressure=-0.8, temperature=93.4, moisture=7.8)
    chain = replace(FULL, steps=("standard", "dry"), duct=duct)
    assert printed(converted(chain, sample("a21026", 20.0), {}).value, "29.3523")
    assert chain.inputs == ()


def test_impossible_moisture_is_a_fault() -> None:
    bad = near(a01014=sample("a01014", 100.0))
    assert converted(FULL, sample("a21026", 8.0), bad).cause is Cause.FAULT


def test_factors_are_made_behind_their_inputs() -> None:
    moisture = Chain(PointRule("DA001", "a01014", "%"), ("oxygens",))
    flow = Chain(PointRule("DA001", "a00000", "m3/s"), ("area", "dry"), DUCT, is_flow=True)
    assert in_order({"a00000": flow, "a21026": FULL, "a01014": moisture}) == [
        "a01014",
        "a00000",
        "a21026",
    ]
    wet_oxygen = Chain(PointRule("DA001", "a19001", "%"), ("dry",))
    with pytest.raises(ValueError, match="a19001"):
        in_order({"a01014": moisture, "a19001": wet_oxygen})
