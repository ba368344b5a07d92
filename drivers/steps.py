"""The steps of an operation, as its profile lists them: writes of registers, or commands."""

from __future__ import annotations

import asyncio
import datetime
import re
from collections.abc import Mapping

from drivers.device import Refused
from drivers.frame_device import FrameDevice
from drivers.modbus import ModbusDevice
from drivers.profile_operations import Operation, Write
from protocols.frame_shapes import Denied
from protocols.hj212.times import BEIJING_OFFSET_S
from protocols.parts import day_number
from protocols.registers import encode_number, encode_time

Arguments = Mapping[str, float]
_TOKEN = re.compile(r"\{([^{}]+)\}")
_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))
_CLOCKS = {"mm-dd-yy": "%m-%d-%y", "HH:MM": "%H:%M", "HH:MM:SS": "%H:%M:%S"}


def missing(operation: Operation, arguments: Arguments) -> list[str]:
    """Name what the one who orders has not said."""
    wanted: list[str] = []
    for write in operation.writes:
        wanted += [one for one in write.values if isinstance(one, str)]
        wanted += ["number"] if write.number else []
    for text in operation.sends:
        wanted += [one for one in _TOKEN.findall(text) if one not in (*_CLOCKS, "day1900")]
    return [one for one in dict.fromkeys(wanted) if one not in arguments]


def count(operation: Operation) -> int:
    """Count the steps."""
    return len(operation.writes) + len(operation.sends)


async def take(
    device: ModbusDevice | FrameDevice, operation: Operation, number: int, *, arguments: Arguments
) -> None:
    """Take one step. Raises Refused on a no; NoAnswer or BadAnswer: it is not known."""
    if isinstance(device, ModbusDevice):
        await _write(device, operation.writes[number], arguments)
    else:
        await _send(device, operation.sends[number], arguments)


async def _write(device: ModbusDevice, write: Write, arguments: Arguments) -> None:
    values = registers(write, arguments, now=device.clock.now())
    await device.bus.write(
        device.settings.address,
        write.address,
        values,
        timing=device.pace,
        single=write.single,
        coils=write.table == "coil",
    )
    if write.pause_ms:
        await asyncio.sleep(write.pause_ms / 1000)


async def _send(device: FrameDevice, text: str, arguments: Arguments) -> None:
    question = device.language.order(filled(text, arguments, now=device.clock.now()))
    frame = await device.bus.talk(question, timing=device.pace, order=True)
    try:
        device.language.denied(frame)
    except Denied as error:
        raise Refused(str(error), code=error.code, sent=question.request, received=frame) from error


def registers(write: Write, arguments: Arguments, *, now: float) -> list[int]:
    """Give the registers, or coils, of one write."""
    values = [round(arguments[one]) if isinstance(one, str) else one for one in write.values]
    if write.time is not None:
        values += encode_time(now, write.time)
    if write.number is not None:
        values += encode_number(arguments["number"], write.number.type, write.number.order)
    return [*values, *write.then]


def filled(text: str, arguments: Arguments, *, now: float) -> str:
    """Give a command with its arguments and the time in it."""

    def word(found: re.Match[str]) -> str:
        name = found[1]
        if name == "day1900":
            return day_number(now)
        if name in _CLOCKS:
            return datetime.datetime.fromtimestamp(now, _ZONE).strftime(_CLOCKS[name])
        return f"{arguments[name]:g}"

    return _TOKEN.sub(word, text)
