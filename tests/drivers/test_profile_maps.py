"""What maps say where a mistake would put a wrong number, or a wrong state, under a factor."""

import pytest

from drivers.decode import Answer, readings_of, state_of
from drivers.device import Cause
from drivers.plan import Span, plan
from drivers.profile import load_profile, profile_names
from drivers.profile_model import Profile
from drivers.profile_operations import Operation

ZERO_AND_SPAN = ("zero", "span")


def answers(profile: Profile, registers: dict[tuple[str, int], int]) -> list[Answer]:
    def told(span: Span) -> tuple[int, ...]:
        return tuple(registers.get((span.table, n), 0) for n in range(span.start, span.end))

    return [Answer(span, told(span)) for span in plan(profile)]


def test_a_state_no_source_knows_is_not_normal() -> None:
    """CODmax: a calibration bit (0x0004) in a combination nobody wrote down is no measurement."""
    profile = load_profile("water/hach-codmax-ii")
    for number, cause in (
        (0x0101, Cause.NORMAL), (0x0120, Cause.NORMAL), (0x2020, Cause.NORMAL),
        (0x0102, Cause.CALIBRATION), (0x8004, Cause.CALIBRATION), (0x0110, Cause.MAINTENANCE),
        (0x0004, Cause.FAULT), (0xFFFF, Cause.FAULT),
    ):  # fmt: skip
        state = state_of(profile, answers(profile, {("holding", 0x33): number}))
        assert state is not None
        assert state.cause is cause, hex(number)


def test_an_input_at_the_end_of_its_word_is_beyond_the_signal() -> None:
    """M-7017RC: 65535 is 20 mA and everything above, so it must not pass for a full scale."""
    profile = load_profile("modules/icpdas-m7017rc")
    raw = {("holding", 0): 65535, ("holding", 1): 39321, ("holding", 2): 0}
    found = answers(profile, raw)
    state = state_of(profile, found)
    assert state is not None
    high, low, none, *_ = [one.value for one in readings_of(profile, found, state, taken_at=0.0)]
    assert high is not None
    assert high > 20.0
    assert low == pytest.approx(4.0, abs=1e-4)
    assert none == pytest.approx(-20.0)


def test_a_process_value_is_not_taken_without_its_status() -> None:
    profile = load_profile("sampler/eh-liquistation-csf22")
    assert min(point.address for point in profile.points) >= 0x03A2


@pytest.mark.parametrize("name", profile_names())
def test_gas_that_is_ordered_is_ended_too(name: str) -> None:
    """An analyzer left on zero gas tells zero for days."""
    for operation in ZERO_AND_SPAN:
        one = load_profile(name).operations.get(operation)  # type: ignore[call-overload]
        assert one is None or one.then is not None or not one.confirmed, operation


def test_what_another_operation_ends_has_to_show() -> None:
    write = {"address": 1, "values": [1]}
    with pytest.raises(ValueError, match="only where a proof shows"):
        Operation.model_validate({"writes": [write], "then": "measure"})
