"""The daemon with a camera: from a value beyond its limit to the clip in a bundle that verifies."""

from __future__ import annotations

import json
import os
import signal
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from camera_bench import pictures_of, require_rtsp_server, rtsp_server
from daemon_bench import HOST, Daemon, Instrument, SiteFile, Start, buses, free_port, until
from test_daemon_life import journalled, paikou

from agent.tools.verify.bundle import verify_bundle

pytestmark = pytest.mark.system


@pytest.fixture
async def port() -> AsyncIterator[int]:
    require_rtsp_server()
    found = free_port()
    async with rtsp_server(found):
        yield found


def watched_outlet(port: int) -> Any:
    """A limit above what the instrument says, and a camera that looks at the outlet."""

    def change(site: dict[str, Any]) -> None:
        limit = {"low": 6, "on": "measurement", "source": "test"}
        site["outlets"][0]["factors"]["w01001"]["limits"] = [limit]
        camera = {"id": "yard", "url": f"rtsp://{HOST}:{port}/one", "outlet": "DW001"}
        site["cameras"] = [{**camera, "before_s": 3, "after_s": 3, "still_s": 1}]
        site["destinations"] = []

    return change


def camera_pid(one: Daemon) -> int | None:
    """Find the camera's process among the daemon's children."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
            ours = b"drivers.camera.worker" in (place / "cmdline").read_bytes()
        except OSError:
            continue
        if ours and parent == str(one.process.pid):
            return int(place.name)
    return None


def lives(pid: int | None) -> bool:
    return Path(f"/proc/{pid}").exists()


def loaded_by(one: Daemon) -> set[str]:
    """Give the packages whose compiled parts the daemon has in its memory."""
    maps = Path(f"/proc/{one.process.pid}/maps").read_text()
    return {name for name in ("cv2", "numpy", "sqlite3") if name in maps}


def orders(one: Daemon) -> list[tuple[str, dict[str, Any]]]:
    rows = one.rows("SELECT state, outcome FROM actions WHERE kind = 'clip' ORDER BY id")
    return [(state, json.loads(outcome)) for state, outcome in rows]


async def test_exceedance_is_filmed_from_before_it_and_the_clip_is_in_the_bundle(
    site_file: SiteFile, daemon: Start, port: int, tmp_path: Path
) -> None:
    site = site_file(1, watched_outlet(port))
    one = await daemon(site)
    stills = tmp_path / "store" / "stills" / "yard.jpg"
    await until(stills.exists, within_s=120)
    seen = stills.stat().st_mtime
    await until(lambda: stills.stat().st_mtime > seen + 4, within_s=120)
    async with Instrument(buses(site)["net1"]).answering():
        await until(lambda: [state for state, _ in orders(one)] == ["done"], within_s=120)
    ((_, outcome),) = orders(one)
    ((event, at),) = one.rows("SELECT id, at FROM events WHERE kind = 'exceedance'")
    assert outcome["begin"] < at - 2
    assert outcome["end"] > at + 2
    assert outcome["value"] < 6
    film = tmp_path / "store" / "clips" / outcome["file"]
    assert json.loads(film.with_suffix(".json").read_text()) == outcome
    assert pictures_of(film)
    assert {"clip ordered", "clip done"} <= set(journalled(one))

    out = tmp_path / "e.zip"
    code, _, errors = await paikou(
        "evidence", str(site), "--event", str(event), "--output", str(out)
    )
    assert code == 0, errors
    with zipfile.ZipFile(out) as packed:
        inside = [name for name in packed.namelist() if name.startswith("clips/")]
    assert sorted(inside) == [f"clips/{film.stem}.{part}" for part in ("jpg", "json", "mp4")]
    assert verify_bundle(out).faults == []


async def test_stopped_camera_process_is_replaced_and_polling_goes_on(
    site_file: SiteFile, daemon: Start, port: int
) -> None:
    site = site_file(1, watched_outlet(port))
    async with Instrument(buses(site)["net1"]).answering():
        one = await daemon(site)
        await until(lambda: [state for state, _ in orders(one)] == ["done"], within_s=120)
        first = camera_pid(one)
        assert first is not None
        os.kill(first, signal.SIGSTOP)

        def samples() -> int:
            return int(one.rows("SELECT count(*) FROM samples")[0][0])

        before = samples()
        await until(lambda: camera_pid(one) not in (None, first), within_s=180)
        assert samples() > before + 5
        assert not lives(first)
    assert "task failed" not in journalled(one)


async def test_camera_that_is_not_there_is_told_and_stops_nothing(
    site_file: SiteFile, daemon: Start
) -> None:
    site = site_file(1, watched_outlet(free_port()))
    async with Instrument(buses(site)["net1"]).answering():
        one = await daemon(site)
        await until(
            lambda: bool(one.rows("SELECT 1 FROM events WHERE kind = 'camera_offline'")),
            within_s=180,
        )
        await until(lambda: [state for state, _ in orders(one)] == ["failed"], within_s=180)
        assert one.rows("SELECT 1 FROM events WHERE kind = 'camera_no_clip'")
        assert one.rows("SELECT 1 FROM events WHERE kind = 'exceedance'")


async def test_camera_process_ends_with_a_daemon_that_is_killed(
    site_file: SiteFile, daemon: Start, port: int
) -> None:
    one = await daemon(site_file(1, watched_outlet(port)))
    await until(lambda: camera_pid(one) is not None, within_s=120)
    pid = camera_pid(one)
    await one.stop(signal.SIGKILL)
    await until(lambda: not lives(pid), within_s=60)


async def test_daemon_with_a_camera_ends_in_good_order_and_loads_no_opencv(
    site_file: SiteFile, daemon: Start, port: int
) -> None:
    one = await daemon(site_file(1, watched_outlet(port)))
    await until(lambda: camera_pid(one) is not None, within_s=120)
    pid = camera_pid(one)
    assert loaded_by(one) == {"sqlite3"}
    assert await one.stop() == 0
    assert not lives(pid)
