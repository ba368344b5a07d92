"""A contractor's own server over mosquitto: it looks into a running daemon, and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import MN, Daemon, Instrument, SiteFile, Start, buses, free_port, until
from uplink_bench import Listener

from agent.tools.broker import Broker

pytestmark = pytest.mark.system

TOPICS = f"ops/{MN}"
PASSWORD = "correct-horse-battery"


def diagnosis(server: Listener, ref: str) -> list[dict[str, Any]]:
    told = [json.loads(payload) for payload in server.payloads("/diagnosis")]
    return sorted((one for one in told if one["ref"] == ref), key=lambda one: one["part"])


async def asked(server: Listener, kind: str, **body: Any) -> dict[str, Any]:
    """Ask, wait for all parts, and give the answer with its content put together."""
    ref = f"{kind}-{len(server.heard)}"
    server.say(f"{TOPICS}/order", json.dumps({"ref": ref, "kind": kind, "body": body}).encode())

    def whole() -> bool:
        found = diagnosis(server, ref)
        return bool(found) and len(found) == found[0]["parts"]

    await until(whole)
    found = diagnosis(server, ref)
    return {**found[0], "content": "".join(one["content"] for one in found)}


async def frames_of(server: Listener, station: str) -> list[dict[str, Any]]:
    answer = await asked(server, "frames", station=station)
    found: list[dict[str, Any]] = json.loads(answer["content"])["frames"]
    return found


def with_ops(secret: Path, port: int) -> Any:
    def change(site: dict[str, Any]) -> None:
        mqtt = {"username": "paikou", "password": {"file": str(secret)}, "reconnect_s": 1}
        server = {"id": "home", "type": "ops", "addresses": [f"mqtt://127.0.0.1:{port}"]}
        site["destinations"].append({**server, "mqtt": mqtt})

    return change


async def test_ops_server_looks_and_changes_nothing(
    broker: Broker, site_file: SiteFile, daemon: Start, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD, encoding="utf-8")
    site = site_file(broker.port, with_ops(secret, broker.port))
    ports = buses(site)
    async with (
        Instrument(ports["net1"]).answering(),
        Listener(broker.port, (f"{TOPICS}/#",)) as server,
    ):
        one = await daemon(site)
        await one.linked("one")
        await until(lambda: b'"online":true' in b"".join(server.payloads("/state")))

        status = json.loads((await asked(server, "diagnose"))["content"])["status"]
        assert {line["id"] for line in status["stations"]} == {"one", "two"}

        async def logged() -> bool:
            return any(line["cn"] == "2011" for line in await frames_of(server, "one"))

        await until(logged)
        frames = await frames_of(server, "one")
        assert {line["station"] for line in frames} == {"one"}
        assert all("PW=123456" not in line["text"] for line in frames)

        lines = json.loads((await asked(server, "logs"))["content"])["lines"]
        assert any("connected to" in line for line in lines)

        probe = json.loads((await asked(server, "probe", device="ph1"))["content"])
        assert probe["ok"] is True
        assert (await asked(server, "probe", device="nothing"))["state"] == "refused"

        for kind in ("freeze", "supervision", "resend"):
            assert (await asked(server, kind))["state"] == "refused"
        assert one.rows("SELECT * FROM orders") == []
        assert one.rows("SELECT DISTINCT kind FROM actions") == [("probe",)]
        assert not [topic for topic, _, _ in server.heard if "/up/" in topic], "no data goes there"
        assert all(PASSWORD.encode() not in payload for _, payload, _ in server.heard)
        await until_offline(one, server)


async def until_offline(one: Daemon, server: Listener) -> None:
    assert await one.stop() == 0
    await until(lambda: b'"online":false' in server.payloads("/state")[-1])


async def test_ops_server_is_found_again_after_its_broker_was_away(
    broker: Broker, site_file: SiteFile, daemon: Start, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD, encoding="utf-8")
    site = site_file(free_port(), with_ops(secret, broker.port))  # its platform is never there
    one = await daemon(site)
    await one.heard("home: connected")
    await broker.stop()
    await broker.start()
    async with Listener(broker.port, (f"{TOPICS}/#",)) as server:
        await until(lambda: one.said().count("home: connected") == 2)
        assert (await asked(server, "logs", lines=1))["state"] == "done"
