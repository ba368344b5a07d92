"""Orders as JSON (`hj212/{mn}/order`): sent until they are answered, and what comes back.

`order FILE`, `order MN FILE`, or `order [MN] KIND key=value …`; a value is read as JSON where it is
JSON, else it is text. Without `ref=` an order gets one of its own.
"""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.errors import PaikouError
from agent.tools.platform.desk import Desk, NoStation
from agent.tools.platform.orders import BadOrder
from agent.tools.platform.platform import Notice, Platform

WORD = "order"
MOST_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class JsonOrder:
    """One order to a station; an empty `mn` is the only one there is."""

    mn: str
    ref: str
    kind: str
    body: dict[str, Any]

    @property
    def payload(self) -> bytes:
        """The JSON that goes out."""
        told = {"ref": self.ref, "kind": self.kind, "body": self.body}
        return json.dumps(told, ensure_ascii=False).encode()


@dataclass(slots=True)
class Answered:
    """What came back: `state` done, refused, or empty while nothing has; parts of a diagnosis."""

    order: JsonOrder
    state: str = ""
    text: str = ""
    parts: dict[int, str] = field(default_factory=dict)
    whole: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def content(self) -> str:
        """The parts put together, in their order."""
        return "".join(text for _, text in sorted(self.parts.items()))

    @property
    def ended(self) -> bool:
        """Whether all is there."""
        return bool(self.state) and len(self.parts) >= self.whole


def parse(line: str, *, ref: Callable[[], str]) -> JsonOrder:
    """Read `[MN] FILE` or `[MN] KIND key=value …`. Raises `BadOrder`."""
    try:
        words = shlex.split(line)
    except ValueError as problem:
        raise BadOrder(f"{line}: {problem}") from None
    mn = words.pop(0) if len(words) > 1 and _is_mn(words[0]) else ""
    if not words:
        raise BadOrder("order：应为 / [MN] FILE.json | KIND key=value … expected")
    if len(words) == 1 and (words[0].endswith(".json") or Path(words[0]).is_file()):
        return _of_file(Path(words[0]), mn, ref)
    body: dict[str, Any] = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals:
            raise BadOrder(f"{word}: key=value expected")
        body[key] = _value(value)
    named = str(body.pop("ref", "")) or ref()
    return JsonOrder(mn, named, words[0], body)


def _of_file(path: Path, mn: str, ref: Callable[[], str]) -> JsonOrder:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise BadOrder(f"{path}: {problem}") from None
    body = told.get("body", {}) if isinstance(told, dict) else None
    if not isinstance(body, dict) or not isinstance(told.get("kind"), str):
        raise BadOrder(f'{path}: {{"ref": …, "kind": …, "body": {{…}}}} expected')
    return JsonOrder(mn, str(told.get("ref") or ref()), told["kind"], body)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_mn(word: str) -> bool:
    return len(word) >= 14 and "=" not in word and not Path(word).is_file()


@dataclass(slots=True)
class JsonDesk:
    """Sends them and follows them. Over MQTT only: TCP has no place for them."""

    platform: Platform
    desk: Desk
    on_order: Callable[[JsonOrder, int], None] = lambda _order, _attempt: None
    on_end: Callable[[Answered], None] = lambda _: None
    _open: dict[tuple[str, str], Answered] = field(default_factory=dict)
    _last_ref: int = 0

    def __post_init__(self) -> None:
        self.platform.heed = self.take

    def take(self, notice: Notice) -> None:
        """Put what a station says to the order it answers, if there is one."""
        content = notice.content
        if not isinstance(content, dict):
            return
        detail = content.get("detail") if notice.kind == "event" else content
        if not isinstance(detail, dict):
            return
        one = self._open.get((notice.mn, str(detail.get("ref"))))
        if one is None:
            return
        if notice.kind == "diagnosis":
            self._part(one, detail)
        elif content.get("kind") == WORD:
            one.state, one.text = str(detail.get("state")), str(detail.get("text", ""))
            one.moved.set()

    async def order(self, line: str) -> Answered:
        """Send an order and follow it to its answer. Raises `BadOrder`, `NoStation`."""
        order = parse(line, ref=self._ref)
        mn = order.mn or await self._only()
        one = Answered(order)
        self._open[mn, order.ref] = one
        patience = self.desk.patience
        try:
            for attempt in range(patience.resends + 1):
                self.on_order(order, attempt)
                self._publish(mn, order.payload)
                if await self._moved(one, patience.answer_s):
                    break
            while one.whole > len(one.parts) and await self._moved(one, patience.execution_s):
                pass
        finally:
            del self._open[mn, order.ref]
        self.on_end(one)
        return one

    def _publish(self, mn: str, payload: bytes) -> None:
        if not self.platform.order_roads:
            raise NoStation("JSON 命令只走 MQTT / JSON orders go over MQTT only")
        self.platform.order_roads[0](mn, payload)

    async def _only(self) -> str:
        """Give the only station there is: named, or known by its state, or heard."""
        named = [mn for mn in self.platform.roster.stations if mn]
        known = named or list(self.platform.states)
        return known[0] if len(known) == 1 else await self.desk.only_station()

    @staticmethod
    async def _moved(one: Answered, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                await one.moved.wait()
        except TimeoutError:
            return False
        one.moved.clear()
        return True

    @staticmethod
    def _part(one: Answered, detail: dict[str, Any]) -> None:
        part, parts = detail.get("part"), detail.get("parts")
        if isinstance(part, int) and isinstance(parts, int) and 0 < part <= parts <= MOST_PARTS:
            one.parts[part], one.whole = str(detail.get("content", "")), parts
            one.state, one.text = str(detail.get("state")), str(detail.get("text", ""))
            one.moved.set()

    def _ref(self) -> str:
        self._last_ref = max(int(self.desk.clock() * 1000), self._last_ref + 1)
        return f"{WORD}-{self._last_ref}"


def is_json(line: str) -> bool:
    """Say whether a typed line is an order as JSON."""
    return line.split(maxsplit=1)[:1] == [WORD]


def rest(line: str) -> str:
    """Give what follows the word `order`. Raises `PaikouError` when nothing does."""
    parts = line.split(maxsplit=1)
    if len(parts) < 2:
        raise PaikouError("order：应为 / [MN] FILE.json | KIND key=value … expected")
    return parts[1]
