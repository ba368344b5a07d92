"""A province's deviations, laid over an edition.

A dialect says only what differs. It adds or replaces factors and on-site codes, gives a factor
another unit or number type, maps causes to other marks, knows working states by other numbers,
and has fields and commands of its own. Limits and header can be widened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from protocols.hj212.code_tables import OnSiteCode
from protocols.hj212.commands import commands
from protocols.hj212.editions import Edition, edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.factors import Factor


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is different; everything left out is as in the edition `base`.

    `units` and `types` change known factors. `commands` gives each new command one of the edition
    whose messages it speaks, or nothing: then its words are kept as they come.
    """

    name: str
    base: str
    factors: tuple[Factor, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    letters: Mapping[str, str] = field(default_factory=dict)
    on_site: tuple[OnSiteCode, ...] = ()
    states: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    header: Mapping[str, int] = field(default_factory=dict)
    mn_shape: str | None = None
    retained_cn: str | None = None
    max_segment: int | None = None
    max_cp: int | None = None


def overlay(dialect: Dialect) -> Edition:
    """Give the edition with a dialect laid over it.

    Raises LocalFrameError on a dialect that changes what is not there, KeyError on no such base.
    """
    base = edition(dialect.base)
    _check(dialect, base)
    return replace(
        base,
        name=dialect.name,
        factors=MappingProxyType(_factors(dialect, base)),
        letters=MappingProxyType({**base.letters, **dialect.letters}),
        on_site=MappingProxyType(
            {**base.on_site, **{known.code: known for known in dialect.on_site}}
        ),
        states=MappingProxyType(
            {medium: MappingProxyType(dict(of)) for medium, of in dialect.states.items()}
        ),
        extra_fields=frozenset(dialect.fields),
        extra_commands=MappingProxyType(dict(dialect.commands)),
        header=MappingProxyType({**base.header, **dialect.header}),
        mn_shape=base.mn_shape if dialect.mn_shape is None else dialect.mn_shape,
        retained_cn=base.retained_cn if dialect.retained_cn is None else dialect.retained_cn,
        max_segment=base.max_segment if dialect.max_segment is None else dialect.max_segment,
        max_cp=base.max_cp if dialect.max_cp is None else dialect.max_cp,
    )


def _factors(dialect: Dialect, base: Edition) -> dict[str, Factor]:
    table = {**base.factors, **{known.code: known for known in dialect.factors}}
    for code, unit in dialect.units.items():
        table[code] = replace(table[code], unit=unit)
    for code, type_ in dialect.types.items():
        table[code] = replace(table[code], type=type_)
    return table


def _check(dialect: Dialect, base: Edition) -> None:
    codes = base.factors.keys() | {known.code for known in dialect.factors}
    known = commands(base.base)
    taken = {cn for cn, _ in known}
    faults = [f"factor {code} is not there" for code in (*dialect.units, *dialect.types)
              if code not in codes]  # fmt: skip
    faults += [f"cause {cause} is none" for cause in dialect.letters if cause not in base.letters]
    faults += [f"header field {name} is none" for name in dialect.header if name not in base.header]
    faults += [f"command {cn} is in {base.name}" for cn in dialect.commands if cn in taken]
    faults += [
        f"command {cn} like {like}, which {base.name} has not"
        for cn, like in dialect.commands.items()
        if like and like not in taken
    ]
    if faults:
        raise LocalFrameError(f"{dialect.name}: {'; '.join(faults)}")
