"""What an instrument keeps beside its values: parameters and results of checks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.profile import Parameter, Profile
from protocols.registers import encode_number, encode_time

_CALIBRATED_AT = 1_772_323_200.0  # 2026-03-01 08:00 in China


def slow_registers(profile: Profile, table: str) -> Iterator[tuple[int, int]]:
    """Print parameters and results of checks: steady numbers, and one day for every time."""
    for parameter in profile.parameters:
        if parameter.table == table:
            yield from enumerate(_parameter(parameter), parameter.address)
    for check in profile.checks:
        if check.table == table:
            yield from enumerate(encode_number(1.0, check.type, check.order), check.address)
            if check.time_address is not None and check.time_format is not None:
                time = encode_time(_CALIBRATED_AT, check.time_format)
                yield from enumerate(time, check.time_address)


def _parameter(parameter: Parameter) -> list[int]:
    if parameter.time is not None:
        return encode_time(_CALIBRATED_AT, parameter.time)
    if parameter.type is None:
        return []
    return encode_number(next(iter(parameter.values), 1), parameter.type, parameter.order)
