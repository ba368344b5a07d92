"""The socket that paho gets: what it reads and writes meets the network in large pieces."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from agent.uplink.gathering import GATHERED, GatheringLine

Pair = tuple[GatheringLine, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    line = GatheringLine(ours)
    line.setblocking(False)
    theirs.settimeout(10)
    yield line, theirs
    line.close()
    theirs.close()


def test_what_came_at_once_is_read_in_pieces(pair: Pair) -> None:
    line, peer = pair
    peer.sendall(b"@\x02\x00\x07@")
    line.fill()
    assert [line.recv(1), line.recv(1), line.recv(2), line.recv(9)] == [b"@", b"\2", b"\0\7", b"@"]
    assert not line.readable


def test_piece_behind_what_was_left_is_read_after_it(pair: Pair) -> None:
    line, peer = pair
    peer.sendall(b"ab")
    line.fill()
    assert line.recv(1) == b"a"
    peer.sendall(b"cd")
    line.fill()
    assert line.recv(9) == b"bcd"


def test_nothing_to_read_is_no_end(pair: Pair) -> None:
    line, _ = pair
    line.fill()
    assert not line.readable
    with pytest.raises(BlockingIOError):
        line.recv(1)


def test_end_is_told_behind_what_came_before_it(pair: Pair) -> None:
    line, peer = pair
    peer.sendall(b"last")
    peer.close()
    line.fill()
    line.fill()
    assert line.recv(9) == b"last"
    assert line.readable
    assert line.recv(1) == b""


def test_nothing_is_written_before_it_is_asked_for_and_then_all_of_it(pair: Pair) -> None:
    line, peer = pair
    peer.setblocking(False)
    assert [line.send(b"one"), line.send(bytearray(b"two"))] == [3, 3]
    assert line.waiting
    with pytest.raises(BlockingIOError):
        peer.recv(9)
    line.write_out()
    assert peer.recv(9) == b"onetwo"
    assert not line.waiting


def test_peer_that_reads_nothing_bounds_what_is_gathered(pair: Pair) -> None:
    line, peer = pair
    piece = b"x" * 65_536
    taken = 0
    with pytest.raises(BlockingIOError):
        while taken < 100 * GATHERED:
            taken += line.send(piece)
            line.write_out()
    assert line.waiting
    peer.close()


def test_write_that_fails_is_told_to_who_reads(pair: Pair) -> None:
    line, peer = pair
    peer.close()
    line.send(b"x")
    line.write_out()
    assert not line.waiting
    with pytest.raises(BrokenPipeError):
        line.recv(1)


def test_closing_writes_what_goes_at_once(pair: Pair) -> None:
    line, peer = pair
    line.send(b"goodbye")
    line.close()
    assert peer.recv(9) == b"goodbye"
    assert peer.recv(9) == b""
