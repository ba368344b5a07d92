"""Orders of clips: made once, written down with what they show, and never in the store's room."""

from __future__ import annotations

import asyncio
import errno
import json
from pathlib import Path
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, HOUR
from test_clips import CAMERA, cameras

from agent import footage
from agent.bells import Bells
from agent.clips import BEGIN_S, order_clips
from agent.filming.orders import ClipOrders
from agent.store import actions
from drivers.camera.told import CameraGone, FilmMade, NoFilm

WAIT_S = 60.0


class FakeFilm:
    """A camera's process: writes a file, or fails as its script says."""

    def __init__(self, *script: Exception) -> None:
        self.script = list(script)
        self.asked: list[tuple[float, float, float]] = []

    async def __call__(self, begin: float, end: float, *, at: float, path: Path) -> FilmMade:
        self.asked.append((begin, end, at))
        if self.script:
            raise self.script.pop(0)
        await asyncio.to_thread(path.write_bytes, b"film")
        return FilmMade(begin + 1, end, "ab" * 32, 4, ((at, at + 3),), at - 1, "cd" * 32)


@pytest.fixture
async def ordered(house_with: Any) -> House:
    """The house with a camera and one clip ordered."""
    house: House = await house_with(cameras(CAMERA))
    await order(house)
    footage.clips_directory(house.store.path.parent).mkdir()
    return house


async def order(house: House) -> None:
    await house.write(
        lambda connection: order_clips(
            connection, house.plan, "exceedance", {"value": 61.5},
            outlet="DW001", factor=COD, now=house.clock.now(),
        )
    )  # fmt: skip


def row(house: House) -> tuple[str, dict[str, Any]]:
    ((state, outcome),) = house.rows("SELECT state, outcome FROM actions WHERE kind = 'clip'")
    return state, json.loads(outcome) or {}


async def worked(house: House, film: FakeFilm, **terms: Any) -> tuple[str, dict[str, Any]]:
    """Let the orders be worked off until none is open."""
    (camera,) = house.plan.site.cameras
    worker = ClipOrders(camera, house.plan, house.store, house.clock, Bells(), film, **terms)
    task = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(WAIT_S):
            # a row rings no bell
            while row(house)[0] in ("queued", "running", "unknown"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    return row(house)


async def test_clip_that_is_made_has_its_sidecar_its_outcome_and_its_line(ordered: House) -> None:
    film = FakeFilm()
    state, outcome = await worked(ordered, film)
    assert state == "done"
    ((begin, end, at),) = film.asked
    assert (at - begin, end - at) == (pytest.approx(10), pytest.approx(50))
    assert outcome["end"] == pytest.approx(ordered.clock.now() + 50, abs=1)
    assert (outcome["value"], outcome["outlet"], outcome["sha256"]) == (61.5, "DW001", "ab" * 32)
    (clip,) = footage.clips(footage.clips_directory(ordered.store.path.parent))
    assert clip.about == outcome
    assert ordered.one("SELECT count(*) FROM journal WHERE what = 'clip done'") == 1


async def test_process_that_goes_meanwhile_is_asked_again(ordered: House) -> None:
    film = FakeFilm(CameraGone("ended with -11"))
    assert (await worked(ordered, film))[0] == "done"
    assert len(film.asked) == 2
    assert film.asked[0] == film.asked[1], "of the same time"


async def test_clip_without_pictures_failed_and_it_is_told(ordered: House) -> None:
    state, outcome = await worked(ordered, FakeFilm(NoFilm("no picture of that time")))
    assert (state, outcome) == ("failed", {"reason": "no picture of that time"})
    assert len(ordered.events("camera_no_clip")) == 1


async def test_camera_that_stays_dead_makes_no_clip_and_it_is_told(ordered: House) -> None:
    ordered.clock.go(600)  # whatever there was of that time could have come by now
    film = FakeFilm(*(CameraGone("the camera is not there yet") for _ in range(100)))
    state, outcome = await worked(ordered, film)
    assert (state, outcome) == ("failed", {"reason": "the camera is not there yet"})
    assert len(film.asked) == 1
    assert len(ordered.events("camera_no_clip")) == 1


async def test_disk_that_takes_no_film_fails_the_clip_and_not_its_worker(ordered: House) -> None:
    state, outcome = await worked(ordered, FakeFilm(OSError(errno.ENOSPC, "No space left")))
    assert state == "failed"
    assert "No space left" in outcome["reason"]
    assert len(ordered.events("camera_no_clip")) == 1
    await ordered.write(
        lambda connection: connection.execute(
            "UPDATE actions SET state = 'queued', finished_at = NULL"
        )
    )
    assert (await worked(ordered, FakeFilm()))[0] == "done"


async def test_disk_that_takes_no_sidecar_fails_the_clip_and_nobody_takes_it_for_one(
    ordered: House,
) -> None:
    there = footage.clips_directory(ordered.store.path.parent)
    ((number, at),) = ordered.rows("SELECT id, request ->> 'at' FROM actions WHERE kind = 'clip'")
    (there / f"yard.{int(at)}.{number}.json.part").mkdir()  # it cannot be written to
    state, outcome = await worked(ordered, FakeFilm())
    assert (state, outcome["reason"][:5]) == ("failed", "disk:")
    assert footage.clips(there) == []
    assert len(ordered.events("camera_no_clip")) == 1


async def test_order_beyond_its_deadline_is_not_begun(ordered: House) -> None:
    ordered.clock.go(BEGIN_S + 1)
    film = FakeFilm()
    assert (await worked(ordered, film))[0] == "expired"
    assert film.asked == []


async def test_clip_that_was_made_before_a_crash_is_not_made_again(ordered: House) -> None:
    assert (await worked(ordered, FakeFilm()))[0] == "done"
    await ordered.write(
        lambda connection: connection.execute(
            "UPDATE actions SET state = 'unknown', finished_at = NULL"
        )
    )
    film = FakeFilm()
    state, outcome = await worked(ordered, film)
    assert (state, film.asked) == ("done", [])
    assert outcome["sha256"] == "ab" * 32


async def test_clip_that_was_interrupted_is_made_from_what_is_left(ordered: House) -> None:
    await ordered.write(
        lambda connection: connection.execute("UPDATE actions SET state = 'running'")
    )
    await ordered.write(actions.doubt_running)
    film = FakeFilm()
    assert (await worked(ordered, film))[0] == "done"
    assert len(film.asked) == 1


async def test_no_clip_is_begun_in_the_room_that_is_the_stores(
    ordered: House,
) -> None:
    film = FakeFilm()
    state, outcome = await worked(ordered, film, least_free_mb=1 << 40)
    assert state == "failed"
    assert outcome["reason"].startswith("disk")
    assert film.asked == []


async def test_oldest_clip_goes_for_the_new_one_and_it_is_journalled(ordered: House) -> None:
    there = footage.clips_directory(ordered.store.path.parent)
    for at in (100, 200):
        path = there / f"yard.{at}.9{at}.mp4"
        with path.open("wb") as file:
            file.truncate(1500 << 20)  # sparse
        footage.write_sidecar(path, {"at": at, "begin": at, "end": at + HOUR})
    assert (await worked(ordered, FakeFilm()))[0] == "done"
    assert not (there / "yard.100.9100.mp4").exists()
    assert (there / "yard.200.9200.mp4").exists()
    assert ordered.one("SELECT count(*) FROM journal WHERE what = 'clips dropped'") == 1
