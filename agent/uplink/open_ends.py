"""Ends that are told later: of orders to devices, and of what a break or a restart cut off."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from agent.store import actions, commands
from agent.store.commands import Command
from agent.uplink.desk import Desk
from agent.uplink.results import FAILED, Ending, Result
from agent.uplink.serving import Serving
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.message import Message
from protocols.hj212.segment import Segment

log = logging.getLogger(__name__)

LOOK_S = 2.0
_FINISHED = ("done", "failed", "refused", "expired")


@dataclass(frozen=True, slots=True)
class OpenEnds:
    """Looks after what has been taken and not been told of yet."""

    serving: Serving

    async def tell(self, desk: Desk) -> None:
        """Tell of requests that became orders, or were cut off, as long as the talk lasts."""
        await self._settle_interrupted(desk)
        while True:
            await self.tell_once(desk)
            await self.serving.office.bells.wait(f"commands:{desk.id}", LOOK_S)

    async def tell_once(self, desk: Desk) -> None:
        """Tell of those that have an end by now."""
        rows = await self.serving.office.store.read(
            lambda connection: commands.untold(connection, desk.id)
        )
        for row in rows:
            if (row.station, row.qn, row.cn) not in self.serving.running:
                await self._tell_of(row, desk)

    async def _tell_of(self, row: Command, desk: Desk) -> None:
        header = desk.talk.header
        segment = Segment(qn=row.qn, st=row.st, cn=row.cn, pw=header.pw, mn=header.mn)
        if row.exe_rtn is None:
            ending = await self._ending(row, desk)
            if ending is None:
                return
            row = await self.serving.end(row, Result(ending.exe_rtn, ending.outcome), desk)
            if ending.message is not None:
                await self._give(segment, ending.message, desk)
        await self.serving.tell(row, segment, desk)

    async def _give(self, segment: Segment, message: Message, desk: Desk) -> None:
        """Say what an order brought; how it ended is told also where that has no form here."""
        try:
            await desk.give(segment, message)
        except LocalFrameError as error:
            log.warning("%s: command %s: cannot be said: %s", desk.id, segment.cn, error)

    async def _ending(self, row: Command, desk: Desk) -> Ending | None:
        """Say how the order ended that a request became; None while it has not."""
        number, service = row.action, self.serving.service(row, desk)
        if number is None:
            return Ending(FAILED, "interrupted")
        action = await self.serving.office.store.read(
            lambda connection: actions.get(connection, number)
        )
        if action is None or service is None or service.ended is None:
            return Ending(FAILED, "the order is gone")
        return service.ended(action, desk) if action.state in _FINISHED else None

    async def _settle_interrupted(self, desk: Desk) -> None:
        """End what a restart or a broken connection left in the middle: it is not done again."""
        rows = await self.serving.office.store.read(
            lambda connection: commands.interrupted(connection, desk.id)
        )
        for row in rows:
            if (row.station, row.qn, row.cn) not in self.serving.running:
                await self.serving.end(row, Result(FAILED, "interrupted"), desk)
