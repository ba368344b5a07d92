"""The MQTT link against a broker that says, byte by byte, what a script has it say."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator

import pytest
from uplink_scripted import (
    CONNECT,
    DISCONNECT,
    PUBLISH,
    SUBSCRIBE,
    Close,
    Greeting,
    Mute,
    Packet,
    Scripted,
    connack,
    packet,
    puback,
    publish,
    until,
    uplink_threads,
)

from agent.errors import LinkError, Rejected, Unreachable
from agent.uplink.link import Outcome, Sent
from agent.uplink.login import Login, Will
from agent.uplink.mqtt import INBOX, MqttLink, NoGreeting, TakenOver, UnknownVersion
from agent.uplink.mqtt_client import LARGEST_DOWN, OVERHEAD

pytestmark = pytest.mark.system

WILL = Will("p/MN/state", b'{"online":false}')
DOWN = "p/MN/down"
SOON_S = 0.3
"""A time-out that a test has to wait for."""


def login(address: str, *, newest: bool = True, connect_s: float = 10.0, **keys: object) -> Login:
    return Login(address, "paikou-MN", WILL, (DOWN,), newest, connect_s=connect_s, **keys)  # type: ignore[arg-type]


@pytest.fixture
async def broker() -> AsyncIterator[Scripted]:
    async with Scripted().serving() as broker:
        yield broker


@pytest.fixture(autouse=True)
async def no_thread_is_left() -> AsyncIterator[None]:
    yield
    await until(lambda: uplink_threads() == [])


async def refusal(broker: Scripted, **keys: object) -> LinkError:
    """Connect, and give the error that came of it."""
    try:
        async with MqttLink(login(broker.address, **keys)):  # type: ignore[arg-type]
            pass
    except LinkError as error:
        return error
    raise AssertionError("the connection came about")


@pytest.mark.parametrize(
    ("greeting", "newest", "kind", "says"),
    [
        (connack(132), True, UnknownVersion, "version"),
        (connack(1, version=4), True, UnknownVersion, "version"),
        (connack(134), True, Rejected, "user name or password"),
        (connack(135), True, Rejected, "[Nn]ot authorized"),
        (connack(133), True, Rejected, "[Ii]dentifier"),
        (connack(138), True, Rejected, "[Bb]anned"),
        (connack(5, version=4), False, Rejected, "[Nn]ot authorized"),
        (connack(4, version=4), False, Rejected, "user name or password"),
        (connack(3, version=4), False, Unreachable, "unavailable"),
        (connack(137), True, Unreachable, "busy"),
        (connack(159), True, Unreachable, "rate"),
        (Close, True, NoGreeting, "without a greeting"),
        (Close, False, NoGreeting, "without a greeting"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", True, NoGreeting, "no answer"),
        (packet(0x20, b""), True, NoGreeting, "without a greeting"),
    ],
)
async def test_greeting_reads_as(
    broker: Scripted, greeting: bytes | object, newest: bool, kind: type, says: str
) -> None:
    answer: Greeting = lambda _: greeting  # noqa: E731
    broker.greet = answer
    error = await refusal(broker, newest=newest, connect_s=1.0)
    assert type(error) is kind
    with pytest.raises(kind, match=says):
        raise error
    assert str(error).startswith(f"{broker.address}: ")


async def test_broker_that_never_greets_is_given_up(broker: Scripted) -> None:
    broker.greet = lambda _: None
    error = await refusal(broker, connect_s=SOON_S)
    assert type(error) is NoGreeting
    assert str(error) == f"{broker.address}: no answer in 0.3 s"


@pytest.mark.parametrize("newest", [True, False])
async def test_nobody_there_is_unreachable(newest: bool) -> None:
    async with Scripted().serving() as gone:
        pass
    error = await refusal(gone, newest=newest)
    assert type(error) is Unreachable
    assert "refused" in str(error)


@pytest.mark.parametrize("host", ["a..b", "x" * 70])
async def test_host_name_that_cannot_be_one_is_unreachable(host: str) -> None:
    with pytest.raises(Unreachable):
        async with MqttLink(login(f"mqtt://{host}:1")):
            pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho's socket
async def test_giving_up_while_dialling_holds_nobody_up() -> None:
    """A handshake that hangs has a thread of its own: the daemon's end does not wait for it."""
    async with Mute() as mute:
        link = MqttLink(login(f"mqtts://127.0.0.1:{mute.port}", connect_s=60.0))
        task = asyncio.create_task(link.__aenter__())
        await until(lambda: bool(mute.callers))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 60)
        assert uplink_threads() == ["dial-paikou-MN"], "still in its handshake"


async def test_connect_says_who_we_are_and_leaves_a_will(broker: Scripted) -> None:
    async with MqttLink(login(broker.address, username="u", password="p")):
        await until(lambda: len(broker.packets) == 2)
    connect = broker.packets[0]
    assert connect.kind == CONNECT
    assert connect.body[:7] == b"\0\x04MQTT\x05"
    flags = connect.body[7]
    assert flags == 0b1110_1100, "user, password, will retained with QoS 1, no clean start"
    assert int.from_bytes(connect.body[8:10]) == 60
    assert b"\x11\x00\x00\x0e\x10" in connect.body, "session expiry: an hour"
    for text in (b"paikou-MN", WILL.topic.encode(), WILL.payload, b"u", b"p"):
        assert len(text).to_bytes(2) + text in connect.body
    assert broker.packets[1].kind == SUBSCRIBE
    assert b"\0" + bytes([len(DOWN)]) + DOWN.encode() in broker.packets[1].body


async def test_3_1_1_connects_with_the_same_will(broker: Scripted) -> None:
    async with MqttLink(login(broker.address, newest=False)) as link:
        assert await link.publish("t", b"x") == Sent(Outcome.ACCEPTED, "PUBACK 0")
        assert not link.shows_delivery
    body = broker.packets[0].body
    assert body[6:8] == bytes([4, 0b0010_1100])


async def test_clean_goodbye_says_what_the_will_would_have_said(broker: Scripted) -> None:
    """Else the retained birth would claim for ever that we are there."""
    async with MqttLink(login(broker.address)):
        pass
    await until(lambda: broker.packets[-1].kind == DISCONNECT)
    last = broker.packets[-2]
    assert (last.kind, last.flags) == (PUBLISH, 0b0001)
    assert (last.topic, last.payload) == (WILL.topic, WILL.payload)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [(0, Outcome.ACCEPTED), (16, Outcome.KEPT), (0x99, Outcome.REJECTED), (0x97, Outcome.KEPT)],
)
async def test_puback_reason_comes_through(broker: Scripted, reason: int, outcome: Outcome) -> None:
    broker.answer = lambda one: puback(one.mid, reason)
    async with MqttLink(login(broker.address)) as link:
        assert await link.publish("t", b"x") == Sent(outcome, f"PUBACK {reason}")


async def test_puback_that_never_comes_ends_the_link(broker: Scripted) -> None:
    broker.answer = lambda _: None
    async with MqttLink(login(broker.address, ack_s=SOON_S)) as link:
        with pytest.raises(Unreachable, match="no PUBACK"):
            await link.publish("t", b"x")
        with pytest.raises(Unreachable, match="no PUBACK"):
            await link.receive()
        with pytest.raises(Unreachable, match="no PUBACK"):
            await link.publish("t", b"y")


@pytest.mark.parametrize("skips_the_first", [False, True])
async def test_slow_line_is_given_up_only_when_the_next_puback_does_not_come(
    broker: Scripted, skips_the_first: bool
) -> None:
    """A large window takes its time; a broker acknowledges in the order in which it was given."""
    broker.answer = lambda _: None
    async with MqttLink(login(broker.address, ack_s=SOON_S)) as link:
        sends = [asyncio.create_task(link.publish("t", b"x")) for _ in range(6)]
        await until(lambda: len(broker.published()) == 6)
        for one in broker.published()[skips_the_first:]:
            await asyncio.sleep(SOON_S / 2)
            broker.say(puback(one.mid))
        first, *_, last = await asyncio.gather(*sends, return_exceptions=True)
    if skips_the_first:
        assert "no PUBACK" in str(first) and "no PUBACK" in str(last)
    else:
        assert first == last == Sent(Outcome.ACCEPTED, "PUBACK 0")


async def test_connection_cut_while_waiting_for_puback_ends_the_waiting(broker: Scripted) -> None:
    broker.answer = lambda _: None
    async with MqttLink(login(broker.address)) as link:
        sends = [asyncio.create_task(link.publish("t", b"x")) for _ in range(5)]
        await until(lambda: len(broker.published()) == 5)
        broker.cut()
        for result in await asyncio.gather(*sends, return_exceptions=True):
            assert isinstance(result, Unreachable)


async def test_id_of_a_qos_0_message_acknowledges_nothing_later(broker: Scripted) -> None:
    """Packet identifiers come round after 65,535 messages; health is sent each minute."""
    broker.answer = lambda _: None
    async with MqttLink(login(broker.address, ack_s=SOON_S)) as link:
        await link.publish("health", b"h", qos=0, retain=True)
        await until(lambda: len(broker.published()) == 1)
        await asyncio.sleep(0)
        link._client._paho._last_mid -= 1  # the next message gets that very id
        with pytest.raises(Unreachable, match="no PUBACK"):
            await link.publish("t", b"x")


async def test_messages_are_acknowledged_each_by_its_own_id(broker: Scripted) -> None:
    held: list[Packet] = []

    def hold(one: Packet) -> bytes | None:
        held.append(one)
        if len(held) < 3:
            return None
        wrong_way_round = reversed(held)
        return b"".join(puback(it.mid, 16 if it.payload == b"1" else 0) for it in wrong_way_round)

    broker.answer = hold
    async with MqttLink(login(broker.address)) as link:
        sent = await asyncio.gather(*[link.publish("t", str(n).encode()) for n in range(3)])
    assert [one.reason for one in sent] == ["PUBACK 0", "PUBACK 16", "PUBACK 0"]


async def test_no_more_is_in_flight_than_the_broker_takes(broker: Scripted) -> None:
    broker.greet = lambda _: connack(properties=b"\x21\x00\x02")  # Receive Maximum 2
    unanswered: list[Packet] = []
    broker.answer = lambda one: unanswered.append(one)
    most = 0
    async with MqttLink(login(broker.address)) as link:
        sends = [asyncio.create_task(link.publish("t", b"x")) for _ in range(7)]
        for _ in range(7):
            await until(lambda: bool(unanswered))
            most = max(most, len(unanswered))
            broker.say(puback(unanswered.pop(0).mid))
        await asyncio.gather(*sends)
    assert most <= 2
    assert len([one for one in broker.published() if one.topic == "t"]) == 7


async def test_message_the_broker_would_not_take_is_rejected_here(broker: Scripted) -> None:
    """Sent all the same it would cost the connection, and after it the next one."""
    broker.greet = lambda _: connack(properties=b"\x27\x00\x00\x01\x00")  # Maximum Packet Size 256
    async with MqttLink(login(broker.address)) as link:
        sent = await link.publish("t", b"x" * 300)
        assert (sent.outcome, sent.reason) == (
            Outcome.REJECTED,
            "317 bytes, the broker takes 256",
        )
        assert (await link.publish("t", b"x" * 200)).outcome is Outcome.ACCEPTED
    assert [len(one.payload) for one in broker.published() if one.topic == "t"] == [200]


async def test_largest_message_is_rejected_when_the_broker_hangs_up_over_its_size(
    broker: Scripted,
) -> None:
    broker.answer = lambda _: None
    async with MqttLink(login(broker.address)) as link:
        sends = [asyncio.create_task(link.publish("t", b"x" * size)) for size in (5, 900, 50)]
        await until(lambda: len(broker.published()) == 3)
        broker.say(packet(DISCONNECT, b"\x95\x00"))
        small, large, middle = await asyncio.gather(*sends, return_exceptions=True)
    assert large == Sent(Outcome.REJECTED, "PUBACK 149")
    assert isinstance(small, Unreachable)
    assert isinstance(middle, Unreachable)


async def test_session_taken_over_is_told_apart(broker: Scripted) -> None:
    async with MqttLink(login(broker.address)) as link:
        broker.say(packet(DISCONNECT, b"\x8e\x00"))
        with pytest.raises(TakenOver):
            await link.receive()
        with pytest.raises(TakenOver):
            await link.publish("t", b"x")
    await until(lambda: uplink_threads() == [])
    assert broker.published() == [], "the other one is there: we must not say that we are gone"


async def test_other_goodbye_of_the_broker_is_unreachable(broker: Scripted) -> None:
    async with MqttLink(login(broker.address)) as link:
        broker.say(packet(DISCONNECT, b"\x8b\x00"))  # server shutting down
        with pytest.raises(Unreachable, match=r"[Ss]hutting down"):
            await link.receive()


async def test_what_comes_down_is_received_in_order(broker: Scripted) -> None:
    broker.behind = publish(DOWN, b"0") + publish(DOWN, b"1")
    async with MqttLink(login(broker.address)) as link:
        broker.say(publish(DOWN, b"2"))
        assert [(await link.receive()).payload for _ in range(3)] == [b"0", b"1", b"2"]


async def test_what_is_too_large_to_be_for_us_is_dropped(broker: Scripted) -> None:
    async with MqttLink(login(broker.address)) as link:
        broker.say(publish(DOWN, b"x" * (LARGEST_DOWN + 1)) + publish(DOWN, b"small"))
        assert (await link.receive()).payload == b"small"
    assert b"\x27" + (LARGEST_DOWN + OVERHEAD).to_bytes(4) in broker.packets[0].body


async def test_line_that_came_too_late_says_nothing(broker: Scripted) -> None:
    """Our next connection may live by then, and a greeting would take its session over."""
    link = MqttLink(login(broker.address))
    link._client.given_up = True
    with pytest.raises(OSError, match="given up"):
        await asyncio.to_thread(link._client.connect)
    link._client.hang_up()
    await until(lambda: broker.connections == 1)
    assert broker.packets == []


async def test_flood_from_above_ends_the_link_and_not_the_memory(broker: Scripted) -> None:
    async with MqttLink(login(broker.address)) as link:
        broker.say(publish(DOWN, b"x" * 100) * (INBOX + 50))
        await until(lambda: link._closed.done())
        received = 0
        with pytest.raises(Unreachable, match="arrivals wait"):
            while True:
                await link.receive()
                received += 1
    assert received <= INBOX


async def test_refused_subscription_is_told_and_uploads_go_on(
    broker: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    broker.suback = 0x87
    async with MqttLink(login(broker.address)) as link:
        assert (await link.publish("t", b"x")).outcome is Outcome.ACCEPTED
        await until(lambda: "nothing can come down" in caplog.text)


async def test_nothing_of_an_old_connection_is_said_on_the_next(broker: Scripted) -> None:
    """paho sends what was not acknowledged again by itself; the outbox does that."""
    broker.answer = lambda _: None
    with contextlib.suppress(Unreachable):
        async with MqttLink(login(broker.address)) as link:
            send = asyncio.create_task(link.publish("ghost", b"x"))
            await until(lambda: len(broker.published()) == 1)
            broker.cut()
            await send
    broker.answer = lambda one: puback(one.mid)
    async with MqttLink(login(broker.address)) as link:
        await link.publish("fresh", b"x")
    await until(lambda: broker.packets[-1].kind == DISCONNECT)
    assert [one.topic for one in broker.published(2)] == ["fresh", WILL.topic]


async def test_peer_that_reads_nothing_does_not_hold_up_our_end(
    broker: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    broker.deaf = True
    with caplog.at_level(logging.ERROR):
        async with asyncio.timeout(60):
            async with MqttLink(login(broker.address)) as link:
                await until(lambda: any(one.kind == SUBSCRIBE for one in broker.packets))
                await link.publish("t", b"x" * 30_000_000, qos=0)
    assert uplink_threads() == []


async def test_interface_that_is_not_there_is_named(broker: Scripted) -> None:
    error = await refusal(broker, interface="wwan77")
    assert type(error) is Unreachable
    assert "interface wwan77" in str(error)


async def test_connection_goes_out_by_the_interface(broker: Scripted) -> None:
    try:
        async with MqttLink(login(broker.address, interface="lo")) as link:
            assert link._client.line is not None
            bound = link._client.line.line.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
            assert bound.rstrip(b"\0") == b"lo"
    except Unreachable as error:
        assert "takes CAP_NET_RAW" in str(error)


async def test_what_is_no_mqtt_ends_the_link_and_nothing_else(broker: Scripted) -> None:
    async with MqttLink(login(broker.address)) as link:
        broker.say(packet(0x40, b"\x00"))  # a PUBACK without room for its number
        with pytest.raises(Unreachable):
            await asyncio.wait_for(link.receive(), 60)
