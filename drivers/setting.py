"""Setting one of an instrument's own parameters, and believing only what it reads back."""

from __future__ import annotations

import math

from drivers.device import BadAnswer, DeviceError, NoAnswer, Refused
from drivers.modbus import ModbusDevice
from drivers.plan import want_of
from drivers.profile_model import Parameter
from protocols.registers import decode_number, encode_number

CLOSE = 1e-5
"""Relative difference between what was written and read back of a number: 32 bits hold no more."""


async def set_parameter(device: ModbusDevice, name: str, value: float) -> tuple[float, float]:
    """Write a parameter, in its unit, and read it back; give what it was and what it is.

    Raises Refused when nothing was done (code 0: nothing was sent), NoAnswer when it is not known
    or reads back something else. Nothing is sent twice.
    """
    parameter = next((one for one in device.profile.parameters if one.id == name), None)
    if parameter is None or parameter.type is None or not parameter.writable:
        raise Refused(f"nothing was sent: {name} is not a parameter that can be set", code=0)
    try:
        raw = encode_number(
            (value - parameter.offset) / parameter.scale, parameter.type, parameter.order
        )
        before = await _read(device, parameter)
    except ValueError as error:
        raise Refused(f"nothing was sent: {error}", code=0) from error
    except DeviceError as error:
        raise Refused(f"nothing was sent: {error}", code=0) from error
    lost = await _write(device, parameter, raw)
    try:
        after = await _read(device, parameter)
    except DeviceError as error:
        raise NoAnswer(f"{name} was written, it is not known what it is: {error}") from error
    if math.isclose(after, value, rel_tol=CLOSE, abs_tol=abs(parameter.scale) / 2):
        return before, after
    said = "the reply was lost" if lost else "acknowledged"
    raise NoAnswer(f"{said}, but {name} reads back {after:g} and not {value:g}")


async def _write(device: ModbusDevice, parameter: Parameter, raw: list[int]) -> DeviceError | None:
    try:
        await device.bus.write(device.settings.address, parameter.address, raw, timing=device.pace)
    except (NoAnswer, BadAnswer) as error:
        if not error.sent:
            raise Refused(f"nothing was sent: {error}", code=0) from error
        return error
    return None


async def _read(device: ModbusDevice, parameter: Parameter) -> float:
    if parameter.type is None:
        raise Refused(f"{parameter.id} is no number", code=0)
    registers = await device.registers(want_of(parameter), order=True)
    number = decode_number(registers, parameter.type, parameter.order)
    if number is None:
        raise BadAnswer(f"{parameter.id} holds no {parameter.type}")
    return number * parameter.scale + parameter.offset
