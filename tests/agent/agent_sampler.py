"""A simulated Dayue sampler behind the real driver, and a station that the agent leads."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from agent_fakes import EndOfScript
from agent_house import House
from agent_instrument import PROFILE, STATE, Analyzer, driven
from agent_site import COD, Change

from agent.actions import DeviceActions
from agent.exceedance import judge_measurement
from agent.model import Measurement
from agent.sequence.course import Step
from agent.sequence.lead import Lead
from agent.store import measurements
from agent.tools.simulate.dayue import Dayue, Habits
from agent.tools.simulate.dayue_registers import DayueUnit
from agent.tools.simulate.obeying import operation_of
from agent.tools.simulate.pdu import Refusal
from drivers.bus import Bus
from drivers.device import NoAnswer, Refused
from drivers.profile import load_profile
from drivers.question import FrameQuestion, Question
from drivers.sampler import DayueSampler
from drivers.settings import DeviceSettings, TcpBus

SAMPLER = "sampler/dayue-v105"
FAST = {"timeout_ms": 50, "gap_ms": 0, "retries": 0}


def sampler(**keys: object) -> Change:
    """Set keys of the site's sampler."""

    def change(site: dict[str, Any]) -> None:
        site["samplers"][0].update(keys)

    return change


def led(**course: object) -> tuple[Change, Change]:
    """Have the agent lead the sequence, with an analyzer that can be started."""

    def startable(site: dict[str, Any]) -> None:
        cod = next(one for one in site["devices"] if one["id"] == "cod")
        cod["profile"] = PROFILE

    return sampler(sequence="agent", course=course), startable


class Wire:
    """Answers as the simulated sampler does. `lost` loses replies, `silent` answers nothing."""

    echo: bool | None = False
    silence_s = 0.0
    busy_at = 0.0

    def __init__(self, unit: DayueUnit) -> None:
        self.unit = unit
        self.silent = False
        self.written: list[tuple[int, tuple[int, ...]]] = []
        self.after_write: Callable[[], None] = lambda: None

    async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
        await asyncio.sleep(0)
        if self.silent:
            raise NoAnswer("silent", sent=b"?")
        try:
            if question.function in (3, 4):
                found = self.unit.read(question.function, question.start, question.count)
                return list(found)
            self.written.append((question.start, tuple(question.values)))
            self.unit.write(question.function, question.start, question.values)
        except Refusal as refusal:
            raise Refused(f"exception {refusal.code}", code=refusal.code) from None
        self.after_write()
        return []

    async def talk(self, question: FrameQuestion, *, timeout_s: float) -> bytes:
        raise AssertionError("only Modbus is spoken here")

    async def attend(self, overhear: object) -> None:
        raise AssertionError("nobody speaks unasked here")

    def close(self) -> None:
        return


class Station:
    """Sampler, analyzer and the agent's leader on one fake clock; `minute` lets them work."""

    def __init__(self, house: House, habits: Habits | None = None) -> None:
        self.house = house
        self.dayue = Dayue(house.clock, habits or Habits(led=True))
        self.wire = Wire(DayueUnit(self.dayue))
        self.analyzer = Analyzer()
        self.analyzer.obey = self._obey
        self.lead = Lead(
            house.plan.site.samplers[0],
            lambda: house.plan,
            lambda: house.names,
            house.store,
            house.clock,
            house.time,
            house.bells,
        )
        bus = Bus(TcpBus(id="net1", kind="tcp", host="127.0.0.1"), wire=self.wire)
        settings = DeviceSettings.model_validate(
            {"id": "sampler", "profile": SAMPLER, "bus": "net1", "address": 9, "timing": FAST}
        )
        self.device = DayueSampler(
            settings, load_profile(SAMPLER), bus=bus, clock=house.clock, timeout_s=120
        )

    def _obey(self, start: int, values: tuple[int, ...]) -> None:
        """Go into the state that proves what was ordered."""
        profile = load_profile(PROFILE)
        name = operation_of(profile, 6, start, values)
        proof = profile.operations[name].proof if name else None
        if proof is not None and proof.state:
            self.analyzer.put(STATE, [proof.state[0]])

    async def minute(self) -> list[Step]:
        """Order what is due, have it done, and let a minute pass."""
        await self.house.time.look()
        steps = await self.lead.look()
        await self.work()
        self.analyzer.put(STATE, [0])
        self.house.clock.go(60)
        return steps

    async def until(self, at: float) -> list[Step]:
        """Go on until a time; gives every step."""
        found: list[Step] = []
        while self.house.clock.now() < at:
            found += await self.minute()
        return found

    async def work(self) -> None:
        """Let both devices' workers work until they have nothing to do."""

        async def probe() -> Mapping[str, Any]:
            return {}

        house = self.house
        registers = self.device.device
        for worker in (
            DeviceActions(
                "sampler", self.device, probe, house.plan, house.store, house.clock, house.bells,
                registers,
            ),
            DeviceActions(
                "cod", None, probe, house.plan, house.store, house.clock, house.bells,
                driven(house, self.analyzer),
            ),
        ):  # fmt: skip
            with contextlib.suppress(EndOfScript):
                await worker.run()

    async def result(self, hour: int, value: float) -> None:
        """Have the analyzer come out with the hour's result: stored and judged in one commit."""
        house, now = self.house, self.house.clock.now()
        found = Measurement("DW001", COD, "cod", hour, now - 1, now, value)
        found = replace(found, completed_at=now - 1)

        def job(connection: Any) -> None:
            if measurements.add(connection, found, names=house.names):
                judge_measurement(connection, house.plan, house.names, found, now=now)

        await house.write(job)

    def orders(self) -> list[tuple[str, str, str]]:
        """Give the orders: kind, operation (or factor), state."""
        rows = self.house.rows(
            "SELECT kind, coalesce(json_extract(request, '$.operation'),"
            " json_extract(request, '$.factor')), state FROM actions ORDER BY id"
        )
        return [(kind, str(what), state) for kind, what, state in rows]
