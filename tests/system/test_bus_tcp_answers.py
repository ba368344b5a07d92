"""Modbus TCP with a peer that misbehaves: transaction ids, units, closed and silent connections."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable

import pytest

from drivers.bus import Bus, Pace
from drivers.device import BadAnswer, DeviceError, Fault, NoAnswer, Refused
from drivers.line import NoLine
from drivers.settings import TcpBus

pytestmark = pytest.mark.system

PACE = Pace(timeout_s=0.3, gap_s=0.0, retries=0)
PATIENT = Pace(timeout_s=60.0, gap_s=0.0, retries=0)
SOON_S = 60.0
Wrong = Callable[[bytes], bytes]
Delayed = tuple[float, bytes | None]
"""Seconds to wait, then bytes to send; None closes the connection."""
Behaviour = Callable[[bytes], Iterable[Delayed]]


def frame(transaction: bytes, unit: int, pdu: bytes) -> bytes:
    return transaction + b"\x00\x00" + (len(pdu) + 1).to_bytes(2, "big") + bytes((unit,)) + pdu


def answer_pdu(request: bytes) -> bytes:
    """Answer every register with its own address."""
    start, count = (int.from_bytes(request[i : i + 2], "big") for i in (8, 10))
    data = b"".join(address.to_bytes(2, "big") for address in range(start, start + count))
    return bytes((request[7], len(data))) + data


def right(request: bytes) -> bytes:
    return frame(request[:2], request[6], answer_pdu(request))


def obedient(request: bytes) -> Iterable[Delayed]:
    yield 0, right(request)


class Peer:
    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.connections = 0
        self.requests: list[bytes] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self.stop_listening: Callable[[], None] = lambda: None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readexactly(6)
                request = head + await reader.readexactly(int.from_bytes(head[4:6], "big"))
                self.requests.append(request)
                for delay_s, data in self.behaviour(request):
                    await asyncio.sleep(delay_s)
                    if data is None:
                        break
                    writer.write(data)
                    await writer.drain()
                else:
                    continue
                break
        writer.close()

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()


@contextlib.asynccontextmanager
async def line(behaviour: Behaviour = obedient) -> AsyncIterator[tuple[Bus, Peer]]:
    peer = Peer(behaviour)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.stop_listening = server.close
    port = server.sockets[0].getsockname()[1]
    async with Bus(TcpBus(id="tcp", kind="tcp", host="127.0.0.1", port=port)) as bus:
        yield bus, peer
    peer.hang_up()
    server.close()


async def test_registers_come_as_they_are() -> None:
    async with line() as (bus, peer):
        assert await bus.read(1, 3, 0x10, 3, timing=PACE) == [0x10, 0x11, 0x12]
        assert await bus.read(2, 4, 0x20, 1, timing=PACE) == [0x20]
        assert peer.connections == 1


async def test_late_answer_is_not_taken_for_next_question() -> None:
    def late(request: bytes) -> Iterable[Delayed]:
        yield (0.35 if request[8:10] == b"\x01\x00" else 0), right(request)

    async with line(late) as (bus, _):
        with pytest.raises(NoAnswer):
            await bus.read(1, 3, 0x100, 3, timing=PACE)
        assert await bus.read(1, 3, 0x200, 3, timing=PACE) == [0x200, 0x201, 0x202]


async def test_late_answer_of_a_gateway_that_numbers_all_answers_zero_is_not_taken() -> None:
    """The library takes transaction id 0 for an answer to anything."""

    def zero(request: bytes) -> Iterable[Delayed]:
        late = request[8:10] == b"\x01\x00"
        yield (0.35 if late else 0), frame(b"\x00\x00", 1, answer_pdu(request))

    async with line(zero) as (bus, _):
        with pytest.raises(NoAnswer):
            await bus.read(1, 3, 0x100, 3, timing=PACE)
        with pytest.raises(BadAnswer) as caught:
            await bus.read(1, 3, 0x200, 3, timing=PACE)
        assert caught.value.fault is Fault.TRANSACTION


def another_transaction(request: bytes) -> bytes:
    return frame(bytes((request[0] ^ 1, request[1])), request[6], answer_pdu(request))


WRONG = [
    pytest.param(another_transaction, Fault.TRANSACTION, id="transaction"),
    pytest.param(lambda r: frame(r[:2], 9, answer_pdu(r)), Fault.UNIT, id="unit"),
    pytest.param(
        lambda r: frame(r[:2], r[6], b"\x04" + answer_pdu(r)[1:]), Fault.FUNCTION, id="function"
    ),
    pytest.param(lambda r: frame(r[:2], r[6], b"\x03\x02\x00\x07"), Fault.LENGTH, id="shorter"),
    pytest.param(
        lambda r: frame(r[:2], r[6], answer_pdu(r) + b"\x00\x07"), Fault.LENGTH, id="longer"
    ),
    pytest.param(
        lambda r: frame(r[:2], r[6], b"\x03\x07" + answer_pdu(r)[2:]), Fault.LENGTH, id="count"
    ),
]


@pytest.mark.parametrize(("wrong", "fault"), WRONG)
async def test_a_wrong_answer_is_refused_and_the_next_poll_is_good(
    wrong: Wrong, fault: Fault
) -> None:
    first = iter([wrong])

    def once(request: bytes) -> Iterable[Delayed]:
        make = next(first, right)
        yield 0, make(request)

    async with line(once) as (bus, _):
        with pytest.raises(BadAnswer) as caught:
            await bus.read(1, 3, 0x160, 3, timing=PACE)
        assert caught.value.fault is fault
        assert caught.value.received
        assert await comes_back(bus) == [0x200, 0x201, 0x202]


async def comes_back(bus: Bus) -> list[int]:
    async with asyncio.timeout(SOON_S):
        while True:
            with contextlib.suppress(DeviceError):
                return await bus.read(1, 3, 0x200, 3, timing=PACE, order=True)
            await asyncio.sleep(0.05)


async def test_an_exception_is_refused() -> None:
    def busy(request: bytes) -> Iterable[Delayed]:
        yield 0, frame(request[:2], request[6], b"\x83\x06")

    async with line(busy) as (bus, _):
        with pytest.raises(Refused) as caught:
            await bus.read(1, 3, 0, 3, timing=PACE)
        assert caught.value.code == 6


async def test_an_answer_in_single_bytes_is_one_answer() -> None:
    def slowly(request: bytes) -> Iterable[Delayed]:
        for byte in right(request):
            yield 0.002, bytes((byte,))

    async with line(slowly) as (bus, _):
        assert await bus.read(1, 3, 0, 3, timing=PACE) == [0, 1, 2]


@pytest.mark.parametrize("cut", [3, 7, 12, 20, 30])
async def test_an_answer_glued_to_a_late_one_and_cut_anywhere_is_read_right(cut: int) -> None:
    def glued(request: bytes) -> Iterable[Delayed]:
        late = another_transaction(request)
        whole = late + right(request)
        yield 0, whole[:cut]
        yield 0.02, whole[cut:]

    async with line(glued) as (bus, _):
        for start in (0x100, 0x200):
            came = await bus.read(1, 3, start, 3, timing=PACE)
            assert came == [start, start + 1, start + 2]


async def test_nobody_there_is_no_line() -> None:
    async with Bus(TcpBus(id="tcp", kind="tcp", host="127.0.0.1", port=1)) as bus:
        with pytest.raises(NoLine, match=r"no connection to 127\.0\.0\.1:1"):
            await bus.read(1, 3, 0, 1, timing=PACE)
        with pytest.raises(NoLine, match="next try in"):
            await bus.read(1, 3, 0, 1, timing=PACE)


async def test_what_was_never_sent_is_not_said_to_be_sent() -> None:
    def closing(request: bytes) -> Iterable[Delayed]:
        yield 0, right(request)
        yield 0, None

    async with line(closing) as (bus, peer):
        await bus.read(1, 3, 0, 1, timing=PACE)
        peer.stop_listening()
        with pytest.raises(NoLine):
            while True:
                await bus.read(1, 3, 0, 1, timing=PACE)
        with pytest.raises(NoLine) as caught:
            await bus.write(1, 0x0219, [1, 1, 3], timing=PACE)
    assert caught.value.sent == b""
    assert len(peer.requests) == 1


async def test_a_connection_closed_by_the_peer_is_made_again() -> None:
    def closing(request: bytes) -> Iterable[Delayed]:
        yield 0, right(request)
        yield 0, None

    async with line(closing) as (bus, peer):
        for _ in range(3):
            assert await comes_back(bus) == [0x200, 0x201, 0x202]
        assert peer.connections >= 3


async def test_a_connection_closed_instead_of_an_answer_is_no_line() -> None:
    def closing(_: bytes) -> Iterable[Delayed]:
        yield 0, None

    async with line(closing) as (bus, _):
        with pytest.raises(NoLine):
            await bus.read(1, 3, 0, 1, timing=PACE)


async def test_a_peer_that_lost_its_power_is_found_out_by_a_new_connection() -> None:
    def deaf(_: bytes) -> Iterable[Delayed]:
        return ()

    async with line(deaf) as (bus, peer):
        for _ in range(3):
            with pytest.raises(NoAnswer):
                await bus.read(1, 3, 0, 1, timing=Pace(0.05, 0.0, retries=0), order=True)
        peer.behaviour = obedient
        assert await comes_back(bus) == [0x200, 0x201, 0x202]
        assert peer.connections == 2


async def test_a_cancelled_question_leaves_its_answer_to_nobody() -> None:
    release = asyncio.Event()

    async def read(bus: Bus, start: int) -> list[int]:
        return await bus.read(1, 3, start, 3, timing=PACE)

    def slow_first(request: bytes) -> Iterable[Delayed]:
        release.set()
        yield (0.1 if request[8:10] == b"\x01\x00" else 0), right(request)

    async with line(slow_first) as (bus, _):
        task = asyncio.create_task(read(bus, 0x100))
        await release.wait()
        task.cancel()
        await asyncio.wait([task])
        assert await read(bus, 0x200) == [0x200, 0x201, 0x202]


async def test_every_packet_is_recorded_once() -> None:
    frames: list[tuple[str, bytes]] = []
    peer = Peer(lambda request: [(0, right(request)[:5]), (0.05, right(request)[5:])])
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = TcpBus(id="tcp", kind="tcp", host="127.0.0.1", port=port)
    async with Bus(settings, record=lambda mark, data: frames.append((mark, data))) as bus:
        await bus.read(1, 3, 0x10, 2, timing=PACE)
    peer.hang_up()
    server.close()
    assert frames[0] == (">", peer.requests[0])
    assert b"".join(data for mark, data in frames if mark == "<") == right(peer.requests[0])
