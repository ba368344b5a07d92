"""A bottle ordered, kept and reported while not one more byte fits on the disk."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from agent_fakes import EndOfScript, FakeSampler
from agent_house import House
from agent_site import HOUR, PH, T0, plan_with
from test_exceedance import RESULT, judged

from agent.actions import DeviceActions
from agent.store.db import FILE_NAME, Store
from agent.tools.verify.store import verify_store
from drivers.device import RetentionRecord

pytestmark = pytest.mark.system

DISK_MB, BALLAST_MB = 12, 1
KEPT = RetentionRecord(at=T0 + HOUR + 60, bottle=3, volume_ml=500.0, ok=True)


@pytest.fixture
def small_disk(tmp_path: Path, empty_store: Path) -> Iterator[Path]:
    """Mount a small file system of our own with a store on it."""
    place = tmp_path / "disk"
    place.mkdir()
    asked = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "paikou-test", str(place)]
    done = subprocess.run(asked, capture_output=True, check=False, text=True)
    if done.returncode != 0:
        reason = f"no file system of our own can be mounted here: {done.stderr.strip()}"
        if os.environ.get("PAIKOU_REQUIRE_SYSTEM") == "1" and os.geteuid() == 0:
            pytest.fail(f"{reason}; PAIKOU_REQUIRE_SYSTEM=1 lets nothing be skipped")
        pytest.skip(reason)
    shutil.copy(empty_store, place / FILE_NAME)
    yield place
    # lazy: a test that failed may still hold its store open
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
async def house(small_disk: Path) -> AsyncIterator[House]:
    async with Store(small_disk, ballast_mb=BALLAST_MB) as store:
        yield await House.on(store, plan_with())


def fill(place: Path) -> None:
    with (place / "foreign").open("ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                for _ in range(4096):
                    file.write(b"x" * size)


async def keep(house: House, keeper: FakeSampler) -> None:
    async def probe() -> Mapping[str, Any]:
        return {}

    house.bells.until = float("inf")
    with pytest.raises(EndOfScript):
        await DeviceActions(
            "sampler", keeper, probe, house.plan, house.store, house.clock, house.bells
        ).run()


async def test_bottle_is_ordered_kept_and_told_on_a_full_disk(
    house: House, small_disk: Path
) -> None:
    await house.time.look()
    # old samples: what gives way
    await house.sampled(PH, [(T0 - 5 * HOUR + n, 7.0) for n in range(4000)])
    house.clock.go(HOUR + 10)
    keeper = FakeSampler()

    def kept_on_a_fuller_disk() -> RetentionRecord:
        fill(small_disk)  # what was given up meanwhile others take, too
        return KEPT

    keeper.keep = kept_on_a_fuller_disk
    fill(small_disk)
    await judged(house)
    order = house.one("SELECT request FROM actions WHERE kind = 'retain'")
    assert json.loads(order)["value"] == RESULT.value
    fill(small_disk)
    assert shutil.disk_usage(small_disk).free == 0
    await keep(house, keeper)
    assert house.one("SELECT state FROM actions WHERE kind = 'retain'") == "done"
    assert len(keeper.orders) == 1
    assert house.one("SELECT bottle FROM bottles") == KEPT.bottle
    assert [kind for (kind,) in house.rows("SELECT kind FROM events WHERE kind = 'retention'")]
    assert house.rows("SELECT 1 FROM outbox WHERE cn = '3015'")
    looked = await house.store.read(verify_store)
    assert looked.faults == [], "what gave way is said in the journal"
