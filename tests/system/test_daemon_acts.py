"""What a person and a contact do beside a running daemon: switch, key, door, trigger, battery."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from daemon_bench import HOST, Daemon, SiteFile, Start, buses, environment, free_port, until
from test_probe_command import paikou

pytestmark = pytest.mark.system


@dataclass(slots=True)
class Cabinet:
    """A Modbus TCP endpoint: pH 7 in every register, contacts that the test turns, and relays."""

    port: int
    contacts: set[int] = field(default_factory=set)
    relays: set[int] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, HOST, self.port)
        async with server:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                number, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                function, start, count = struct.unpack(">BHH", await reader.readexactly(length - 1))
                writer.write(self._answer(number, unit, function, start, count))
                await writer.drain()
        writer.close()

    def _answer(self, number: int, unit: int, function: int, start: int, count: int) -> bytes:
        if function == 5:
            (self.relays.add if count else self.relays.discard)(start)
            body = struct.pack(">BBHH", unit, function, start, count)
            return struct.pack(">HHH", number, 0, len(body)) + body
        if function in (1, 2):
            on = self.relays if function == 1 else self.contacts
            bits = sum(1 << n for n in range(count) if start + n in on)
            data = bits.to_bytes((count + 7) // 8, "little")
        else:
            data = b"\x00\x07" * count
        body = bytes((unit, function, len(data))) + data
        return struct.pack(">HHH", number, 0, len(body)) + body


def cabinet(*given: dict[str, Any]) -> Any:
    def change(site: dict[str, Any]) -> None:
        module = {"id": "io", "profile": "modules/plc-contacts", "bus": "net1", "address": 2}
        site["devices"].append({**module, "period_s": 0.5})
        site["inputs"] = [
            {"device": "io", "outlet": "DW001", "debounce_s": 0, **one} for one in given
        ]

    return change


async def cause(one: Daemon) -> str:
    """Give the cause of the newest sample of pH at DW001 as the platform is told."""
    rows = one.rows(
        "SELECT body FROM outbox WHERE station = 'one' AND cn = '2011' ORDER BY id DESC"
    )
    return rows[0][0].rpartition("w01001-Flag=")[2][:1] if rows else ""


async def flagged(one: Daemon, letter: str) -> None:
    async def is_so() -> bool:
        return await cause(one) == letter

    await until(is_so)


async def test_switch_marks_values_live_survives_a_restart_and_is_seen(
    site_file: SiteFile, daemon: Start
) -> None:
    site = site_file(free_port())
    async with Cabinet(buses(site)["net1"]).answering():
        one = await daemon(site)
        await flagged(one, "N")
        on = ("DW001", "--by", "张三", "--why", "换泵管", "--for", "1h")
        code, output, errors = await paikou("maintain", str(site), *on)
        assert (code, errors) == (0, ""), output
        await flagged(one, "M")
        assert await one.stop() == 0
        one = await daemon(site)
        (switched,) = (await one.ask("status"))["maintenance"]
        assert (switched["kind"], switched["who"]) == ("maintenance", "张三")
        code, output, _ = await paikou("status", str(site))
        assert "DW001  maintenance until" in output
        assert "张三" in output
        await flagged(one, "M")
        code, output, _ = await paikou("maintain", str(site), "DW001", "--by", "李四", "--end")
        assert (code, output) == (0, "DW001: ended (1)\n")
        await flagged(one, "N")
        assert (await one.ask("status"))["maintenance"] == []


async def test_contacts_of_a_module_are_told_and_shown(site_file: SiteFile, daemon: Start) -> None:
    door = {"id": "door1", "means": "door", "point": "contact1"}
    key = {"id": "key1", "means": "stopped", "point": "contact2"}
    site = site_file(free_port(), cabinet(door, key))
    box = Cabinet(buses(site)["net1"])
    one = await daemon(site)
    assert {given["on"] for given in (await one.ask("status"))["inputs"]} == {None}
    code, output, _ = await paikou("status", str(site))
    assert code == 0
    assert output.count("not known") == 2
    async with box.answering():
        await flagged(one, "N")
        box.contacts |= {0, 1}

        async def shown() -> bool:
            return {given["id"]: given["on"] for given in (await one.ask("status"))["inputs"]} == {
                "door1": True,
                "key1": True,
            }

        await until(shown)
        await flagged(one, "F")
        box.contacts.clear()
        await until(
            lambda: one.rows("SELECT count(*) FROM events WHERE ended_at IS NULL") == [(0,)]
        )
        await flagged(one, "N")
        kinds = {kind for (kind,) in one.rows("SELECT kind FROM events")}
        # an instrument that is asked late on a slow machine raises an alarm, too
        assert kinds - {"alarm"} == {"door", "maintenance", "maintenance_key"}
        notices = one.rows("SELECT body FROM outbox WHERE cn = 'event'")
        told = [(json.loads(body)["kind"], json.loads(body)["state"]) for (body,) in notices]
        assert told.count(("door", "opened")) == told.count(("door", "closed")) == 1


async def test_low_battery_without_mains_is_an_orderly_end(
    site_file: SiteFile, daemon: Start
) -> None:
    mains = {"id": "mains", "means": "power", "point": "contact1"}
    ups = {"id": "ups", "means": "battery", "point": "contact2", "stop": True}
    site = site_file(free_port(), cabinet(mains, ups))
    box = Cabinet(buses(site)["net1"], {0, 1})
    async with box.answering():
        one = await daemon(site)
        await until(lambda: one.rows("SELECT kind FROM events") == [("power_battery",)])
        assert one.running, "the mains are there"
        box.contacts.discard(0)
        assert await one.ended() == 0
    assert "STOPPING=1" in one.notices.told
    what = [row[0] for row in one.rows("SELECT what FROM journal ORDER BY seq")]
    assert "stopping: battery low" in what
    assert what[-2:] == ["stop", "sealed"]
    kinds = [kind for (kind,) in one.rows("SELECT kind FROM events ORDER BY id")]
    assert kinds == ["power_battery", "power"]


async def test_siren_sounds_at_an_alarm_until_somebody_takes_note(
    site_file: SiteFile, daemon: Start
) -> None:
    def siren(site: dict[str, Any]) -> None:
        cabinet({"id": "door1", "means": "door", "point": "contact1"})(site)
        adam = {"id": "do", "profile": "modules/advantech-adam-4150", "bus": "net1"}
        site["devices"].append({**adam, "address": 4, "period_s": 60})
        site["alarms"] = {
            "levels": {"door": "urgent"},
            "signals": [{"id": "siren", "device": "do", "longest_s": 600}],
        }

    site = site_file(free_port(), siren)
    box = Cabinet(buses(site)["net1"])
    async with box.answering():
        one = await daemon(site)
        await flagged(one, "N")
        assert box.relays == set()
        box.contacts.add(0)
        await until(lambda: box.relays == {0x10})
        (alarm,) = (await one.ask("status"))["alarms"]
        assert (alarm["kind"], alarm["level"], alarm["lasts"]) == ("door", "urgent", True)
        code, output, _ = await paikou("status", str(site))
        assert "■ alarm 1" in output
        done = (str(site), "ack", "1", "--by", "张三", "--why", "在现场")
        code, output, errors = await paikou("alarms", *done)
        assert (code, output) == (0, "1 acknowledged\n"), errors
        await until(lambda: box.relays == set())
        assert (await one.ask("status"))["alarms"] == []
        await until(
            lambda: (
                one.rows("SELECT kind, state FROM actions ORDER BY id")
                == [("output_on", "done"), ("output_off", "done")]
            )
        )


async def test_current_loop_is_checked_beside_the_daemon_and_without_it(
    site_file: SiteFile, daemon: Start
) -> None:
    def module(site: dict[str, Any]) -> None:
        one = {"id": "ai", "profile": "modules/icpdas-m7017rc", "bus": "net1", "address": 3}
        site["devices"].append(one)

    async def check(*more: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent.cli", "probe", str(site), "ai", "--loop", *more,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, env=environment(),
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(b"\n\n\n"), 120)
        return process.returncode or 0, out.decode()

    site = site_file(free_port(), module)
    # 7 of 65535 is the very low end of plus and minus 20 mA
    said = "4 mA: read -19.996 mA, error -1499.7 ‰\n"
    async with Cabinet(buses(site)["net1"]).answering():
        assert await check("ai0", "--feed", "4") == (0, said)
        await daemon(site)
        assert await check("ai0", "--feed", "4") == (0, said)
        assert await check("ai9", "--feed", "4,12") == (2, ""), "nobody is asked to feed a current"
