"""What may be ordered: a kind, the shape of its body, who does it, and what it does to the world.

A handler works inside one write transaction: it adds and changes rows, and nothing else. It gives
None when it is done, or why not, in words the platform is told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel

from agent.asked import Asked

Effect = Literal["read", "record", "parameters", "control"]
"""By this goes the platform's command policy: reading and recording are always allowed."""
B_contra = TypeVar("B_contra", bound=BaseModel, contravariant=True)

Handler = Callable[[sqlite3.Connection, BaseModel, Asked], str | None]


class PlainHandler(Protocol[B_contra]):
    """A handler that needs nothing of the plan."""

    def __call__(
        self,
        connection: sqlite3.Connection,
        body: B_contra,
        *,
        ref: str,
        station: str,
        now: float,
    ) -> str | None:
        """Do it; None, or why not."""


class PlanHandler(Protocol[B_contra]):
    """A handler that is told who asks, and the plan."""

    def __call__(
        self, connection: sqlite3.Connection, body: B_contra, asked: Asked, /
    ) -> str | None:
        """Do it; None, or why not."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One line of the table. A body with `outlet` must name one that the station reports."""

    model: type[BaseModel]
    handler: Handler
    effect: Effect


def plain(
    model: type[B_contra], handler: PlainHandler[B_contra], effect: Effect = "record"
) -> Kind:
    """Make a line of a handler that needs nothing of the plan."""

    def call(connection: sqlite3.Connection, body: BaseModel, asked: Asked) -> str | None:
        assert isinstance(body, model), "the table read it with this very model"
        return handler(connection, body, ref=asked.ref, station=asked.station, now=asked.now)

    return Kind(model, call, effect)


def planned(
    model: type[B_contra], handler: PlanHandler[B_contra], effect: Effect = "record"
) -> Kind:
    """Make a line of a handler that is given the plan."""

    def call(connection: sqlite3.Connection, body: BaseModel, asked: Asked) -> str | None:
        assert isinstance(body, model), "the table read it with this very model"
        return handler(connection, body, asked)

    return Kind(model, call, effect)
