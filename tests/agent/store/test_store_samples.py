"""Packed samples: what goes in comes out, by outlet, time and clock epoch."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model import Cause, Sample
from agent.store import samples, series
from agent.store.db import connect
from agent.store.series import Names
from drivers.rows import Rows, columns_of

FACTORS = ("w00000", "w01018", "a21026")
KEYS = [
    (outlet, factor, quantity)
    for outlet in ("DW001", "DW002")
    for factor in FACTORS
    for quantity in ("rtd", "zs")
]
NAMES = Names(
    series={key: number for number, key in enumerate(KEYS, start=60_000)},
    devices={"one": 1, "two": 2},
)
T = 1_780_000_000.0

floats = st.floats(allow_nan=False)
values = st.builds(
    Sample,
    outlet=st.just("DW001"),
    factor=st.sampled_from(FACTORS),
    at=st.just(T),
    value=st.none() | floats,
    cause=st.sampled_from(Cause),
    zs=st.none() | floats,
    reason=st.just(""),
    total=st.none(),
)


@pytest.fixture
def connection(directory: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect(directory / "store.db")) as connection:
        yield connection


def sample(value: float | None, *, at: float = T, factor: str = "w01018", **more: object) -> Sample:
    return Sample("DW001", factor, at, value, **more)  # type: ignore[arg-type]


def add(
    connection: sqlite3.Connection, *found: Sample, device: str = "one", epoch: int = 0
) -> None:
    samples.add(connection, found, device=device, at=found[0].at, epoch=epoch, names=NAMES)


@given(st.lists(values, max_size=20))
def test_pack_gives_back_every_value_and_cause(given: list[Sample]) -> None:
    expected = []
    for one in given:
        expected.append((NAMES.series[one.outlet, one.factor, "rtd"], one.cause, one.value))
        if one.zs is not None:
            expected.append((NAMES.series[one.outlet, one.factor, "zs"], one.cause, one.zs))
    assert samples.unpack(samples.pack(given, NAMES)) == expected


@given(st.lists(values, min_size=1, max_size=20))
def test_pack_of_columns_is_that_of_rows(given: list[Sample]) -> None:
    plain = [one._replace(cause=Cause.NORMAL, zs=None, value=one.value or 0.0) for one in given]
    for found in (given, plain):
        kept = Rows(Sample._make, columns_of(found))
        whole = b"".join(samples.pack([one._replace(total=None)], NAMES) for one in found)
        assert samples.pack(kept, NAMES) == samples.pack(found, NAMES) == whole


def test_zero_beside_a_value_is_kept() -> None:
    given = [sample(1.0, zs=0.0), sample(2.0)]
    assert [value for *_, value in samples.unpack(samples.pack(given, NAMES))] == [1.0, 0.0, 2.0]


@pytest.mark.parametrize("cause", Cause)
def test_absent_value_stays_absent_with_its_cause(cause: Cause) -> None:
    ((_, found, value),) = samples.unpack(samples.pack([sample(None, cause=cause)], NAMES))
    assert (found, value) == (cause, None)


def test_number_of_a_cause_is_part_of_the_format() -> None:
    packs = [samples.pack([sample(None, cause=cause)], NAMES)[2] for cause in Cause]
    assert dict(zip(Cause, packs, strict=True)) == {
        Cause.NORMAL: 0,
        Cause.STOPPED: 1,
        Cause.FAULT: 2,
        Cause.NO_LINK: 3,
        Cause.POWER: 4,
        Cause.MAINTENANCE: 5,
        Cause.CALIBRATION: 6,
        Cause.OVER_RANGE: 7,
        Cause.PARAMETER: 8,
        Cause.MANUAL: 9,
    }


def test_pack_is_eleven_bytes_a_value_and_never_zero_for_none() -> None:
    pack = samples.pack([sample(None), sample(1.5)], NAMES)
    assert len(pack) == 22
    assert math.isnan(samples._VALUE.unpack(pack[:11])[2])


def test_samples_of_a_stretch_are_those_from_its_start_until_before_its_end(
    connection: sqlite3.Connection,
) -> None:
    for offset in (-0.001, 0.0, 30.0, 59.999, 60.0):
        add(connection, sample(offset, at=T + offset))
    found = samples.between(connection, T, T + 60, outlet="DW001", names=NAMES)
    assert [one.value for one in found["w01018"]] == [0.0, 30.0, 59.999]
    assert [one.at for one in found["w01018"]] == [T, T + 30.0, T + 59.999]


def test_samples_of_an_outlet_are_its_own_from_all_its_devices(
    connection: sqlite3.Connection,
) -> None:
    add(connection, sample(1.0), Sample("DW002", "w01018", T, 9.0))
    add(connection, sample(2.0, factor="w00000"), device="two")
    found = samples.between(connection, T, T + 1, outlet="DW001", names=NAMES)
    assert {code: [one.value for one in rows] for code, rows in found.items()} == {
        "w01018": [1.0],
        "w00000": [2.0],
    }
    (other,) = samples.between(connection, T, T + 1, outlet="DW002", names=NAMES)["w01018"]
    assert (other.outlet, other.value) == ("DW002", 9.0)


def test_converted_value_joins_the_sample_of_its_factor(connection: sqlite3.Connection) -> None:
    add(connection, sample(100.0, factor="a21026", zs=140.0), sample(5.0, factor="w00000"))
    found = samples.between(connection, T, T + 1, outlet="DW001", names=NAMES)
    assert found["a21026"] == [sample(100.0, factor="a21026", zs=140.0)]
    assert found["w00000"][0].zs is None


@pytest.mark.parametrize(("one_epoch", "expected"), [(True, [2.0]), (False, [0.0, 2.0, 1.0])])
def test_all_but_the_newest_clock_epoch_can_be_left_out(
    connection: sqlite3.Connection, one_epoch: bool, expected: list[float]
) -> None:
    for epoch, at in ((0, T), (1, T + 2), (2, T + 1), (3, T + 9)):
        add(connection, sample(float(epoch), at=at), epoch=epoch)
    found = samples.between(connection, T, T + 9, outlet="DW001", names=NAMES, one_epoch=one_epoch)
    assert [one.value for one in found["w01018"]] == expected


def test_same_instant_in_two_epochs_is_two_rows_and_in_one_epoch_one(
    connection: sqlite3.Connection,
) -> None:
    for epoch in (0, 0, 1):
        add(connection, sample(float(epoch)), epoch=epoch)
    found = samples.between(connection, T, T + 1, outlet="DW001", names=NAMES)
    assert [one.value for one in found["w01018"]] == [0.0, 1.0]


def test_newest_sample_is_of_each_factor_the_last_within_the_age(
    connection: sqlite3.Connection,
) -> None:
    add(connection, sample(1.0, at=T - 61), sample(1.0, at=T - 61, factor="w00000"))
    add(connection, sample(2.0, at=T - 30))
    add(connection, sample(None, at=T, cause=Cause.FAULT))
    add(connection, sample(4.0, at=T + 0.5))
    found = samples.newest(connection, outlet="DW001", since=T - 60, until=T, names=NAMES)
    assert list(found) == ["w01018"]
    assert (found["w01018"].value, found["w01018"].cause) == (None, Cause.FAULT)


def test_sample_of_a_clock_that_ran_ahead_is_not_newer_than_todays(
    connection: sqlite3.Connection,
) -> None:
    add(connection, sample(1.0, at=T - 1), epoch=0)
    add(connection, sample(2.0, at=T - 5), epoch=1)
    add(connection, sample(3.0, at=T - 9, factor="w00000"), epoch=0)
    found = samples.newest(connection, outlet="DW001", since=T - 60, until=T, names=NAMES)
    assert {code: one.value for code, one in found.items()} == {"w01018": 2.0, "w00000": 3.0}


def test_untimed_samples_get_the_time_they_were_taken_at(connection: sqlite3.Connection) -> None:
    for mono in (100.0, 110.0):
        samples.add_untimed(
            connection, [sample(mono)], device="one", boot="b1", mono=mono, names=NAMES
        )
    samples.add_untimed(connection, [sample(0.0)], device="one", boot="b0", mono=5.0, names=NAMES)
    assert samples.label_untimed(connection, boot="b1", now=T, mono=130.0, epoch=3) == 2
    found = samples.between(connection, T - 100, T + 1, outlet="DW001", names=NAMES)
    assert [(one.at, one.value) for one in found["w01018"]] == [(T - 30, 100.0), (T - 20, 110.0)]
    assert connection.execute("SELECT DISTINCT epoch FROM samples").fetchall() == [(3,)]
    left = connection.execute("SELECT boot FROM untimed").fetchall()
    assert left == [("b0",)], "nobody can tell when those of another boot were taken"


def test_first_sample_after_a_moment_ends_an_outage(connection: sqlite3.Connection) -> None:
    assert samples.first_after(connection, T) is None
    add(connection, sample(1.0, at=T + 5), device="two")
    assert samples.first_after(connection, T) == T + 5
    assert samples.first_after(connection, T + 5) == T + 5
    assert samples.first_after(connection, T + 5.1) is None


def test_number_of_a_name_never_changes_or_returns(connection: sqlite3.Connection) -> None:
    key, other = ("DW001", "w01018", "rtd"), ("DW002", "w01018", "rtd")
    before = series.register(connection, series=[key], devices=["cod"])
    after = series.register(connection, series=[other, key], devices=["ph", "cod"])
    assert after.series[key] == before.series[key]
    assert after.devices["cod"] == before.devices["cod"]
    assert after.series[other] > after.series[key]
    assert after.key(after.series[other]) == other
    assert after.key(999) is None
