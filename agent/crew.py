"""The workers that run by name. A new plan stops only what changed and starts only what is new."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from agent.supervise import OnCrash, end, keep_running


class Worker(Protocol):
    """Something that runs until it is cancelled."""

    async def run(self) -> None:
        """Do the work."""


@dataclass(frozen=True, slots=True)
class Post:
    """A worker that is wanted. Two posts with equal `terms` are the same work."""

    terms: object
    make: Callable[[], Worker]


@dataclass(frozen=True, slots=True)
class _Employed:
    terms: object
    worker: Worker
    task: asyncio.Task[None]


class Crew:
    """Supervised workers in one task group."""

    def __init__(self, group: asyncio.TaskGroup, on_crash: OnCrash) -> None:
        self._group = group
        self._on_crash = on_crash
        self._employed: dict[str, _Employed] = {}

    def __iter__(self) -> Iterator[Worker]:
        """Give the workers in the order they were taken on."""
        for one in self._employed.values():
            yield one.worker

    async def match(self, wanted: Mapping[str, Post]) -> list[str]:
        """Have exactly these posts filled; gives the names of those that were stopped or begun.

        A worker whose terms changed ends before its successor begins: two must never own a line.
        One that ended by itself begins again.
        """
        ended = [
            name
            for name, one in self._employed.items()
            if name not in wanted or wanted[name].terms != one.terms or one.task.done()
        ]
        await self._end(ended)
        begun = [name for name in wanted if name not in self._employed]
        for name in begun:
            self._begin(name, wanted[name])
        return sorted({*ended, *begun})

    async def dismiss(self) -> None:
        """End all of them."""
        await self._end(list(self._employed))

    def _begin(self, name: str, post: Post) -> None:
        worker = post.make()
        task = self._group.create_task(
            keep_running(name, worker.run, on_crash=self._on_crash), name=name
        )
        self._employed[name] = _Employed(post.terms, worker, task)

    async def _end(self, names: list[str]) -> None:
        await end([self._employed.pop(name).task for name in names])
