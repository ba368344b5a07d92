"""A camera's process on a real RTSP server: films of what was before the question, and faults."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from camera_bench import (
    FPS,
    Line,
    now,
    pictures_of,
    require_rtsp_server,
    rtsp_server,
    watched,
)
from daemon_bench import HOST, free_port, until

from drivers.camera.sight import Sight
from drivers.camera.told import CameraGone, NoFilm

pytestmark = pytest.mark.system


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A camera on loopback."""
    require_rtsp_server()
    found = free_port()
    async with rtsp_server(found):
        yield found


async def test_film_begins_before_it_was_asked_for_and_every_picture_can_be_seen(
    port: int, tmp_path: Path
) -> None:
    path = tmp_path / "one.mp4"
    async with watched(tmp_path, port) as camera:
        await camera.holds(5)
        asked = now()
        made = await camera.child.film(asked - 3, asked + 2, at=asked, path=path)
    assert made.begin <= asked - 3
    assert asked - 3 - made.begin <= 1.5, "with the key frame before"
    assert asked + 1.5 <= made.end <= asked + 2
    shown = pictures_of(path)
    assert len(shown) == pytest.approx((made.end - made.begin) * FPS, abs=3)
    assert shown[-1][0] == pytest.approx(made.end - made.begin, abs=0.1)
    assert shown[0][1].shape == (240, 320, 3)
    assert shown[0][1].std() > 20, "the bars of a test picture"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == made.sha256
    assert made.gaps == ()
    still = path.with_suffix(".jpg").read_bytes()
    assert hashlib.sha256(still).hexdigest() == made.still_sha256
    assert still.startswith(b"\xff\xd8")


async def test_first_pictures_of_a_stream_are_of_the_time_they_were_taken(
    port: int, tmp_path: Path
) -> None:
    path = tmp_path / "one.mp4"
    async with watched(tmp_path, port) as camera:
        await camera.holds(4)
        asked = now()
        made = await camera.child.film(asked - 60, asked, at=asked, path=path)
    times = [at for at, _ in pictures_of(path)]
    apart = [after - before for before, after in itertools.pairwise(times)]
    assert len(times) == pytest.approx((made.end - made.begin) * FPS, rel=0.15)
    assert sum(one < 0.5 / FPS for one in apart) <= 3, "a burst would lie a millisecond apart"


async def test_several_films_are_made_side_by_side(port: int, tmp_path: Path) -> None:
    async with watched(tmp_path, port) as camera:
        await camera.holds(4)
        asked = now()
        paths = [tmp_path / f"{number}.mp4" for number in range(4)]
        made = await asyncio.gather(
            *(
                camera.child.film(asked - 3 + n, asked + n / 2, at=asked, path=path)
                for n, path in enumerate(paths)
            )
        )
    assert [one.begin for one in made] == sorted(one.begin for one in made)
    assert all(pictures_of(path) for path in paths)
    assert len({one.sha256 for one in made}) == 4


async def test_time_that_the_ring_never_saw_is_no_film(port: int, tmp_path: Path) -> None:
    async with watched(tmp_path, port) as camera:
        await camera.holds(1)
        with pytest.raises(NoFilm, match="no picture of that time"):
            await camera.child.film(now() - 900, now() - 800, at=now(), path=tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()


async def test_film_into_a_place_that_is_not_there_harms_nothing(port: int, tmp_path: Path) -> None:
    async with watched(tmp_path, port) as camera:
        await camera.holds(2)
        with pytest.raises(NoFilm):
            await camera.child.film(now() - 1, now(), at=now(), path=tmp_path / "no" / "a.mp4")
        await camera.goes_on()


async def test_still_is_refreshed_and_the_picture_judged_good(port: int, tmp_path: Path) -> None:
    async with watched(tmp_path, port) as camera:
        await until(lambda: bool(camera.beats) and camera.last.sight is Sight.GOOD, within_s=120)
        first = (tmp_path / "yard.jpg").read_bytes()
        await until(lambda: (tmp_path / "yard.jpg").read_bytes() != first, within_s=60)
        assert (tmp_path / "learnt").stat().st_size == 32 * 18


async def test_black_picture_is_told(tmp_path: Path) -> None:
    require_rtsp_server()
    port = free_port()
    async with rtsp_server(port, "black"), watched(tmp_path, port) as camera:
        await until(lambda: bool(camera.beats) and camera.last.sight is Sight.BLACK, within_s=120)


async def test_stall_is_a_gap_of_the_film_and_the_stream_comes_back(
    port: int, tmp_path: Path
) -> None:
    async with Line(port).open() as line, watched(tmp_path, line.port) as camera:
        await camera.holds(3)
        asked = now()
        film = asyncio.create_task(
            camera.child.film(asked - 2, asked + 14, at=asked, path=tmp_path / "a.mp4")
        )
        line.flows.clear()
        await until(lambda: now() - asked > 7)  # longer than a read may take
        line.flows.set()
        made = await film
        await camera.goes_on()
    assert made.begin < asked
    assert made.gaps
    assert pictures_of(tmp_path / "a.mp4")[-1][0] == pytest.approx(made.end - made.begin, abs=0.1)


async def test_garbage_on_the_line_does_not_end_the_process(port: int, tmp_path: Path) -> None:
    async with Line(port).open() as line, watched(tmp_path, line.port) as camera:
        await camera.holds(2)
        pid = camera.child.pid
        line.garble = 6000
        await until(lambda: line.garble <= 0, within_s=120)
        await camera.goes_on()
        assert camera.child.pid == pid


async def test_server_that_was_restarted_is_found_again(tmp_path: Path) -> None:
    require_rtsp_server()
    port = free_port()
    async with watched(tmp_path, port) as camera:
        async with rtsp_server(port):
            await camera.holds(2)
        async with rtsp_server(port):
            await camera.goes_on()


async def test_mute_server_is_an_offline_camera_and_the_process_lives(tmp_path: Path) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, HOST, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with watched(tmp_path, port) as camera:
            await until(
                lambda: bool(camera.beats) and camera.last.sight is Sight.OFFLINE, within_s=120
            )
            with pytest.raises(NoFilm):
                await camera.child.film(now() - 30, now() - 20, at=now(), path=tmp_path / "a.mp4")


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL, signal.SIGSEGV])
async def test_process_that_hangs_or_dies_is_seen_and_leaves_no_zombie(
    port: int, tmp_path: Path, number: signal.Signals
) -> None:
    async with watched(tmp_path, port, silent_s=2.0) as camera:
        await camera.holds(1)
        pid = camera.child.pid
        assert pid is not None
        film = asyncio.create_task(
            camera.child.film(now() - 1, now() + 30, at=now(), path=tmp_path / "a.mp4")
        )
        await asyncio.sleep(0)
        os.kill(pid, number)
        with pytest.raises(CameraGone, match="silent" if number is signal.SIGSTOP else "ended"):
            async with asyncio.timeout(60):
                await camera.task
        with pytest.raises(CameraGone):
            await film
        assert not os.path.exists(f"/proc/{pid}")  # noqa: PTH110, ASYNC240  # no disk
        assert camera.child.pid is None
