"""The other side of `drain`, and who sets its limits: paho and a socket with nothing behind them.

Run as `drain_peers.py ROLE …` it is a platform or a line, for as long as it is let.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as paho
from drain_backlog import HOST, MN, PW, WINDOW, frames
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from protocols.hj212.errors import PeerFrameError
from protocols.hj212.frame import Framer, encode_frame
from protocols.hj212.segment import parse_segment

START_S = 30.0
QUEUED = 10_000
"""What paho gets to queue at a time: it has 65,535 numbers, and copies what it queues."""


def paho_alone(directory: Path, port: int) -> tuple[int, float, float]:
    """Publish the same frames, no more in flight than we have.

    Gives their number, seconds, and seconds of the processor.
    """
    ready = [(f"hj212/{MN}/up/{_cn(one)}", one) for one in frames(directory)]
    up, slots = threading.Event(), threading.Semaphore(WINDOW)
    client = paho.Client(CallbackAPIVersion.VERSION2, "bench", protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(0)
    client.on_connect = lambda *_: up.set()
    client.on_publish = lambda *_: slots.release()
    client.connect(HOST, port)
    client.loop_start()
    if not up.wait(START_S):
        raise SystemExit("paho: not connected")
    begun, spent = time.perf_counter(), time.process_time()
    for topic, frame in ready:
        slots.acquire()
        client.publish(topic, frame, qos=1)
    for _ in range(WINDOW):
        slots.acquire()
    taken, spent = time.perf_counter() - begun, time.process_time() - spent
    client.disconnect()
    client.loop_stop()
    return len(ready), taken, spent


def paho_by_itself(directory: Path, port: int) -> tuple[int, float, float]:
    """Publish the same frames, many at once, and leave it to paho's window which go; as above."""
    ready = [(f"hj212/{MN}/up/{_cn(one)}", one) for one in frames(directory)]
    up = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, "bench", protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(WINDOW)
    client.on_connect = lambda *_: up.set()
    client.connect(HOST, port)
    client.loop_start()
    if not up.wait(START_S):
        raise SystemExit("paho: not connected")
    begun, spent = time.perf_counter(), time.process_time()
    for at in range(0, len(ready), QUEUED):
        under_way = [client.publish(*one, qos=1) for one in ready[at : at + QUEUED]]
        for one in under_way:
            one.wait_for_publish()
    taken, spent = time.perf_counter() - begun, time.process_time() - spent
    client.disconnect()
    client.loop_stop()
    return len(ready), taken, spent


def ping_pong(directory: Path, port: int, most: int) -> tuple[int, float, float]:
    """Send each frame, at most so many, and wait for its answer; as above."""
    ready = frames(directory)[:most]
    with socket.create_connection((HOST, port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun, spent = time.perf_counter(), time.process_time()
        for frame in ready:
            line.sendall(frame)
            answer = b""
            while not answer.endswith(b"\r\n"):
                answer += line.recv(4096)
        return len(ready), time.perf_counter() - begun, time.process_time() - spent


@contextlib.contextmanager
def child(role: str, *arguments: object) -> Iterator[int]:
    """Run one of the roles below; gives the port it is to be found at."""
    root = str(Path(__file__).resolve().parents[1])
    process = subprocess.Popen(
        [sys.executable, __file__, role, *map(str, arguments)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait(START_S)


def answer(said: Callable[[socket.socket], None]) -> None:
    """Be the platform over TCP, for one caller after the other."""
    with socket.create_server((HOST, 0)) as door:
        print(door.getsockname()[1], flush=True)
        while True:
            line, _ = door.accept()
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with line, contextlib.suppress(ConnectionError):
                said(line)


def read_first(line: socket.socket) -> None:
    """Answer what was read: length, CRC and head are right, as a 9014 says."""
    framer = Framer()
    while data := line.recv(65_536):
        answers = []
        for frame in framer.feed(data):
            if isinstance(frame, PeerFrameError):
                raise SystemExit(f"a frame that is none: {frame}")
            segment, _ = parse_segment(frame.segment)
            answers.append(_taken(segment.qn.encode()))
        line.sendall(b"".join(answers))


def unread(line: socket.socket) -> None:
    """Answer whatever comes, without a look at it."""
    data = b""
    while more := line.recv(65_536):
        data += more
        answers = []
        while len(data) >= 6 and len(data) >= (size := int(data[2:6]) + 12):
            qn, data = data[9:26], data[size:]
            answers.append(_taken(qn))
        line.sendall(b"".join(answers))


def _taken(qn: bytes) -> bytes:
    said = b"QN=%b;ST=91;CN=9014;PW=%b;MN=%b;Flag=4;CP=&&&&"
    return encode_frame(said % (qn, PW.encode(), MN.encode()))


def _cn(frame: bytes) -> str:
    found = re.search(rb";CN=([0-9]{4});", frame)
    assert found is not None
    return found[1].decode()


def listen(port: int) -> None:
    """Be the platform over MQTT: take everything, and do nothing with it."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "all", protocol=MQTTProtocolVersion.MQTTv5)
    client.on_subscribe = lambda *_: print(port, flush=True)
    client.connect(HOST, port)
    client.subscribe("hj212/#", qos=0)
    client.loop_forever()


async def delay(port: int, round_trip_s: float) -> None:
    """Be a line: everything arrives at that port half a round trip later, and so do answers."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65_536):
            loop.call_later(round_trip_s / 2, writer.write, data)
        loop.call_later(round_trip_s / 2, writer.close)

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(HOST, port)
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(carry(reader, back), carry(there, writer))

    server = await asyncio.start_server(called, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    role, *words = sys.argv[1:]
    if role == "platform":
        answer(read_first)
    elif role == "unread":
        answer(unread)
    elif role == "listen":
        listen(int(words[0]))
    else:
        asyncio.run(delay(int(words[0]), float(words[1])))
