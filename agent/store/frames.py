"""The message log as the conversations write it: at once, in order, without waiting for the disk.

Records gather for some seconds and go to the store together. What a power cut may cost is these
seconds; what a full disk costs is counted and told in the log itself and in the journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import sqlite3
from collections import deque

from agent.clock import Clock
from agent.metrics import Metrics
from agent.store import frame_packs, journal
from agent.store.db import Job, Store
from agent.store.frame_packs import LOST, RECEIVED, SENT, SETTLED, FrameRecord
from agent.store.giving import is_full
from protocols.hj212.segment import Segment

log = logging.getLogger(__name__)

FLUSH_S = 10.0
"""Real seconds that records gather: each row touches a page, and pages are what wears."""
TOGETHER = 256
"""Records in one row."""
MANY = 1024
"""Records that do not wait any longer."""
CROWDED = 2048
"""Records at which who sends waits for the disk, where that is not full."""
WAITING = 4096
"""Records that may wait for the disk; beyond that the oldest go and are counted."""
SHOWN_BYTES = 64
"""What is kept of something unreadable: of a sealed frame the end is in clear."""

RUBBISH_S = 1.0
"""Of unreadable things one a second and station is kept: a flood must not wear the flash."""

# up to the end of the item: a key with a comma in it must not show its second half
_SECRET = re.compile(r"(?i)\b((?:new)?(?:pw|sk|password|key))=(?:[^;&]|&(?!&))*")


def masked(text: str) -> str:
    """Give a text with the values of all secrets as `***`."""
    low = text.lower()
    # nearly all texts hold none, and to see that so takes a hundredth of the time
    if ("p" in low and ("pw=" in low or "password=" in low)) or (
        "k" in low and ("sk=" in low or "key=" in low)
    ):
        return _SECRET.sub(r"\1=***", text)
    return text


def segment_text(segment: Segment) -> str:
    """Write a segment as text for people, whatever its edition, with secrets masked."""
    qn = f"QN={segment.qn};" if segment.qn else ""
    st = f"ST={segment.st};" if segment.st else ""
    cn = f"CN={segment.cn};" if segment.cn else ""
    pw = "PW=***;" if segment.pw else ""
    mn = f"MN={segment.mn};" if segment.mn else ""
    flag = "" if segment.flag is None else f"Flag={int(segment.flag)};"
    pnum = "" if segment.pnum is None else f"PNUM={segment.pnum};"
    pno = "" if segment.pno is None else f"PNO={segment.pno};"
    rf = "RF=1;" if segment.rf else ""
    other = "".join([f"{name}={value};" for name, value in segment.other if value])
    behind = f"{mn}{flag}{pnum}{pno}{rf}{other}CP=&&{segment.cp}&&"
    return f"{masked(f'{qn}{st}{cn}')}{pw}{masked(behind)}"


class FrameLog:
    """The message log of one daemon. Its methods but `run`, `flush` and `room` never wait."""

    def __init__(self, store: Store, clock: Clock, metrics: Metrics) -> None:
        self._store, self._clock, self._metrics = store, clock, metrics
        self._records: deque[FrameRecord] = deque()
        self._rubbish: dict[str, tuple[float, int]] = {}
        self._lost = 0
        self._tight = False
        self._full = asyncio.Event()
        self._taken = asyncio.Event()
        self._writing = asyncio.Lock()

    def sent(
        self,
        station: str,
        segment: Segment,
        *,
        sealed: bool = False,
        attempt: int = 1,
        reason: str = "",
    ) -> None:
        """Note a frame that leaves now; from the second time on with the reason."""
        self._frame(station, SENT, segment, sealed=sealed, attempt=attempt, reason=reason)

    def received(
        self, station: str, segment: Segment, *, sealed: bool = False, reason: str = ""
    ) -> None:
        """Note a frame that came in; `reason` says why it was refused, if it was."""
        self._frame(station, RECEIVED, segment, sealed=sealed, reason=reason)

    def written(
        self,
        station: str,
        qn: str,
        cn: str,
        text: str,
        *,
        sealed: bool,
        attempt: int = 1,
        reason: str = "",
    ) -> None:
        """Note, as `sent`, a frame whose text is known already, without secrets."""
        told = reason and masked(reason)
        now = self._clock.now()
        self._add(FrameRecord(now, station, SENT, qn, cn, text, sealed, attempt, "", told))

    def alike(self, station: str, qn: str, cn: str, text: str, *, sealed: bool) -> None:
        """Note a frame that came in whose text is known already, without secrets."""
        now = self._clock.now()
        self._add(FrameRecord(now, station, RECEIVED, qn, cn, text, sealed))

    def unreadable(self, station: str, data: bytes, reason: str) -> None:
        """Note the beginning of something that came in and is no frame of ours."""
        ticks = self._clock.monotonic()
        last, skipped = self._rubbish.get(station, (-RUBBISH_S, 0))
        if ticks - last < RUBBISH_S:
            self._rubbish[station] = (last, skipped + 1)
            return
        self._rubbish[station] = (ticks, 0)
        if skipped:
            reason += f" ({skipped} more before)"
        text = data[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
        if len(data) > SHOWN_BYTES:
            text += f"… ({len(data)} bytes)"
        now = self._clock.now()
        self._add(FrameRecord(now, station, RECEIVED, "", "", masked(text), reason=masked(reason)))

    def settled(self, station: str, qn: str, *, cn: str, outcome: str) -> None:
        """Note how the frame with that QN ended."""
        now = self._clock.now()
        self._add(FrameRecord(now, station, SETTLED, qn, cn, outcome=masked(outcome)))

    async def run(self) -> None:
        """Bring records to the store, for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await self._full.wait()
            await self.flush(patient=not self._full.is_set())

    async def room(self) -> None:
        """Wait while many records wait for the disk; not where it is full: sending goes on."""
        if len(self._records) >= CROWDED and not self._tight:
            self._taken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await self._taken.wait()

    async def flush(self, *, patient: bool = False) -> None:
        """Bring what has gathered to the store; once it returns it can be read there.

        `patient`: the commit may wait for company.
        On a full disk the records wait, and the oldest give way to newer ones.
        """
        async with self._writing:
            self._full.clear()
            records, self._records = [*self._records], deque()
            if records:
                await self._keep(records, patient=patient)

    async def _keep(self, records: list[FrameRecord], *, patient: bool) -> None:
        lost = self._lost
        try:
            await self._store.write(self._job(records, lost), patient=patient)
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            self._records.extendleft(reversed(records))
            self._bound()
            if not self._tight:
                log.error("no room for the message log: %s", error)
            self._tight = True
            return
        finally:
            self._taken.set()
        self._tight = False
        self._lost -= lost

    def _frame(
        self,
        station: str,
        direction: str,
        segment: Segment,
        *,
        sealed: bool,
        attempt: int = 1,
        reason: str = "",
    ) -> None:
        self._add(
            FrameRecord(
                self._clock.now(),
                station,
                direction,
                segment.qn,
                segment.cn,
                segment_text(segment),
                sealed=sealed,
                attempt=attempt,
                reason=masked(reason),
            )
        )

    def _add(self, record: FrameRecord) -> None:
        self._records.append(record)
        if len(self._records) >= MANY:
            self._bound()
            if not self._tight:
                self._full.set()

    def _bound(self) -> None:
        while len(self._records) > WAITING:
            self._records.popleft()
            self._lost += 1
            self._metrics.dropped.labels("frames").inc()

    def _job(self, records: list[FrameRecord], lost: int) -> Job[None]:
        now = self._clock.now()

        def job(connection: sqlite3.Connection) -> None:
            told = records
            if lost:
                gap = FrameRecord(records[0].at, "", LOST, "", "", outcome=f"{lost} records")
                told = [gap, *records]
                journal.add(connection, "message log lost records", {"records": lost}, at=now)
            # where more comes than one row holds, what it takes of the processor counts
            level = frame_packs.SMALL if len(told) <= TOGETHER else frame_packs.QUICK
            for at in range(0, len(told), TOGETHER):
                frame_packs.add(connection, told[at : at + TOGETHER], level=level)

        return job
