"""One request from its row to its end: done once, told until the platform has heard of it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from dataclasses import dataclass, field, replace

from agent.store import actions, commands
from agent.uplink import checks
from agent.uplink.answering import answer, write_down
from agent.uplink.desk import Desk, Office, Service
from agent.uplink.results import BUSY, CONDITION, DONE, FAILED, TAKEN, Asked, Result
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.message import Other, print_message
from protocols.hj212.segment import Segment

log = logging.getLogger(__name__)

LONG = 4
"""Long answers a station gives at a time; they must not keep what is short from being served."""
SECRET = frozenset({"1014", "1072"})
"""Commands whose data area holds a secret: nothing of it is written down."""

Command = commands.Command


@dataclass(frozen=True, slots=True)
class Serving:
    """Works requests off and tells how they ended."""

    office: Office
    running: set[tuple[str, str, str]] = field(default_factory=set)
    """Requests being worked on: station, QN, CN."""
    setting: dict[str, asyncio.Lock] = field(default_factory=dict)
    """One a station of which something was set: held while that is put in force."""

    async def serve(self, asked: Asked, desk: Desk) -> None:
        """Do what is asked, unless it was done before, and say so."""
        segment = asked.segment
        key = (desk.id, segment.qn, segment.cn)
        notice = asked.command.kind == "notice"
        if key in self.running:
            if not notice:
                await answer(segment, "9011", desk, result=TAKEN)
            return
        self.running.add(key)
        try:
            row, new = await self._note(asked, desk)
            if not notice:
                await answer(segment, "9011", desk, result=TAKEN)
            if new or row.effect == "read":
                row = await self.end(row, await self._result(asked, desk), desk)
            elif row.exe_rtn is None and row.action is None:
                row = await self.end(row, Result(FAILED, "interrupted"), desk)
            if row.exe_rtn is not None:
                await self.tell(row, segment, desk)
        finally:
            self.running.discard(key)

    async def _note(self, asked: Asked, desk: Desk) -> tuple[Command, bool]:
        segment, now = asked.segment, self.office.clock.now()
        text = "***" if asked.command.cn in SECRET else segment.cp
        return await self.office.store.write(
            lambda connection: commands.add(
                connection,
                desk.id,
                qn=segment.qn,
                cn=segment.cn,
                st=segment.st,
                effect=asked.command.effect,
                request=text,
                qn_rtn=TAKEN,
                now=now,
            )
        )

    async def _result(self, asked: Asked, desk: Desk) -> Result:
        """Let the handler work, where what is asked for can be read and be said."""
        if isinstance(asked.order, Other):
            return Result(CONDITION, "data area")
        try:
            print_message(asked.order, desk.edition)
        except LocalFrameError:
            return Result(CONDITION, "a value out of its bounds")
        service = self.office.table[asked.command.cn]
        if service.long and self._long(desk.id) > LONG:
            return Result(BUSY, f"{LONG} long answers are under way")
        try:
            return await service.handler(asked, desk)
        except LocalFrameError as error:
            # a setting or a value of ours that has no form on this wire; silence says nothing
            log.warning("%s: command %s: cannot be said: %s", desk.id, asked.command.cn, error)
            return Result(FAILED, f"cannot be said: {error}")

    def _long(self, station: str) -> int:
        """Count a station's long answers under way."""
        table = self.office.table
        return sum(
            owner == station and cn in table and table[cn].long for owner, _, cn in self.running
        )

    async def end(self, row: Command, result: Result, desk: Desk) -> Command:
        """Note a result with all it changes, in one commit."""
        now, order = self.office.clock.now(), result.order

        def job(connection: sqlite3.Connection) -> Command:
            if result.job is not None:
                result.job(connection)
            if order is None:
                commands.done(connection, row.id, result.exe_rtn, outcome=result.outcome, now=now)
            else:
                self._order(connection, row, result, now)
            write_down(connection, row, result, now)
            found = commands.find(connection, row.station, qn=row.qn, cn=row.cn)
            assert found is not None, "it was read before"
            return found

        found = await self.office.store.write(job)
        if order is not None:
            self.office.bells.ring(f"actions:{order.device}")
        # what only reads is answered by what it found this time
        return replace(found, exe_rtn=result.exe_rtn) if row.effect == "read" else found

    def _order(
        self, connection: sqlite3.Connection, row: Command, result: Result, now: float
    ) -> None:
        order = result.order
        assert order is not None
        action = actions.add(
            connection,
            ref=f"platform:{row.station}:{row.qn}:{row.cn}",
            device=order.device,
            kind=order.kind,
            cause="platform",
            request=order.request,
            now=now,
            not_after=order.not_after,
        )
        if action is not None:
            commands.ordered(connection, row.id, action)

    async def quiet(self, station: str) -> None:
        """Wait while what a platform set of a station is being put in force.

        It counts on it, and uses a new password, as soon as it has our 9012.
        """
        lock = self.setting.get(station)
        if lock is not None:
            async with lock:
                return

    async def tell(self, row: Command, segment: Segment, desk: Desk) -> None:
        """Say how it ended, and put in force what waited for that."""
        if row.effect != "parameters" or row.told_at is not None:
            await self._say_and_note(row, segment, desk)
            return
        async with self.setting.setdefault(desk.id, asyncio.Lock()):
            await self._say_and_note(row, segment, desk)

    async def _say_and_note(self, row: Command, segment: Segment, desk: Desk) -> None:
        assert row.exe_rtn is not None
        known = checks.request(row.cn, desk.edition)
        if known is not None and known.kind == "notice":
            await answer(segment, "9013", desk)
        elif not (desk.old and row.cn in checks.WITHOUT_END):
            await answer(segment, "9012", desk, result=row.exe_rtn)
        if row.told_at is not None:
            return
        service, now = self.service(row, desk), self.office.clock.now()
        changes = service is not None and row.exe_rtn == DONE

        def job(connection: sqlite3.Connection) -> None:
            commands.told(connection, row.id, now=now)
            if changes and service is not None and service.told is not None:
                service.told(connection, desk)

        await self.office.store.write(job)
        if changes and service is not None:
            await service.then(desk)

    def service(self, row: Command, desk: Desk) -> Service | None:
        """Give the line of the table that a request was served by."""
        known = checks.request(row.cn, desk.edition)
        return None if known is None else self.office.table.get(known.cn)
