"""A running simulation: the lines of a site, everything that hangs on them, and orders to it."""

from __future__ import annotations

import contextlib
from typing import Any, Self

from agent.errors import PaikouError
from agent.settings import Site
from agent.tools.simulate import orders
from agent.tools.simulate.dayue import BUCKET_A, BUCKET_B, NO_BUCKET, RUNNING, STOPPED, Dayue
from agent.tools.simulate.faults import Fault
from agent.tools.simulate.player import Player
from agent.tools.simulate.pushing import pushing
from agent.tools.simulate.serial_line import SerialLine
from agent.tools.simulate.stage import Play, set_stage
from agent.tools.simulate.stream_line import StreamLine
from agent.tools.simulate.tcp_line import TcpLine
from drivers.device import Cause, Clock
from drivers.port import character_s
from drivers.settings import SerialBus, TcpBus

_BUCKETS = {"A": BUCKET_A, "B": BUCKET_B, "none": NO_BUCKET, "auto": None}


class LineNotPlayed(PaikouError):
    """A line of the site cannot be played: its port is taken."""


class Simulation:
    """Every instrument of a site, answering on its own line while the context lasts."""

    def __init__(self, site: Site, clock: Clock, play: Play | None = None) -> None:
        self.site = site
        self.clock = clock
        self.play = play or Play()
        self.stage = set_stage(site, clock, self.play)
        self.lines = {bus.id: self._line(bus.id) for bus in site.buses}
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open every line. Raises `PortTaken`, `LineNotPlayed`; nothing stays open then."""
        async with contextlib.AsyncExitStack() as stack:
            for line in self.lines.values():
                try:
                    await stack.enter_async_context(line)
                except OSError as problem:
                    text = f"{line.bus.id}: {line.where}: {problem.strerror or problem}"
                    raise LineNotPlayed(text) from None
            for ear in self.stage.speaking.values():
                line = self.lines[ear.tongue.speaker.device.bus]
                if not isinstance(line, TcpLine):
                    await stack.enter_async_context(pushing(ear, line, self.clock))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def obey(self, order: orders.AnyOrder) -> Any:
        """Carry out one order; gives something that JSON can print.

        Raises ValueError, in words for whoever gave it, when it cannot be done.
        """
        match order:
            case orders.Show():
                return self.show()
            case orders.Line():
                return await self._plug(order)
            case orders.SetFault():
                return self._set_fault(order)
            case orders.State():
                return self._set_state(order)
            case orders.Set() | orders.Release() | orders.Measure():
                return self._instrument_order(order)
            case orders.Door() | orders.Vessel() | orders.Bottles() | orders.Jam():
                return self._sampler_order(order)

    def show(self) -> dict[str, Any]:
        """Tell what every instrument and sampler says now, and which lines are plugged."""
        return {
            "at": self.clock.now(),
            "lines": {name: line.plugged for name, line in self.lines.items()},
            "devices": {
                **{name: self._instrument_said(name) for name in self.stage.instruments},
                **{name: self._sampler_said(name) for name in self.stage.samplers},
            },
        }

    def playbill(self) -> list[dict[str, Any]]:
        """List what is played where and from what, for people and for JSON."""
        bill = []
        for device in (*self.site.devices, *self.site.samplers):
            instrument = self.stage.instruments.get(device.id)
            courses = instrument.courses if instrument else {}
            bill.append(
                {
                    "device": device.id,
                    "profile": device.profile,
                    "bus": device.bus,
                    "where": self.lines[device.bus].where,
                    "address": device.address,
                    "plays": {point: played.told for point, played in courses.items()},
                    "unplayed": self.stage.unplayed.get(device.id),
                    "cycle_s": instrument.cycle.length_s
                    if instrument and instrument.cycle
                    else None,
                }
            )
        return bill

    def _line(self, bus_id: str) -> SerialLine | StreamLine | TcpLine:
        bus, turnaround_s = self.site.bus(bus_id), self.play.turnaround_s
        if isinstance(bus, TcpBus):
            return TcpLine(bus, self.stage.units[bus_id], turnaround_s=turnaround_s)
        one_s = character_s(bus.baud, bus.data_bits, bus.parity, bus.stop_bits)
        ears, each_s = self.stage.ears(self.site, bus_id), one_s if self.play.line_time else 0.0
        if isinstance(bus, SerialBus):
            return SerialLine(bus, ears, turnaround_s=turnaround_s, character_s=each_s)
        return StreamLine(bus, ears, turnaround_s=turnaround_s, character_s=each_s)

    async def _plug(self, order: orders.Line) -> dict[str, Any]:
        line = self.lines.get(order.bus)
        if line is None:
            raise ValueError(f"no bus {order.bus}; there are: {', '.join(self.lines)}")
        await (line.plug() if order.plugged else line.pull())
        return {"bus": order.bus, "plugged": line.plugged}

    def _set_fault(self, order: orders.SetFault) -> dict[str, Any]:
        self._known(order.device)
        fault = Fault(order.kind, order.late_s, order.code, order.byte_s)
        self.stage.set_fault(self.site, order.device, fault)
        return {"device": order.device, "fault": order.kind}

    def _set_state(self, order: orders.State) -> dict[str, Any]:
        self._known(order.device)
        if (sampler := self.stage.samplers.get(order.device)) is not None:
            sampler.state = STOPPED if order.cause is Cause.STOPPED else RUNNING
            return self._sampler_said(order.device)
        self.stage.instruments[order.device].set_cause(order.cause)
        return self._instrument_said(order.device)

    def _instrument_order(
        self, order: orders.Set | orders.Release | orders.Measure
    ) -> dict[str, Any]:
        instrument = self._instrument(order.device)
        match order:
            case orders.Set():
                point = self._point(instrument, order.point)
                instrument.set(point, order.value, for_s=order.for_s)
            case orders.Release():
                instrument.release(self._point(instrument, order.point))
            case orders.Measure():
                instrument.measure()
        return self._instrument_said(order.device)

    def _sampler_order(
        self, order: orders.Door | orders.Vessel | orders.Bottles | orders.Jam
    ) -> dict[str, Any]:
        instrument = self.stage.instruments.get(order.device)
        if isinstance(order, orders.Jam) and instrument is not None:
            return self._jam(instrument)
        door = instrument and instrument.profile.quantity("door")
        if isinstance(order, orders.Door) and instrument is not None and door:
            instrument.set("door", float(order.open))
            return self._instrument_said(order.device)
        sampler = self._sampler(order.device)
        match order:
            case orders.Door():
                sampler.set_door(open_=order.open)
            case orders.Vessel():
                sampler.bucket = _BUCKETS[order.bucket]
            case orders.Bottles():
                for bottle in order.bottles:
                    sampler.bottles[bottle - 1] = sampler.volume_ml if order.full else 0
            case orders.Jam():
                sampler.jammed = True
        return self._sampler_said(order.device)

    def _jam(self, instrument: Player) -> dict[str, Any]:
        if instrument.profile.record is None:
            raise ValueError(f"{instrument.device.id} is no sampler that keeps a bottle when told")
        instrument.keeping.jammed = True
        return self._instrument_said(instrument.device.id)

    def _instrument_said(self, device_id: str) -> dict[str, Any]:
        instrument = self.stage.instruments[device_id]
        said = instrument.said()
        return {
            "values": {point: round(value, 6) for point, value in said.numbers.items()},
            "units": dict(said.units),
            "cause": said.cause,
            "measuring": said.measuring,
            "measured_at": said.measured_at,
        }

    def _sampler_said(self, device_id: str) -> dict[str, Any]:
        sampler = self.stage.samplers[device_id]
        sampler.advance()
        return {
            "bottles_ml": list(sampler.bottles),
            "word": f"0x{sampler.word:04X}",
            "door_open": sampler.door_open,
            "supplied": {0: "A", 1: "B"}.get(sampler.supplied),
            "last": [filled.bottle for filled in sampler.record.bottles] if sampler.record else [],
        }

    def _known(self, device_id: str) -> None:
        names = (*self.stage.instruments, *self.stage.samplers)
        if device_id in self.stage.unplayed:
            raise ValueError(f"{device_id} is not played: {self.stage.unplayed[device_id]}")
        if device_id not in names:
            raise ValueError(f"no device {device_id}; there are: {', '.join(names)}")

    def _instrument(self, device_id: str) -> Player:
        self._known(device_id)
        if device_id not in self.stage.instruments:
            raise ValueError(f"{device_id} is a sampler")
        return self.stage.instruments[device_id]

    def _sampler(self, device_id: str) -> Dayue:
        self._known(device_id)
        if device_id not in self.stage.samplers:
            raise ValueError(f"{device_id} is not a sampler")
        return self.stage.samplers[device_id]

    def _point(self, instrument: Player, name: str) -> str:
        """Find the point by its own id, or by the factor that the site takes from it."""
        factors = {s.code: s.point for s in self.site.sources_of(instrument.device.id)}
        ids = [one.id for one in instrument.quantities]
        found = name if name in ids else factors.get(name)
        if found is None:
            raise ValueError(f"{instrument.device.id} has no point {name}: {', '.join(ids)}")
        return found
