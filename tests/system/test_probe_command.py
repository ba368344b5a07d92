"""`paikou probe` as it is typed: on an independent server, on a serial line, beside the daemon."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import SiteFile, Start, environment, free_port, until
from libmodbus_bench import UNIT, Serving, build, rtu, tcp
from rtu_slave import RtuSlave, framed, registers_frame

from protocols.registers import encode_number

pytestmark = pytest.mark.system

FIRST, SECOND = 3, 7
Change = Callable[[dict[str, Any]], None]


def electrodes(request: bytes) -> Iterator[tuple[float, bytes]]:
    """Two pH electrodes of water/ph on one line, each saying its own unit number."""
    if request[0] not in (FIRST, SECOND):
        return
    if request[1] != 3 or request[2:4] != b"\x26\x00":
        yield 0, framed(request[0], request[1] | 0x80, 2)
        return
    numbers = (25.0, float(request[0]))
    values = [word for number in numbers for word in encode_number(number, "float32", "DCBA")]
    yield 0, registers_frame(request[0], 3, *values)


def on_line(port: str) -> Change:
    def change(site: dict[str, Any]) -> None:
        site["buses"] = [{"id": "line1", "kind": "serial", "port": port, "baud": 9600}]
        for device, address in zip(site["devices"], (FIRST, SECOND), strict=True):
            device.update(bus="line1", address=address)

    return change


async def paikou(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.cli", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=environment(),
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, out.decode(), err.decode()


async def test_every_instrument_of_a_serial_line_without_a_daemon(
    tmp_path: Path, site_file: SiteFile
) -> None:
    site = site_file(free_port(), on_line(str(tmp_path / "line")))
    with RtuSlave(tmp_path / "line", electrodes):
        code, out, err = await paikou("probe", str(site), "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert code == 0, err
    assert [one["device"] for one in found] == ["ph1", "ph2"]
    assert [one["readings"][1]["value"] for one in found] == [FIRST, SECOND]
    assert found[0]["frames"][0] == [">", "03 03 26 00 00 04 4E A3"]
    assert found[0]["spans"][0]["registers"][:2] == [0x0000, 0xC841]
    assert (found[0]["cause"], found[0]["error"]) == ("normal", "")
    assert found[0]["taken_ms"] > 0


async def test_bytes_registers_and_values_are_shown_as_text(
    tmp_path: Path, site_file: SiteFile
) -> None:
    site = site_file(free_port(), on_line(str(tmp_path / "line")))
    with RtuSlave(tmp_path / "line", electrodes):
        code, out, err = await paikou("probe", str(site), "ph2")
    assert code == 0, err
    assert "> 07 03 26 00 00 04" in out
    assert "0000 C841" in out
    assert "w01001" in out


async def test_a_silent_instrument_ends_with_1_and_its_reason(
    tmp_path: Path, site_file: SiteFile
) -> None:
    site = site_file(free_port(), on_line(str(tmp_path / "line")))
    with RtuSlave(tmp_path / "line", lambda _: ()):
        code, out, _ = await paikou("probe", str(site), "ph1", "--json")
    assert code == 1
    assert json.loads(out)["error"] == "no answer in time"


async def test_a_missing_port_ends_with_1_and_names_it(tmp_path: Path, site_file: SiteFile) -> None:
    site = site_file(free_port(), on_line(str(tmp_path / "line")))
    code, out, _ = await paikou("probe", str(site), "ph1", "--json")
    assert code == 1
    assert json.loads(out)["error"] == f"{tmp_path / 'line'}: No such file or directory"


async def test_a_scan_finds_the_units_of_the_line(tmp_path: Path, site_file: SiteFile) -> None:
    site = site_file(free_port(), on_line(str(tmp_path / "line")))
    with RtuSlave(tmp_path / "line", electrodes):
        scan = ("probe", str(site), "--scan", "line1", "--units", "2-7", "--json")
        code, out, err = await paikou(*scan)
    assert code == 0, err
    assert [json.loads(line)["address"] for line in out.splitlines()] == [FIRST, SECOND]


@pytest.mark.parametrize("over", [rtu, tcp])
async def test_an_independent_server_is_probed(
    tmp_path: Path, site_file: SiteFile, over: Serving
) -> None:
    """libmodbus' server has no register 0x2600: its exception is shown, not silence."""
    async with over(build(tmp_path)) as settings:

        def change(site: dict[str, Any]) -> None:
            site["buses"] = [settings.model_dump()]
            for device, address in zip(site["devices"], (UNIT, UNIT + 1), strict=True):
                device.update(bus=settings.id, address=address)

        code, out, _ = await paikou("probe", str(site_file(free_port(), change)), "ph1", "--json")
    found = json.loads(out)
    assert code == 1
    assert "exception 2: no such address" in found["spans"][0]["error"]
    assert [mark for mark, _ in found["frames"]] == [">", "<"]
    assert (found["cause"], found["error"]) == ("normal", "")


async def test_beside_the_daemon_the_daemon_asks(
    tmp_path: Path, site_file: SiteFile, daemon: Start
) -> None:
    site = site_file(free_port(), on_line(str(tmp_path / "line")))
    with RtuSlave(tmp_path / "line", electrodes) as slave:
        await daemon(site)
        await until(lambda: len(slave.requests) > 4)
        code, out, err = await paikou("probe", str(site), "ph2", "--json")
    found = json.loads(out)
    assert code == 0, err
    assert found["asked_by"] == "daemon"
    assert found["readings"][1]["value"] == SECOND
    assert {data[:2] for _, data in found["frames"]} == {"07"}


async def test_raw_shows_the_frames_and_nothing_else(tmp_path: Path, site_file: SiteFile) -> None:
    site = site_file(free_port(), on_line(str(tmp_path / "line")))
    with RtuSlave(tmp_path / "line", electrodes):
        code, out, err = await paikou("probe", str(site), "ph1", "--raw")
    assert code == 0, err
    assert [line[:7] for line in out.splitlines()] == ["> 03 03", "< 03 03"]


async def test_a_probe_becomes_a_transcript_and_never_writes_over_one(
    tmp_path: Path, site_file: SiteFile
) -> None:
    site = site_file(free_port(), on_line(str(tmp_path / "line")))
    file = tmp_path / "new.txt"
    with RtuSlave(tmp_path / "line", electrodes):
        code, _, err = await paikou("probe", str(site), "ph2", "--transcript", str(file))
        assert code == 0, err
        lines = file.read_text(encoding="utf-8").splitlines()
        code, _, err = await paikou("probe", str(site), "ph2", "--transcript", str(file))
    assert (code, "File exists" in err) == (1, True)
    assert lines[:4] == [
        "# profile: water/ph", "# proof: recorded", "# origin: ", "# address: 7",
    ]  # fmt: skip
    assert "# read: w01001 = 7" in lines
    assert "# case: 1" in lines
    assert lines[-2].startswith("> 07 03 26 00 00 04")


async def test_a_line_is_recorded_by_the_daemon_and_read_beside_it(
    tmp_path: Path, site_file: SiteFile, daemon: Start
) -> None:
    def recorded(site: dict[str, Any]) -> None:
        on_line(str(tmp_path / "line"))(site)
        site["buses"][0]["record"] = {"mb": 0.2}

    site = site_file(free_port(), recorded)
    file = tmp_path / "new.txt"
    with RtuSlave(tmp_path / "line", electrodes):
        code, _, err = await paikou("probe", str(site), "ph1", "--recorded")
        assert (code, "nothing is recorded of line1" in err) == (1, True)
        running = await daemon(site)
        code, out, err = await paikou("probe", str(site), "ph1", "--json")
        assert code == 0, err
        assert json.loads(out)["asked_by"] == "daemon"
        code, out, _ = await paikou("status", str(site), "--json")
        (line,) = json.loads(out)["lines"]
        assert (line["id"], set(line["devices"])) == ("line1", {"ph1", "ph2"})
        assert line["asked"] == line["answered"] > 0
        assert await running.stop() == 0
    code, out, err = await paikou("probe", str(site), "ph1", "--recorded")
    assert code == 0, err
    assert any("Z > 03 03 26 00" in line for line in out.splitlines())
    code, _, err = await paikou("probe", str(site), "ph2", "--recorded", "--transcript", str(file))
    assert code == 0, err
    assert "> 07 03 26 00 00 04" in file.read_text(encoding="utf-8")
    assert "> 03 " not in file.read_text(encoding="utf-8")
