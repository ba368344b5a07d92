"""A noisy line: whatever comes, not one wrong value."""

import pytest
from noisy_line import BEYOND, BEYOND_SUMS, FAULTS, SUMMED, campaign


def test_not_one_wrong_value_on_a_noisy_line() -> None:
    verdict, injected, bus = campaign(FAULTS, 4_000)
    print(f"\n{verdict.exchanges} exchanges\n{verdict.table(injected)}")
    assert sum(verdict.wrong.values()) == 0, verdict.table(injected)
    assert set(injected) == set(FAULTS)
    for fault in ("none", "in pieces", "glued"):
        assert verdict.right[fault] > 100, "faults that leave the answer whole cost no value"
    assert bus.counts.faults, "what was rejected is counted by kind"


def test_not_one_wrong_value_on_a_noisy_line_of_modbus_ascii() -> None:
    verdict, injected, _ = campaign(SUMMED, 4_000, framing="ascii")
    print(f"\nModbus ASCII, {verdict.exchanges} exchanges\n{verdict.table(injected)}")
    assert sum(verdict.wrong.values()) == 0, verdict.table(injected)
    beyond, injected, _ = campaign(BEYOND_SUMS, 1_500, framing="ascii")
    print(f"beyond a sum of eight bits\n{beyond.table(injected)}")


def test_what_lies_beyond_is_counted() -> None:
    verdict, injected, _ = campaign(BEYOND, 1_500)
    print(f"\nbeyond what can be ruled out\n{verdict.table(injected)}")
    assert verdict.right["none"] > 50


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_not_one_wrong_value_in_a_hundred_thousand_exchanges(seed: int) -> None:
    verdict, injected, _ = campaign(FAULTS, 100_000, seed=seed)
    print(f"\n{verdict.exchanges} exchanges\n{verdict.table(injected)}")
    assert sum(verdict.wrong.values()) == 0, verdict.table(injected)
    beyond, injected, _ = campaign(BEYOND, 20_000, seed=seed)
    print(f"beyond what can be ruled out: {beyond.exchanges} exchanges\n{beyond.table(injected)}")
