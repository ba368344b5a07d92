"""What a command's handler works with: the office all stations share, and one desk a talk.

A handler is a coroutine of what was asked and the desk; it gives a `Result`. What it wants to
change in the store it hands over as a job, which runs in the commit that notes the outcome.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field

from agent.bells import Bells
from agent.clock import Clock
from agent.plan import Plan, StationPlan
from agent.settings import Site
from agent.store import outbox
from agent.store.actions import Action
from agent.store.db import Store
from agent.store.series import Names
from agent.timekeeping import Timekeeper
from agent.uplink.results import Asked, Ending, Result
from agent.uplink.talk import Talk
from protocols.hj212.answers import result_of
from protocols.hj212.editions import Edition
from protocols.hj212.flag import Flag
from protocols.hj212.message import Message, print_message
from protocols.hj212.segment import Segment
from protocols.hj212.times import wire_qn

Handler = Callable[[Asked, "Desk"], Awaitable[Result]]


async def _nothing(_: Desk) -> None:
    return


async def _no_order(_: bytes, __: str) -> str | None:
    return "orders are not served"


def _able(_: Asked, __: Desk) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Service:
    """One line of the table of commands.

    `refusal` gives the QnRtn where it cannot be done here at all. `told` changes rows in the
    commit that notes that the platform knows, `then` comes after that commit. `ended` reads what
    became of an order. `long`: it may take minutes, so few of them run at a time.
    """

    handler: Handler
    long: bool = False
    refusal: Callable[[Asked, Desk], int | None] = _able
    told: Callable[[sqlite3.Connection, Desk], None] | None = None
    then: Callable[[Desk], Awaitable[None]] = _nothing
    ended: Callable[[Action, Desk], Ending] | None = None


@dataclass(frozen=True, slots=True)
class HardwareFacts:
    """The numbers of this machine that a platform knows it by (HJ 212-2025 §6.8)."""

    logger_id: str
    cpu_id: str
    mac_1: str
    mac_2: str


@dataclass(frozen=True, slots=True)
class Office:
    """What the desks of all stations share. `plan` and `names` give those in force.

    `file` gives the site as the file says it, without what platforms set.

    `set_clock` sets the wall clock to UTC epoch seconds and raises ClockRefused where it may not.
    `reload` puts what platforms set in force, and returns when it is. `attend` is what is said
    without being asked, while a connection lasts. `take_order` keeps an order of a station as a
    row, and gives why it could not. `offsets` is how far each platform's clock was ahead of ours
    (s).
    """

    plan: Callable[[], Plan]
    file: Callable[[], Site]
    names: Callable[[], Names]
    store: Store
    clock: Clock
    bells: Bells
    time: Timekeeper
    table: Mapping[str, Service]
    attend: Callable[[Desk], Coroutine[None, None, None]]
    set_clock: Callable[[float], None]
    hardware: Callable[[], HardwareFacts]
    reload: Callable[[], Awaitable[None]]
    take_order: Callable[[bytes, str], Awaitable[str | None]] = _no_order
    offsets: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """One station's talk, as long as its connection lasts."""

    office: Office
    talk: Talk

    @property
    def id(self) -> str:
        """The name of the station."""
        return self.talk.station.id

    @property
    def station(self) -> StationPlan:
        """The station by the settings in force; those of the talk where it is gone."""
        return self.office.plan().stations.get(self.id, self.talk.station)

    @property
    def edition(self) -> Edition:
        """The edition, or dialect, that is spoken."""
        return self.talk.header.edition

    @property
    def old(self) -> bool:
        """Whether HJ/T 212-2005 is spoken."""
        return self.edition.base == "hj212-2005"

    async def give(self, asked: Segment, message: Message) -> None:
        """Say what was asked for, tied to the request. Raises LinkError."""
        for segment in self._segments(message, asked.cn, st=asked.st, answer=False):
            await self.talk.say(result_of(asked, segment, self.edition))

    def own(self, message: Message, cn: str, *, st: str, answer: bool) -> list[Segment]:
        """Make the segments of a message of ours, to be numbered."""
        return self._segments(message, cn, st=st, answer=answer)

    async def number(self) -> str:
        """Allot a QN of our own."""
        now = self.office.clock.now()
        number = await self.office.store.write(
            lambda connection: outbox.next_qn(connection, self.id, now)
        )
        return wire_qn(number)

    def _segments(self, message: Message, cn: str, *, st: str, answer: bool) -> list[Segment]:
        return self.packed(print_message(message, self.edition), cn, st=st, answer=answer)

    def packed(self, packets: tuple[str, ...], cn: str, *, st: str, answer: bool) -> list[Segment]:
        """Put our header before data areas; the QN is still to come."""
        count, header = len(packets), self.talk.header
        return [
            Segment(
                qn="",
                st=st,
                cn=cn,
                pw=header.pw,
                mn=header.mn,
                flag=Flag(self.edition.flag_version, answer=answer, packets=count > 1),
                pnum=count if count > 1 else None,
                pno=number if count > 1 else None,
                cp=body,
            )
            for number, body in enumerate(packets, start=1)
        ]
