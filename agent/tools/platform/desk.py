"""The desk where orders go out, and where what comes back is put to them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.errors import PaikouError
from agent.tools.platform.course import Course, Outcome
from agent.tools.platform.initiative import by_itself
from agent.tools.platform.orders import BadOrder, Order, make_order, ordered_value
from agent.tools.platform.platform import Channel, Platform
from agent.tools.platform.stations import Station
from agent.tools.platform.verdict import Verdict
from protocols.hj212.seal import parse_key

MOST_WAITING = 1000
log = logging.getLogger(__name__)


class NoStation(PaikouError):
    """There is no way to the station of an order."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a platform waits, in seconds. Source of the first two: HJ 212-2017 §6.2 table 1.

    `execution_s` counts anew with every frame of the answer.
    """

    answer_s: float = 10.0
    resends: int = 3
    execution_s: float = 60.0
    station_s: float = 60.0


@dataclass(slots=True)
class _Open:
    course: Course
    moved: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Desk:
    """Sends orders and follows them. `serve` in a task lets the platform act by itself."""

    platform: Platform
    patience: Patience = field(default_factory=Patience)
    initiative: bool = True
    clock: Callable[[], float] = time.time
    on_order: Callable[[Order, int], None] = lambda _order, _attempt: None
    on_end: Callable[[Course], None] = lambda _: None
    on_change: Callable[[Station], None] = lambda _: None
    _open: list[_Open] = field(default_factory=list)
    _waiting: deque[tuple[Channel, Station, str, list[str]]] = field(default_factory=deque)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _last_qn_ms: int = 0

    def __post_init__(self) -> None:
        self.platform.follow = self.follow

    def follow(self, channel: Channel, verdict: Verdict) -> bool:
        """Put a judged frame to its order, if there is one."""
        if self.initiative and verdict.ok:
            self._consider(channel, verdict)
        for one in self._open:
            if one.course.take(verdict):
                if one.course.outcome is Outcome.DONE:
                    self._settle(one.course.order)
                one.moved.set()
                return True
        return False

    async def serve(self) -> None:
        """Send the orders the platform gives by itself, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._bell.wait()
                self._bell.clear()
                while self._waiting:
                    channel, station, cn, words = self._waiting.popleft()
                    try:
                        order = make_order(station, cn, words, now_ms=self._qn_ms())
                    except BadOrder as problem:  # its edition has no such command
                        log.warning("%s", problem)
                        continue
                    group.create_task(self.run(order, channel=channel))

    async def order(self, mn: str, cn: str, words: list[str]) -> Course:
        """Make an order, send it and follow it to its end. Raises `BadOrder`, `NoStation`."""
        channel = await self._reach(mn)
        order = make_order(self.platform.roster.station(mn), cn, words, now_ms=self._qn_ms())
        return await self.run(order, channel=channel)

    async def run(self, order: Order, *, channel: Channel) -> Course:
        """Send an order, again where nothing answers, and follow it to its end."""
        one = _Open(Course(order))
        self._open.append(one)
        try:
            await self._run(one, channel)
        finally:
            self._open.remove(one)
        self.on_end(one.course)
        return one.course

    async def only_station(self) -> str:
        """Give the MN of the only station named, or else of the first one heard.

        Raises `NoStation`.
        """
        named = [mn for mn in self.platform.roster.stations if mn]
        if len(named) == 1:
            return named[0]
        try:
            async with asyncio.timeout(self.patience.station_s):
                while not (heard := [mn for mn in self.platform.stations_heard() if mn]):
                    self.platform.heard.clear()
                    await self.platform.heard.wait()
        except TimeoutError:
            raise NoStation(
                "没有听到任何站点，请写明 / no station was heard; name one: MN CN …"
            ) from None
        return heard[0]

    async def _run(self, one: _Open, channel: Channel) -> None:
        course = one.course
        for attempt in range(self.patience.resends + 1):
            self.on_order(course.order, attempt)
            channel.send(course.order.frame)
            if await self._moved(one, self.patience.answer_s, until=lambda: course.taken):
                break
            channel = self.platform.channel_to(course.order.station.mn) or channel
        else:
            course.outcome = Outcome.UNANSWERED
        while course.outcome is None:
            if not await self._moved(one, self.patience.execution_s, until=lambda: True):
                course.outcome = Outcome.UNFINISHED

    @staticmethod
    async def _moved(one: _Open, within_s: float, *, until: Callable[[], bool]) -> bool:
        """Wait for the next frame of an exchange, and longer until something is so."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    await one.moved.wait()
                    one.moved.clear()
                    if until():
                        return True
        except TimeoutError:
            return False

    async def _reach(self, mn: str) -> Channel:
        """Wait for the way to a station."""
        try:
            async with asyncio.timeout(self.patience.station_s):
                while (channel := self.platform.channel_to(mn)) is None:
                    self.platform.heard.clear()
                    await self.platform.heard.wait()
                return channel
        except TimeoutError:
            raise NoStation(f"{mn}: not connected") from None

    def _qn_ms(self) -> int:
        """Give a QN that none of our orders has had."""
        self._last_qn_ms = max(int(self.clock() * 1000), self._last_qn_ms + 1)
        return self._last_qn_ms

    def _consider(self, channel: Channel, verdict: Verdict) -> None:
        """Put off what the platform does by itself; what is under way is not begun again."""
        wanted = by_itself(verdict, self.platform.roster)
        if wanted is None or len(self._waiting) >= MOST_WAITING:
            return
        station, cn, words = wanted
        asked = (one.course.order for one in self._open)
        if not any(order.segment.cn == cn and order.station.mn == station.mn for order in asked):
            self._waiting.append((channel, station, cn, words))
            self._bell.set()

    def _settle(self, order: Order) -> None:
        """Take into use what the station has just taken: a key, a password."""
        station, cn = order.station, order.segment.cn
        if cn == "1014":
            key = ordered_value(order, "NewSK")
            if key is not None:
                station.renew(parse_key(key))
                self.on_change(station)
        elif cn == "1072":
            station.pw = ordered_value(order, "NewPW") or ordered_value(order, "PW")
            self.on_change(station)
        elif cn == "1002":
            self.on_change(station)
