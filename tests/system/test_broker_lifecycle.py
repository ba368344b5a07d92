from __future__ import annotations

import asyncio
import os
import socket
import threading
from pathlib import Path
from typing import get_args

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from platform_bench import HOST, Require, Station, real_time

from agent.tools.broker import Broker, BrokerError, Login, Program, choose_program, free_port

pytestmark = pytest.mark.system

PROGRAMS: tuple[Program, ...] = get_args(Program)
VERSIONS = {"mosquitto": 5, "amqtt": 4}


def need(require: Require, program: Program) -> None:
    if program == "mosquitto":
        require("mosquitto")
    else:
        pytest.importorskip("amqtt")


async def login_answer(port: int, username: str, password: str) -> str:
    """Try to log in by 3.1.1 and give the broker's answer in words."""
    answered = threading.Event()
    answers: list[str] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "who", protocol=MQTTProtocolVersion.MQTTv311)
    client.username_pw_set(username, password)

    def connected(_c: object, _u: object, _f: object, reason: object, _p: object) -> None:
        answers.append(str(reason))
        answered.set()

    client.on_connect = connected
    client.connect(HOST, port)
    client.loop_start()
    try:
        assert await asyncio.to_thread(answered.wait, 10)
    finally:
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)
    return answers[0]


@pytest.mark.parametrize("program", PROGRAMS)
async def test_broker_carries_messages_and_can_be_cut_off_and_started_again(
    program: Program, tmp_path: Path, require: Require
) -> None:
    need(require, program)
    version = VERSIONS[program]
    async with Broker(free_port(), tmp_path, program=program) as broker:
        pids = [broker.pid]
        async with Station(broker.port, version=version) as station:
            await station.publish(real_time(1))
        await broker.stop()
        assert not broker.running
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, broker.port)
        await broker.start()
        pids.append(broker.pid)
        async with Station(broker.port, version=version) as station:
            await station.publish(real_time(2))
    assert pids[0] != pids[1]
    with pytest.raises(ProcessLookupError):
        os.kill(pids[1] or 0, 0)


@pytest.mark.parametrize("program", PROGRAMS)
async def test_message_waits_for_a_client_with_a_session_that_is_away(
    program: Program, tmp_path: Path, require: Require
) -> None:
    need(require, program)
    heard = threading.Event()
    async with Broker(free_port(), tmp_path, program=program) as broker:

        def away() -> mqtt.Client:
            client = mqtt.Client(
                CallbackAPIVersion.VERSION2, "away", clean_session=False,
                protocol=MQTTProtocolVersion.MQTTv311,
            )  # fmt: skip
            client.on_message = lambda *_: heard.set()
            return client

        subscribed = threading.Event()
        first = away()
        first.on_subscribe = lambda *_: subscribed.set()
        first.on_connect = lambda client, *_: client.subscribe("hj212/+/up/#", qos=1)
        first.connect(HOST, broker.port)
        first.loop_start()
        assert await asyncio.to_thread(subscribed.wait, 10)
        first.disconnect()
        await asyncio.to_thread(first.loop_stop)
        async with Station(broker.port, version=4) as station:
            await station.publish(real_time(1))
            # amqtt throws anonymous sessions away a second after they leave
            await asyncio.sleep(1.5)
        second = away()
        second.connect(HOST, broker.port)
        second.loop_start()
        try:
            assert await asyncio.to_thread(heard.wait, 10)
        finally:
            second.disconnect()
            await asyncio.to_thread(second.loop_stop)


@pytest.mark.parametrize("program", PROGRAMS)
async def test_login_is_asked_for(program: Program, tmp_path: Path, require: Require) -> None:
    need(require, program)
    login = Login("agent", "correct horse")
    async with Broker(free_port(), tmp_path, program=program, login=login) as broker:
        assert await login_answer(broker.port, "agent", "correct horse") == "Success"
        assert await login_answer(broker.port, "agent", "wrong") == "Not authorized"
        shown = await asyncio.to_thread(Path(f"/proc/{broker.pid}/cmdline").read_bytes)
    assert b"correct" not in shown


@pytest.mark.parametrize("program", PROGRAMS)
async def test_port_of_somebody_else_is_refused_and_left_alone(
    program: Program, tmp_path: Path, require: Require
) -> None:
    need(require, program)
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        broker = Broker(port, tmp_path, program=program)
        with pytest.raises(BrokerError, match=f"port {port} of 127.0.0.1 is not free"):
            await broker.start()
        assert not broker.running


async def test_broker_that_dies_at_once_is_told_with_its_own_words(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    spoiled = tmp_path / "a\nnonsense 1"  # breaks a line of its settings file in two
    broker = Broker(free_port(), spoiled, program="mosquitto", login=Login("a", "b"))
    with pytest.raises(BrokerError, match="Unknown configuration variable"):
        await broker.start()
    assert not broker.running


async def test_broker_listens_on_loopback_only(tmp_path: Path, require: Require) -> None:
    require("mosquitto")
    async with Broker(free_port(), tmp_path, program="mosquitto") as broker:
        table = await asyncio.to_thread(Path("/proc/net/tcp").read_text)
        listening = [line.split()[1] for line in table.splitlines()[1:] if line.split()[3] == "0A"]
    assert f"0100007F:{broker.port:04X}" in listening
    assert f"00000000:{broker.port:04X}" not in listening


def test_mosquitto_is_preferred(require: Require) -> None:
    require("mosquitto")
    assert choose_program() == "mosquitto"
