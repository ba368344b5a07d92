"""The TCP link against a peer that says, byte by byte, what a script has it say."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from daemon_bench import free_port
from uplink_bench import Certificates, make_certificates
from uplink_platform import HOST, Platform, framed
from uplink_scripted import Mute, until

from agent.errors import LinkError, Unreachable
from agent.uplink.link import Outcome, Sent
from agent.uplink.listening import CalledLink
from agent.uplink.login import TcpLogin
from agent.uplink.tcp import TcpLink
from protocols.hj212.seal import unsealer

pytestmark = pytest.mark.system

Require = Callable[[str], Path]
SOON_S = 0.3
"""A time-out that a test has to wait for."""

# HJ 212-2025 A.1: frame and CRC as the standard prints them
PRINTED = (
    b"##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;"
    b"Flag=9;CP=&&&&2200\r\n"
)
UPLOAD = framed("QN=20260610100001007;ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;"
                "Flag=5;CP=&&DataTime=20260610100000;w01018-Rtd=36.5,w01018-Flag=N&&")  # fmt: skip


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with Platform(script=lambda _: None).serving() as platform:
        yield platform


async def error_of(login: TcpLogin) -> LinkError:
    """Connect, and give the error that came of it."""
    try:
        async with TcpLink(login):
            pass
    except LinkError as error:
        return error
    raise AssertionError("the connection came about")


async def test_frame_arrives_as_it_was_written(platform: Platform) -> None:
    async with TcpLink(TcpLogin(platform.address)) as link:
        assert await link.send("2011", UPLOAD) == Sent(Outcome.ACCEPTED, "written")
        await until(lambda: len(platform.heard) == 1)
        assert link.traffic.sent == len(UPLOAD)
    assert bytes(platform.raw) == UPLOAD


async def test_printed_frame_comes_down_whole_however_it_is_cut(platform: Platform) -> None:
    async with TcpLink(TcpLogin(platform.address)) as link:
        await until(lambda: platform.connections == 1)
        for at in range(len(PRINTED)):
            platform.say(PRINTED[at : at + 1])
            await asyncio.sleep(0)
        platform.say(PRINTED + PRINTED)
        assert [(await link.receive()).payload for _ in range(3)] == [PRINTED] * 3
        assert link.traffic.received == 3 * len(PRINTED)


async def test_rubbish_between_frames_is_told_and_skipped(platform: Platform) -> None:
    broken = PRINTED.replace(b"2200", b"2201")
    async with TcpLink(TcpLogin(platform.address)) as link:
        await until(lambda: platform.connections == 1)
        platform.say(b"HTTP/1.1 400\r\n\r\n" + PRINTED + broken + PRINTED)
        arrivals = [await link.receive() for _ in range(4)]
    kinds = [one.error.kind if one.error else "" for one in arrivals]
    assert kinds == ["header", "", "crc", ""]


async def test_frame_that_stops_in_the_middle_does_not_swallow_the_next(
    platform: Platform,
) -> None:
    async with (
        asyncio.timeout(60),
        TcpLink(TcpLogin(platform.address, idle_s=SOON_S)) as link,
    ):
        await until(lambda: platform.connections == 1)
        platform.say(b"##0999QN=2024")
        first = await link.receive()
        assert first.error is not None
        assert first.error.kind == "length"
        platform.say(PRINTED)
        assert (await link.receive()).payload == PRINTED


@pytest.mark.parametrize("keys", [["30" * 16], ["31" * 16, "30" * 16]])
async def test_sealed_frame_of_the_standard_comes_down_in_clear(
    platform: Platform, keys: list[str]
) -> None:
    """Appendix A.2: the cipher holds any byte, `&&` and line ends not excepted."""
    lines = Path(__file__).parents[1].joinpath("data/hj212/sealed_2025.jsonl").read_text("utf-8")
    sealed = json.loads(lines.splitlines()[0])
    assert sealed["key"] == "30" * 16
    unseal = unsealer([bytes.fromhex(key) for key in keys])
    async with TcpLink(TcpLogin(platform.address, unseal=unseal)) as link:
        await until(lambda: platform.connections == 1)
        platform.say(PRINTED + bytes.fromhex(sealed["frame_hex"]) + PRINTED)
        arrivals = [await link.receive() for _ in range(3)]
    assert [one.sealed for one in arrivals] == [False, True, False]
    assert arrivals[1].payload.startswith(b"##0295QN=20240520210700000;ST=31;CN=2051;")
    assert b"a01014-Flag=N&&2200\r\n" in arrivals[1].payload


async def test_key_that_comes_later_opens_what_follows(platform: Platform) -> None:
    lines = Path(__file__).parents[1].joinpath("data/hj212/sealed_2025.jsonl").read_text("utf-8")
    sealed = bytes.fromhex(json.loads(lines.splitlines()[0])["frame_hex"])
    async with TcpLink(TcpLogin(platform.address)) as link:
        await until(lambda: platform.connections == 1)
        platform.say(sealed)
        assert (await link.receive()).error is not None
        link.read_with(unsealer([b"0" * 16]))
        platform.say(sealed)
        while (arrival := await link.receive()).error is not None:
            pass
    assert arrival.sealed


async def test_platform_that_hangs_up_is_noticed(platform: Platform) -> None:
    async with TcpLink(TcpLogin(platform.address)) as link:
        await until(lambda: platform.connections == 1)
        platform.say(PRINTED)
        platform.hang_up()
        assert (await link.receive()).payload == PRINTED
        with pytest.raises(Unreachable, match="hung up"):
            await link.receive()


async def test_broken_connection_is_noticed_by_both_directions(platform: Platform) -> None:
    async with TcpLink(TcpLogin(platform.address)) as link:
        await until(lambda: platform.connections == 1)
        platform.cut()
        with pytest.raises(Unreachable):
            await link.receive()
        with pytest.raises(Unreachable):
            while True:
                await link.send("2011", UPLOAD)


async def test_nobody_there_is_unreachable() -> None:
    error = await error_of(TcpLogin(f"tcp://{HOST}:{free_port()}"))
    assert isinstance(error, Unreachable)
    assert "refused" in str(error)


async def test_host_without_a_name_is_unreachable() -> None:
    error = await error_of(TcpLogin("tcp://platform.invalid:9000"))
    assert isinstance(error, Unreachable)
    assert "platform.invalid" in str(error)


async def test_peer_that_never_greets_is_given_up() -> None:
    async with Mute() as mute:
        address = f"tls://{HOST}:{mute.port}"
        error = await error_of(TcpLogin(address, connect_s=SOON_S))
    assert str(error) == f"{address}: no answer in 0.3 s"


async def test_peer_that_takes_no_bytes_is_given_up(platform: Platform) -> None:
    platform.deaf = True
    async with TcpLink(TcpLogin(platform.address, ack_s=SOON_S)) as link:
        with pytest.raises(Unreachable, match="took nothing for"):
            while True:
                await link.send("2011", b"#" * 65_536)
        with pytest.raises(Unreachable):
            await link.send("2011", UPLOAD)


@pytest.mark.parametrize("sealed_line", [False, True], ids=["tcp", "tls"])
async def test_peer_that_takes_a_large_window_slowly_is_not_given_up(
    sealed_line: bool, certificates: Certificates
) -> None:
    """What counts is that it takes something: the whole takes several times the time-out."""
    window, taken, ended = b"#" * 12_000_000, 0, asyncio.Event()
    door = socket.create_server((HOST, 0))
    door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)

    async def take_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        while data := await reader.read(160_000):
            taken += len(data)
            await asyncio.sleep(SOON_S / 15)
        writer.close()
        ended.set()

    tls = certificates.server() if sealed_line else None
    server = await asyncio.start_server(take_slowly, sock=door, limit=80_000, ssl=tls)
    scheme = "tls" if sealed_line else "tcp"
    address = f"{scheme}://{HOST}:{door.getsockname()[1]}"
    login = TcpLogin(address, ca=str(certificates.ca) if sealed_line else None, ack_s=SOON_S)
    async with server:
        async with TcpLink(login) as link:
            assert await link.send("2011", window) == Sent(Outcome.ACCEPTED, "written")
            await until(lambda: taken == len(window))
        await ended.wait()


async def test_bytes_that_nobody_took_are_told_from_those_taken(platform: Platform) -> None:
    async with TcpLink(TcpLogin(platform.address)) as link:
        await link.send("2011", UPLOAD)
        await until(lambda: link.taken)
        platform.pause()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SOON_S):
                while True:
                    await link.send("2011", b"#" * 65_536)
        assert not link.taken


async def test_notice_has_no_place(platform: Platform) -> None:
    async with TcpLink(TcpLogin(platform.address)) as link:
        assert (await link.tell("event", b"{}")).outcome is Outcome.REJECTED
        assert not link.topics
        assert not link.shows_delivery


async def test_kernel_looks_after_a_silent_line(platform: Platform) -> None:
    async with TcpLink(TcpLogin(platform.address, keepalive_s=42)) as link:
        assert link._writer is not None
        line: socket.socket = link._writer.get_extra_info("socket")
        tcp = socket.IPPROTO_TCP
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert line.getsockopt(tcp, socket.TCP_KEEPIDLE) == 42
        assert line.getsockopt(tcp, socket.TCP_USER_TIMEOUT) == 72_000


async def test_interface_that_is_not_there_is_named(platform: Platform) -> None:
    error = await error_of(TcpLogin(platform.address, "wwan77"))
    assert "interface wwan77" in str(error)


async def test_connection_goes_out_by_the_interface(platform: Platform) -> None:
    try:
        async with TcpLink(TcpLogin(platform.address, "lo")) as link:
            assert link._writer is not None
            line = link._writer.get_extra_info("socket")
            bound = line.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
            assert bound.rstrip(b"\0") == b"lo"
    except Unreachable as error:
        assert "takes CAP_NET_RAW" in str(error)


async def test_ending_a_connection_leaves_nothing_open(platform: Platform) -> None:
    async with TcpLink(TcpLogin(platform.address)):
        await until(lambda: platform.connections == 1)
    await until(lambda: platform.ended == 1)


@pytest.fixture
def certificates(require: Require, tmp_path: Path) -> Certificates:
    return make_certificates(require("openssl"), tmp_path / "tls")


async def test_platform_with_our_ca_is_believed(certificates: Certificates) -> None:
    async with Platform(tls=certificates.server()).serving() as platform:
        login = TcpLogin(platform.address, ca=str(certificates.ca))
        async with TcpLink(login) as link:
            await link.send("2011", UPLOAD)
            arrival = await link.receive()
    assert b"CN=9014" in arrival.payload
    assert bytes(platform.raw) == UPLOAD


async def test_platform_without_a_known_ca_is_not_believed(certificates: Certificates) -> None:
    async with Platform(tls=certificates.server()).serving() as platform:
        error = await error_of(TcpLogin(platform.address))
    assert "certificate" in str(error).lower()
    assert platform.heard == []


async def test_platform_of_another_name_is_not_believed(require: Require, tmp_path: Path) -> None:
    made = make_certificates(require("openssl"), tmp_path / "tls", name="DNS:other.example")
    async with Platform(tls=made.server()).serving() as platform:
        error = await error_of(TcpLogin(platform.address, ca=str(made.ca)))
    assert "certificate" in str(error).lower()


async def test_platform_may_ask_for_our_certificate(certificates: Certificates) -> None:
    server = certificates.server()
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(certificates.ca)
    cert, key = str(certificates.cert), str(certificates.key)
    async with Platform(tls=server).serving() as platform:
        ours = {"client_cert": cert, "client_key": key}
        async with TcpLink(TcpLogin(platform.address, ca=str(certificates.ca), **ours)) as link:  # type: ignore[arg-type]
            await link.send("2011", UPLOAD)
            assert b"CN=9014" in (await link.receive()).payload
        with pytest.raises(Unreachable):
            async with TcpLink(TcpLogin(platform.address, ca=str(certificates.ca))) as link:
                await link.receive()


async def test_certificate_file_that_is_missing_is_named(platform: Platform) -> None:
    address = platform.address.replace("tcp:", "tls:")
    error = await error_of(TcpLogin(address, ca="/nowhere/ca.pem"))
    assert "/nowhere/ca.pem" in str(error)


async def call(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Call in as a platform does that dials: again and again until somebody is there."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await asyncio.open_connection(HOST, port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)


async def test_platform_that_calls_in_is_talked_to() -> None:
    port = free_port()

    async def platform() -> bytes:
        reader, writer = await call(port)
        writer.write(PRINTED)
        heard = await reader.readexactly(len(UPLOAD))
        writer.close()
        await writer.wait_closed()
        return heard

    caller = asyncio.create_task(platform())
    async with CalledLink(TcpLogin(f"listen://{HOST}:{port}")) as link:
        assert (await link.receive()).payload == PRINTED
        await link.send("2011", UPLOAD)
        with pytest.raises(Unreachable, match="hung up"):
            await link.receive()
    assert await caller == UPLOAD


async def call_over_tls(port: int, context: ssl.SSLContext) -> bytes:
    """Call in, say something, and give what is said to that."""
    async with asyncio.timeout(60):
        while True:
            try:
                reader, writer = await asyncio.open_connection(
                    HOST, port, ssl=context, server_hostname=HOST
                )
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)
            else:
                writer.write(PRINTED)
                try:
                    return await reader.readexactly(len(UPLOAD))
                finally:
                    writer.close()


async def test_platform_that_calls_in_over_tls_sees_our_certificate(
    certificates: Certificates,
) -> None:
    port = free_port()
    cert, key = str(certificates.cert), str(certificates.key)
    login = TcpLogin(f"listens://{HOST}:{port}", client_cert=cert, client_key=key)
    trusting = ssl.create_default_context(cafile=str(certificates.ca))
    caller = asyncio.create_task(call_over_tls(port, trusting))
    async with CalledLink(login) as link:
        assert (await link.receive()).payload == PRINTED
        await link.send("2011", UPLOAD)
        assert await caller == UPLOAD


async def test_caller_without_tls_or_certificate_is_turned_away_and_the_next_one_gets_in(
    certificates: Certificates,
) -> None:
    port = free_port()
    cert, key, ca = str(certificates.cert), str(certificates.key), str(certificates.ca)
    login = TcpLogin(
        f"listens://{HOST}:{port}", client_cert=cert, client_key=key, ca=ca, connect_s=SOON_S
    )

    async def callers() -> bytes:
        reader, writer = await call(port)
        writer.write(PRINTED)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        nameless = ssl.create_default_context(cafile=ca)
        with pytest.raises((OSError, EOFError)):
            await call_over_tls(port, nameless)
        nameless.load_cert_chain(cert, key)
        return await call_over_tls(port, nameless)

    caller = asyncio.create_task(callers())
    async with CalledLink(login) as link:
        assert (await link.receive()).payload == PRINTED
        await link.send("2011", UPLOAD)
        assert await caller == UPLOAD


async def test_door_without_its_certificate_is_told() -> None:
    login = TcpLogin(f"listens://{HOST}:{free_port()}", client_cert="/nowhere/cert.pem")
    with pytest.raises(Unreachable, match=r"/nowhere/cert\.pem"):
        async with CalledLink(login):
            pass


async def test_nobody_else_gets_in_while_the_platform_talks() -> None:
    port = free_port()
    first = asyncio.create_task(call(port))
    async with CalledLink(TcpLogin(f"listen://{HOST}:{port}")):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, port)
        _, writer = await first
    writer.close()


async def test_wait_for_a_call_ends_when_it_is_cancelled() -> None:
    port = free_port()
    link = CalledLink(TcpLogin(f"listen://{HOST}:{port}"))
    waiting = asyncio.create_task(link.__aenter__())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    again = CalledLink(TcpLogin(f"listen://{HOST}:{port}"))
    caller = asyncio.create_task(call(port))
    async with again:
        _, writer = await caller
    writer.close()


async def test_door_that_cannot_be_opened_is_told() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unreachable, match="in use"):
            async with CalledLink(TcpLogin(f"listen://{HOST}:{port}")):
                pass
