"""Workers by name: who is stopped, who goes on, who begins."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from agent.crew import Crew, Post


@dataclass
class Book:
    """What the workers did, in order, and who is at work."""

    lines: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)
    working: set[str] = field(default_factory=set)

    def post(self, name: str, terms: object = "", *, short: bool = False) -> Post:
        return Post(terms, lambda: Worker(name, self, short))

    async def on_crash(self, name: str, error: Exception) -> None:
        self.crashed.append(f"{name}: {error}")


@dataclass
class Worker:
    name: str
    book: Book
    short: bool

    async def run(self) -> None:
        assert self.name not in self.book.working, "two must never own a line"
        self.book.working.add(self.name)
        self.book.lines.append(f"+{self.name}")
        if self.short:
            self.book.working.discard(self.name)
            return
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)  # an end takes its time
            self.book.working.discard(self.name)
            self.book.lines.append(f"-{self.name}")


@contextlib.asynccontextmanager
async def crew(book: Book) -> AsyncIterator[Crew]:
    async with asyncio.TaskGroup() as group:
        made = Crew(group, book.on_crash)
        yield made
        await made.dismiss()


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_only_what_changed_is_stopped_and_only_what_is_new_begins() -> None:
    book = Book()
    async with crew(book) as one:
        wanted = {"a": book.post("a"), "b": book.post("b", 1), "c": book.post("c")}
        assert await one.match(wanted) == ["a", "b", "c"]
        await turn()
        book.lines.clear()
        changed = {"a": book.post("a"), "b": book.post("b", 2), "d": book.post("d")}
        assert await one.match(changed) == ["b", "c", "d"]
        await turn()
        assert sorted(book.lines[:2]) == ["-b", "-c"], "ended before the next one begins"
        assert book.lines[2:] == ["+b", "+d"]
        assert book.working == {"a", "b", "d"}
    assert book.working == set()


async def test_equal_terms_are_the_same_work() -> None:
    book = Book()
    async with crew(book) as one:
        await one.match({"a": book.post("a", ("bus", 1))})
        assert await one.match({"a": book.post("a", ("bus", 1))}) == []


async def test_worker_that_ended_by_itself_begins_again_with_the_next_plan() -> None:
    """A station that was taken over: a reload is how the operator has it try again."""
    book = Book()
    async with crew(book) as one:
        await one.match({"a": book.post("a", short=True)})
        await turn()
        assert await one.match({"a": book.post("a", short=True)}) == ["a"]
        await turn()
    assert book.lines == ["+a", "+a"]


async def test_workers_can_be_looked_at_in_order() -> None:
    book = Book()
    async with crew(book) as one:
        await one.match({"b": book.post("b"), "a": book.post("a")})
        assert [worker.name for worker in one if isinstance(worker, Worker)] == ["b", "a"]


async def test_crash_that_cannot_be_written_down_ends_the_whole() -> None:
    class Broken:
        async def run(self) -> None:
            raise OSError("broken")

    async def on_crash(_: str, error: Exception) -> None:
        raise error

    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.TaskGroup() as group:
            await Crew(group, on_crash).match({"a": Post("", Broken)})
            await asyncio.sleep(10)
    assert caught.group_contains(OSError, match="broken")
