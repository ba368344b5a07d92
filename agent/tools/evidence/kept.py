"""The bottles in a report: which water, where it stands, and through whose hands it went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.errors import Lang
from agent.store.bottles import Bottle
from agent.tools.bottle_lines import mode_word
from agent.tools.evidence.hands import People, name
from agent.tools.evidence.markup import table
from agent.tools.evidence.said import number, unit
from agent.tools.words import factor_name, local_time

_ZH: Lang = "zh"
HEADS = ("瓶签", "水样", "超标因子", "留样", "缘由", "保管")


def bottles(found: Sequence[Bottle], people: People) -> str:
    """Give them as a table; `people` are the names of those who may have had one in hand."""
    return table(HEADS, (_row(one, people) for one in found))


def water(one: Bottle) -> str:
    """Say which water is in a bottle: its hour and vessel."""
    if one.sampled_at is None:
        return "—"
    hour = local_time(one.sampled_at, "%m-%d %H 时")
    return f"{hour} {one.vessel} 桶" if one.vessel else hour


def custody(one: Bottle, people: People) -> str:
    """Say through whose hands a bottle went, and who may let it go."""
    return "；".join(_steps(one, people))


def temperature(one: Bottle) -> str:
    """Give what the box was at when the bottle was noted."""
    return "—" if one.temperature is None else f"{one.temperature:.1f} ℃"


def _row(one: Bottle, people: People) -> tuple[str, ...]:
    factors = "、".join(_factor(dict(each)) for each in one.factors) or "—"
    kept = f"{local_time(one.kept_at)}，{one.volume_ml:g} mL，箱温 {temperature(one)}"
    return one.code, water(one), factors, kept, mode_word(one.mode, _ZH), custody(one, people)


def _factor(one: dict[str, object]) -> str:
    code = str(one["factor"])
    value, limit = one.get("value"), one.get("limit")
    name = factor_name(code, _ZH)
    if not isinstance(value, int | float):
        return name
    over = f" > {number(limit)}" if isinstance(limit, int | float) and value > limit else ""
    return f"{name} {number(value)}{over} {unit(code)}"


def _steps(one: Bottle, people: People) -> Iterator[str]:
    if one.touched_at is not None:
        yield f"{local_time(one.touched_at)} 箱门被打开"
    if one.confirmed_at is not None:
        yield f"{local_time(one.confirmed_at)} {name(one.confirmed_by, people)} 核对无误"
    elif one.touched_at is not None:
        yield "尚未核对"
    if one.released_at is not None:
        why = f"（{one.release_why}）" if one.release_why else ""
        yield f"{local_time(one.released_at)} {name(one.released_by, people)} 放行{why}"
    if one.handed_at is not None:
        yield f"{local_time(one.handed_at)} {name(one.handed_by, people)} 交给 {one.handed_to}"
    if one.gone_at is not None:
        unreleased = "，未经放行" if one.released_at is None else ""
        yield f"{local_time(one.gone_at)} 已不在原位{unreleased}"
    elif one.released_at is None:
        yield "在箱内，仅执法或平台可放行" if one.guarded else "在箱内"
