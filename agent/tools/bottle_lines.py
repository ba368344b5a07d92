"""One kept bottle as one line for people: code, cause, water, and how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.errors import Lang
from agent.store.bottles import Bottle
from agent.tools.words import factor_name, local_time, pick

MODES: Mapping[str, tuple[str, str]] = {
    "exceedance": ("超标", "exceedance"),
    "synchronous": ("同步", "synchronous"),
    "contact": ("干接点", "contact"),
    "timed": ("定时", "timed"),
    "manual": ("手动", "by hand"),
    "immediate": ("平台即时", "platform"),
    "no_verdict": ("无结果", "no verdict"),
}
_BOTTLE = ("{bottle} 号瓶", "bottle {bottle}")
_WATER = ("水样 {hour}", "water of {hour}")
_GUARDED = ("仅执法或平台可放行", "inspector or platform releases it")
_TOUCHED = ("门开过，待确认 {at}", "touched {at}")
_CONFIRMED = ("{by} 已确认", "confirmed by {by}")
_RELEASED = ("{by} 已放行 {at}", "released by {by} {at}")
_HANDED = ("已交给 {to} {at}", "handed to {to} {at}")
_GONE = ("已不在 {at}", "gone {at}")
_HERE = ("保存至 {at}", "good until {at}")
_CLEARED = ("未放行即被清空", "emptied without release")


def mode_word(mode: str, lang: Lang) -> str:
    """Give why a bottle was kept, in words."""
    return pick(MODES.get(mode, (mode, mode)), lang)


def bottle_line(one: Bottle, lang: Lang) -> str:
    """Give a bottle as one line."""
    return "  ".join([one.code, *_what(one, lang), *_state(one, lang)])


def factor_words(factor: Mapping[str, Any], lang: Lang) -> str:
    """Give a factor that was beyond its limit: name, value and limit."""
    name = factor_name(str(factor["factor"]), lang)
    if factor.get("value") is None:
        return name
    bound = "" if factor.get("limit") is None else f" / {factor['limit']:g}"
    return f"{name} {factor['value']:g}{bound}"


def _what(one: Bottle, lang: Lang) -> Iterator[str]:
    yield pick(_BOTTLE, lang).format(bottle=one.bottle)
    yield f"{one.volume_ml:.0f} mL"
    yield mode_word(one.mode, lang)
    for factor in one.factors:
        yield factor_words(factor, lang)
    if one.sampled_at is not None:
        hour = local_time(one.sampled_at, "%m-%d %H:00")
        yield pick(_WATER, lang).format(hour=hour) + (f" {one.vessel}" if one.vessel else "")


def _state(one: Bottle, lang: Lang) -> Iterator[str]:
    form = "%m-%d %H:%M"
    if one.touched_at is not None and one.confirmed_at is None:
        yield pick(_TOUCHED, lang).format(at=local_time(one.touched_at, form))
    if one.confirmed_at is not None:
        yield pick(_CONFIRMED, lang).format(by=one.confirmed_by)
    if one.released_at is not None:
        yield pick(_RELEASED, lang).format(by=one.released_by, at=local_time(one.released_at, form))
    elif one.gone_at is not None:
        yield pick(_CLEARED, lang)
    elif one.guarded:
        yield pick(_GUARDED, lang)
    if one.handed_at is not None:
        yield pick(_HANDED, lang).format(to=one.handed_to, at=local_time(one.handed_at, form))
    if one.gone_at is not None:
        yield pick(_GONE, lang).format(at=local_time(one.gone_at, form))
    else:
        yield pick(_HERE, lang).format(at=local_time(one.keep_until, form))
