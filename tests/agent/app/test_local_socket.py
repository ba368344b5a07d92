"""The local socket: questions and answers, callers that misbehave, places that are taken."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.local import AT_ONCE, LINE_LIMIT, LocalSocket, ask


async def echo(question: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"you": question.get("word", ""), "text": "值" * 10}


@contextlib.asynccontextmanager
async def serving(*paths: Path) -> AsyncIterator[LocalSocket]:
    one = LocalSocket(paths, {"echo": echo})
    task = asyncio.create_task(one.run())
    async with asyncio.timeout(60):
        await one.listening.wait()
    try:
        yield one
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 60)


def there(path: Path) -> bool:
    return path.exists()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "agent.sock"


async def test_question_is_answered(place: Path) -> None:
    async with serving(place):
        answer = await ask((place,), {"ask": "echo", "word": "hello"})
    assert answer == {"you": "hello", "text": "值" * 10}


@pytest.mark.parametrize("line", [b"{}\n", b"rubbish\n", b"[]\n", b'{"ask": []}\n', b"\n", b"7\n"])
async def test_question_that_is_none_is_answered_with_what_can_be_asked(
    place: Path, line: bytes
) -> None:
    async with serving(place):
        reader, writer = await asyncio.open_unix_connection(place)
        writer.write(line)
        answer = json.loads(await asyncio.wait_for(reader.readline(), 60))
        writer.close()
    assert answer == {"error": "one of ['echo'] can be asked"}


async def test_line_too_long_is_hung_up_on(place: Path) -> None:
    async with serving(place):
        reader, writer = await asyncio.open_unix_connection(place)
        writer.write(b"x" * (LINE_LIMIT * 3))
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()
        assert await ask((place,), {"ask": "echo"}) is not None


async def test_idle_callers_are_bounded_and_do_not_hold_up_the_end(place: Path) -> None:
    async with serving(place):
        idle = [await asyncio.open_unix_connection(place) for _ in range(AT_ONCE)]
        with pytest.raises(TimeoutError):
            await ask((place,), {"ask": "echo"})
        idle[0][1].close()
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(TimeoutError):
                    assert await ask((place,), {"ask": "echo"}) is not None
                    break
    for _, writer in idle:
        writer.close()
    assert not there(place)


async def test_nobody_there_is_none(place: Path) -> None:
    assert await ask((place,), {"ask": "echo"}) is None
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    assert await ask((place,), {"ask": "echo"}) is None, "its file is there, nobody listens"


@pytest.mark.parametrize("says", [b"", b"half a li", b"no json\n"])
async def test_one_who_listens_and_does_not_answer_is_a_timeout(place: Path, says: bytes) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        writer.close()

    async with await asyncio.start_unix_server(hang_up, place):
        with pytest.raises(TimeoutError):
            await ask((place,), {"ask": "echo"})


async def test_silence_is_a_timeout(place: Path) -> None:
    callers = []

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(writer)

    async with await asyncio.start_unix_server(silent, place):
        with pytest.raises(TimeoutError):
            await ask((place,), {"ask": "echo"}, timeout_s=0.01)
        for writer in callers:
            writer.close()


async def test_file_left_by_a_daemon_that_was_killed_is_taken_away(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    async with serving(place) as one:
        assert one.path == place
        assert await ask((place,), {"ask": "echo"}) is not None


async def test_daemon_of_another_store_keeps_its_place(place: Path, tmp_path: Path) -> None:
    """The system-wide place is shared: who listens there may not be pushed out."""
    other = tmp_path / "other.sock"
    async with serving(place) as first, serving(place, other) as second:
        assert (first.path, second.path) == (place, other)
        assert await ask((place,), {"ask": "echo", "word": "first"}) is not None
    assert not there(place)


async def test_first_place_that_can_be_had_is_taken(place: Path, tmp_path: Path) -> None:
    too_long = tmp_path / ("x" * 120)
    async with serving(too_long, tmp_path / "none" / "s", place) as one:
        assert one.path == place


@pytest.fixture
def file(place: Path) -> Path:
    place.write_text("mine", encoding="ascii")
    return place


async def test_file_of_another_kind_is_left_alone(file: Path, tmp_path: Path) -> None:
    async with serving(file, tmp_path / "s"):
        pass
    assert there(file)


async def test_no_place_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"."):
        await LocalSocket((tmp_path / "none" / "s",), {}).run()
