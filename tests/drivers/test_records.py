"""What is made cheaply is what the constructor would have made, and as frozen."""

import dataclasses

import pytest

from drivers.device import Cause, Reading
from drivers.records import maker


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    name: str
    numbers: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    name: str

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a name is wanted")


def test_it_is_equal_to_what_the_constructor_makes() -> None:
    made = maker(Reading)("w01018", 36.5, "mg/L", 1.0, Cause.FAULT, reason="lamp", raw=(1, 2))
    known = Reading("w01018", 36.5, "mg/L", 1.0, Cause.FAULT, reason="lamp", raw=(1, 2))
    assert (made, hash(made), repr(made)) == (known, hash(known), repr(known))
    assert type(made) is Reading
    assert dataclasses.replace(made, value=1.0) == dataclasses.replace(known, value=1.0)


def test_what_is_left_out_has_its_default_and_a_list_of_its_own() -> None:
    made = maker(Reading)("w01018", None, "", 1.0)
    assert made == Reading("w01018", None, "", 1.0)
    make = maker(Kept)
    first, second = make("a"), make("b")
    assert first.numbers == []
    assert first.numbers is not second.numbers


def test_it_is_frozen() -> None:
    made = maker(Reading)("w01018", None, "", 1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.value = 1.0  # type: ignore[misc]


def test_a_class_that_checks_itself_is_refused() -> None:
    with pytest.raises(TypeError, match="__post_init__"):
        maker(Checked)
