"""Analyzers that speak HJ 212 on a serial line.

Words: a question without `send` is what the analyzer pushes (CN=2011); `CN=5015;AL=` is asked, with
dummies of ST, PW and MN put in front, or a whole segment that begins with `ST=`. `at` is a field:
`011-Rtd`, `AL`, `DataTime`. Station and password in what comes are not looked at: the port tells
who speaks. A check of itself that it tells of (CN=2062) is kept until somebody asks for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from drivers.agreement import Content, agree, content
from drivers.bus import Bus
from drivers.device import Clock, NoAnswer, Reading
from drivers.frame_decode import Heard
from drivers.frame_device import FrameDevice
from drivers.language import Item, Language
from drivers.line import NoLine
from drivers.look import Look
from drivers.parameters import CheckResult
from drivers.profile_dialogue import Question
from drivers.profile_model import Profile
from drivers.pushed_checks import CHECK_CN, checks_in
from drivers.question import FrameQuestion
from drivers.settings import DeviceSettings
from protocols.hj212.crc import crc16
from protocols.hj212.on_serial import Hj212Shape, fields, segments
from protocols.hj212.segment import parse_segment

PUSHED_CN = "2011"
PERIODS = 3
"""Periods without a pushed message after which the analyzer counts as silent."""
MOST_KEPT = 4096
MOST_CHECKS = 64
"""Checks of itself that an analyzer may tell before somebody asks for them."""
_HEADER = "ST=32;{};PW=123456;MN=00000000000001;{}CP=&&DataTime=&&"


class Hj212Serial(Language):
    """One analyzer on a line of its own."""

    checked = False

    def ask(self, question: Question) -> FrameQuestion:
        """Print a question of the vendor's."""
        text = question.send
        if not text.startswith("ST="):
            cn, _, rest = text.partition(";")
            text = _HEADER.format(cn, f"{rest.strip(';')};" if rest else "")
        segment, _ = parse_segment(text.encode("ascii"))
        body = text.encode("ascii")
        request = b"##%04d%b%04X\r\n" % (len(body), body, crc16(body))
        shape = Hj212Shape(segment.cn)
        return FrameQuestion(self.address, request, shape, f"hj212 {segment.cn}")

    def part(self, question: Question, frame: bytes, item: Item) -> bytes | None:
        """Give a field as text."""
        segment, _ = parse_segment(frame)
        return fields(segment).get(str(item.at))


class Hj212Device(FrameDevice):
    """An analyzer that pushes its values, and may be asked for more.

    The check sum of HJ 212 is weak, so a value counts once another message said the same. A reading
    gives what was pushed since the last one, and nothing when nothing was; an analyzer that was
    silent for three periods counts as not answering.
    """

    def __init__(
        self, settings: DeviceSettings, profile: Profile, *, bus: Bus, clock: Clock
    ) -> None:
        super().__init__(settings, profile, language=Hj212Serial, bus=bus, clock=clock)
        self._push = next((one for one in self.profile.questions if not one.send), None)
        self._kept = b""
        self._said: Content | None = None
        self._sure: Heard | None = None
        self._arrived = asyncio.Event()
        self._heard_at: float | None = None
        self._checks: deque[CheckResult] = deque(maxlen=MOST_CHECKS)

    @property
    def pushes(self) -> bool:
        """Whether the analyzer tells by itself, and so may tell of its checks."""
        return self._push is not None

    def told_checks(self) -> list[CheckResult]:
        """Give the checks the analyzer told of (CN=2062) since they were asked for last."""
        found = list(self._checks)
        self._checks.clear()
        return found

    async def read(self) -> list[Reading]:
        """Give what was pushed since the last reading; nothing when nothing was.

        Raises NoAnswer after three periods without a message, and where the line is not there.
        """
        if self._push is None:
            return await super().read()
        await self.bus.attend(self._overhear)
        if self._sure is None and not self._silent():
            return []
        return list((await self.look()).came)

    async def look(self, *, order: bool = False) -> Look:
        """Give what was pushed; with `order`, wait one period for it."""
        if order and self._sure is None:
            await self._wait()
        return await super().look(order=order)

    async def hear(self, question: Question, *, order: bool) -> Heard:
        """Ask, or take what was pushed."""
        if question.send:
            return await super().hear(question, order=order)
        try:
            await self.bus.attend(self._overhear)
        except NoLine as error:
            return Heard(question, error=error)
        heard, self._sure = self._sure, None
        return heard or Heard(question, error=NoAnswer("nothing was pushed"))

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError, NoLine):
            async with asyncio.timeout(max(self.settings.period_s, self.pace.timeout_s)):
                await self.bus.attend(self._overhear)
                self._arrived.clear()
                await self._arrived.wait()

    def _silent(self) -> bool:
        now = self.clock.monotonic()
        if self._heard_at is None:
            self._heard_at = now
        return now - self._heard_at > PERIODS * self.settings.period_s

    def _overhear(self, data: bytes) -> None:
        """Take bytes from the line, whoever they were for."""
        self._kept = (self._kept + data)[-MOST_KEPT:]
        for body in segments(self._kept):
            self._take(body)
            at = self._kept.index(body) + len(body)
            self._kept = self._kept[at:]

    def _take(self, body: bytes) -> None:
        if Hj212Shape(CHECK_CN).ours(body):
            self._checks.extend(checks_in(body, self.profile))
            return
        if self._push is None or not Hj212Shape(PUSHED_CN).ours(body):
            return
        heard = Heard(self._push, body)
        said = content(self.profile, self.language, heard)
        self._heard_at = self.clock.monotonic()
        if agree(self._said, said, self.profile):
            self._sure = heard
            self._arrived.set()
        self._said = said
