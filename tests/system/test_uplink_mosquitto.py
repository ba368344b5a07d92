"""Link and station against a real broker: wills, sessions, logins, outages, TLS."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from daemon_bench import free_port
from uplink_bench import (
    MN,
    TOPICS,
    Certificates,
    Listener,
    gateway,
    login,
    make_certificates,
    posted,
    tls_mosquitto,
)
from uplink_platform import framed
from uplink_scripted import Scripted, until, uplink_threads

from agent.errors import Rejected, Unreachable
from agent.tools.broker import Broker
from agent.tools.broker import Login as User
from agent.uplink.header import Header
from agent.uplink.link import NOBODY_SUBSCRIBED, Outcome, Sent
from agent.uplink.mqtt import MqttLink
from agent.uplink.sealing import KeyRing
from protocols.hj212.editions import edition
from protocols.hj212.seal import unsealer

pytestmark = pytest.mark.system

Require = Callable[[str], Path]
ACCEPTED = Sent(Outcome.ACCEPTED, "PUBACK 0")


@pytest.fixture(autouse=True)
async def no_thread_is_left() -> AsyncIterator[None]:
    yield
    await until(lambda: uplink_threads() == [])


async def test_birth_is_retained_and_a_clean_end_takes_it_back(
    broker: Broker, tmp_path: Path
) -> None:
    async with posted(tmp_path / "store", broker.url) as post:
        async with post.working() as station:
            await until(lambda: station.state.linked)
            async with Listener(broker.port) as listener:
                await listener.until_heard("state")
        async with Listener(broker.port) as later:
            await later.until_heard("state")
    ((topic, payload, retained),) = [one for one in listener.heard if one[0].endswith("state")]
    assert (topic, json.loads(payload)["online"], retained) == (f"{TOPICS}/state", True, True)
    assert [json.loads(one)["online"] for one in later.payloads("state")] == [False]


async def test_health_is_retained_beside_the_birth(broker: Broker, tmp_path: Path) -> None:
    async with posted(tmp_path / "store", broker.url) as post, post.working() as station:
        await until(lambda: station.state.linked)
        async with Listener(broker.port, (f"{TOPICS}/health",)) as listener:
            await listener.until_heard("health")


async def test_will_is_said_when_we_vanish(broker: Broker) -> None:
    async with Listener(broker.port) as listener:
        link = MqttLink(login(broker.url))
        await link.__aenter__()
        assert link._client.line is not None
        link._client.line.line.shutdown(socket.SHUT_RDWR)  # no goodbye, like a pulled cable
        await listener.until_heard("state")
        await link.__aexit__(None, None, None)
    assert json.loads(listener.payloads("state")[0])["online"] is False


async def test_upload_is_accepted_where_somebody_listens_and_kept_where_nobody_does(
    broker: Broker,
) -> None:
    async with MqttLink(login(broker.url)) as link:
        sent = await link.publish(f"{TOPICS}/up/2051", b"x")
        assert sent == Sent(Outcome.KEPT, f"PUBACK {NOBODY_SUBSCRIBED}")
        async with Listener(broker.port) as listener:
            assert await link.publish(f"{TOPICS}/up/2051", b"y") == ACCEPTED
            await listener.until_heard("up/2051")
    assert listener.payloads("up/2051") == [b"y"]


async def test_request_sent_while_we_were_away_is_waiting_for_us(broker: Broker) -> None:
    async with MqttLink(login(broker.url)) as link:
        await link.publish("x", b"", qos=1)
    async with Listener(broker.port, ("x",)) as platform:
        platform.say(f"{TOPICS}/down", b"request")
        async with MqttLink(login(broker.url)) as link:
            arrival = await asyncio.wait_for(link.receive(), 60)
    assert (arrival.topic, arrival.payload) == (f"{TOPICS}/down", b"request")


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize("password", [None, "wrong"])
async def test_login_that_the_broker_refuses_is_told(
    require: Require, tmp_path: Path, newest: bool, password: str | None
) -> None:
    require("mosquitto")
    user = User("station", "right")
    async with Broker(free_port(), tmp_path, program="mosquitto", login=user) as broker:
        wrong = login(broker.url, newest=newest, username="station", password=password)
        with pytest.raises(Rejected, match=r"[Nn]ot authorized"):
            await MqttLink(wrong).__aenter__()
        right = login(broker.url, newest=newest, username="station", password="right")
        async with MqttLink(right) as link:
            assert (await link.publish("x", b"")).reason.startswith("PUBACK")


@pytest.mark.parametrize("versions", [(True, False), (False,)])
async def test_uploads_of_an_outage_arrive_once_the_broker_is_back(
    broker: Broker, tmp_path: Path, versions: tuple[bool, ...]
) -> None:
    gate = free_port()
    async with posted(tmp_path / "store", f"mqtt://127.0.0.1:{gate}", versions=versions) as post:
        await post.owe(*range(50))
        async with post.working() as station:
            await until(lambda: bool(station.state.error))
            for turn in (1, 2):
                # who listens is there first: MQTT 3.1.1 does not say that nobody was
                async with Listener(broker.port) as listener, gateway(gate, broker.port):
                    await post.until_sent()
                    await until(lambda: len(listener.payloads("up/2051")) == 50)
                    assert numbers(listener) == set(range(turn * 50 - 50, turn * 50))
                    await broker.stop()
                    await until(lambda: not station.state.linked)
                await broker.start()
                await post.owe(*range(turn * 50, turn * 50 + 50))
            assert station.state.drops == 2


def numbers(listener: Listener) -> set[int]:
    """Give the DataTimes heard; each upload has one frame."""
    frames = set(listener.payloads("up/2051"))
    found = {int(one.partition(b"DataTime=")[2][:14]) for one in frames}
    assert len(found) == len(frames)
    return found


async def test_broker_without_mqtt_5_is_spoken_to_in_3_1_1(tmp_path: Path) -> None:
    pytest.importorskip("amqtt")
    async with (
        Broker(free_port(), tmp_path / "broker", program="amqtt") as broker,
        posted(tmp_path / "store", broker.url, keys={"connect_s": 2.0}) as post,
        post.working() as station,
    ):
        await post.owe(1, 2, 3)
        await post.until_sent()
        assert station.state.linked


@pytest.fixture
def certificates(require: Require, tmp_path: Path) -> Certificates:
    return make_certificates(require("openssl"), tmp_path / "ours")


@pytest.fixture
async def tls_port(
    require: Require, certificates: Certificates, tmp_path: Path
) -> AsyncIterator[int]:
    port = free_port()
    async with tls_mosquitto(require("mosquitto"), tmp_path, certificates, port):
        await until(lambda: b"Opening ipv4" in (tmp_path / "tls.log").read_bytes())
        yield port


async def test_broker_of_our_own_ca_is_trusted_and_sees_our_certificate(
    tls_port: int, certificates: Certificates
) -> None:
    ours = login(
        f"mqtts://127.0.0.1:{tls_port}",
        ca=str(certificates.ca),
        client_cert=str(certificates.cert),
        client_key=str(certificates.key),
    )
    async with MqttLink(ours) as link:
        assert (await link.publish("x", b"")).reason == f"PUBACK {NOBODY_SUBSCRIBED}"


async def test_broker_that_wants_a_certificate_lets_nobody_in_without(
    tls_port: int, certificates: Certificates
) -> None:
    bare = login(f"mqtts://127.0.0.1:{tls_port}", ca=str(certificates.ca))
    with pytest.raises(Unreachable):
        await MqttLink(bare).__aenter__()


# paho leaves the socket of a handshake that failed to be closed by its destructor
LEFT = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


async def refused(certificates: Certificates, **keys: object) -> str:
    """Connect to a TLS broker with these certificates; give what was wrong."""
    async with Scripted(tls=certificates.server()).serving() as broker:
        with pytest.raises(Unreachable) as caught:
            await MqttLink(login(broker.address, **keys)).__aenter__()
        assert broker.packets == [], "not even our name was told"
    return str(caught.value)


@LEFT
async def test_broker_of_an_unknown_ca_is_refused(certificates: Certificates) -> None:
    assert "certificate verify failed" in await refused(certificates)


@LEFT
async def test_broker_of_another_ca_is_refused(
    certificates: Certificates, require: Require, tmp_path: Path
) -> None:
    theirs = make_certificates(require("openssl"), tmp_path / "theirs")
    assert "certificate verify failed" in await refused(theirs, ca=str(certificates.ca))


@LEFT
async def test_certificate_of_another_host_is_refused(require: Require, tmp_path: Path) -> None:
    elsewhere = make_certificates(require("openssl"), tmp_path / "e", name="DNS:broker.example")
    said = await refused(elsewhere, ca=str(elsewhere.ca))
    assert "certificate is not valid for '127.0.0.1'" in said


@LEFT
async def test_certificate_past_its_days_is_refused(require: Require, tmp_path: Path) -> None:
    old = make_certificates(require("openssl"), tmp_path / "old", days=-1)
    assert "expired" in await refused(old, ca=str(old.ca))


async def test_ca_file_that_is_missing_or_none_is_told_by_name(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no certificate", encoding="ascii")
    for ca in (str(tmp_path / "not-there.pem"), str(rubbish)):
        with pytest.raises(Unreachable) as caught:
            await MqttLink(login("mqtts://127.0.0.1:1", ca=ca)).__aenter__()
        assert "mqtts://127.0.0.1:1" in str(caught.value)
        assert ca in str(caught.value)


async def test_sealed_station_over_mqtt_writes_cipher_and_reads_its_answer(
    broker: Broker, tmp_path: Path
) -> None:
    header = Header(edition("hj212-2025"), MN, "123456", KeyRing(b"0" * 16))
    manners = {"ack": "9014", "timeout_s": 20, "heartbeat_s": 0.05}
    async with (
        Listener(broker.port) as listener,
        posted(tmp_path / "store", broker.url, header=header, manners=manners) as post,
    ):
        await post.owe(7)
        async with post.working():
            await listener.until_heard("up/2051")
            (frame,) = listener.payloads("up/2051")
            assert b"DataTime" not in frame
            (plain, *_) = unsealer([b"0" * 16])(frame[6:-6])
            assert plain.endswith(b"CP=&&DataTime=00000000000007&&")
            qn = plain[3:20].decode()
            answer = framed(f"QN={qn};ST=91;CN=9014;PW=123456;MN={MN};Flag=8;CP=&&&&")
            listener.say(f"{TOPICS}/down", answer)
            await post.until_sent()
            await listener.until_heard("up/9015")
        assert await post.states() == [("accepted", "9014")]
