"""Marks as lines for people, for programs and for the platform's form."""

from __future__ import annotations

import json

from agent.errors import Lang
from agent.model import MarkState
from agent.store.marks import Kept
from agent.tools.words import factor_name, local_time, pad, pick

_STATES = {
    MarkState.PROPOSED: ("待确认", "proposed"),
    MarkState.CONFIRMED: ("已确认", "confirmed"),
    MarkState.REFUSED: ("已否决", "refused"),
}
_CHANNELS = {"auto": ("自动", "auto"), "manual": ("人工", "manual")}
_ALL = ("全部因子", "every factor")
_NO_PROOF = ("  缺附件", "  no attachment")
FIELDS = (
    *("id", "family", "outlet", "facility", "factors", "type", "start", "end", "minutes"),
    *("reason", "proof", "confirmed_by", "confirmed_at", "entered_by", "entered_at"),
)


def fields(one: Kept) -> tuple[object, ...]:
    """Give a mark in the order of `FIELDS` (platform interface document §2.2)."""
    record = one.record
    return (
        one.id,
        record.kind.value,
        record.outlet,
        record.facility,
        ";".join(record.factors),
        record.code,
        local_time(record.start),
        local_time(record.last),
        record.minutes,
        record.reason or one.why,
        record.proof,
        one.decided_by or one.made_by,
        local_time(one.decided_at if one.decided_at is not None else one.made_at),
        one.entered_by or "",
        local_time(one.entered_at),
    )


def json_line(one: Kept) -> str:
    """Give the whole row as JSON."""
    return json.dumps(one.row(), ensure_ascii=False)


def line(one: Kept, lang: Lang) -> str:
    """Give a mark for reading, with what speaks for (·) and against (!) it."""
    record = one.record
    named = ", ".join(factor_name(code, lang) for code in record.factors) or pick(_ALL, lang)
    where = f"{record.outlet} {record.facility}".strip()
    first, last = local_time(record.start, "%m-%d %H:%M"), local_time(record.last, "%m-%d %H:%M")
    state = pad(pick(_STATES[record.state], lang), 10)
    said = "".join(f"\n        ! {text}" for text in record.objections)
    said += "".join(f"\n        · {text}" for text in record.evidence)
    manual = record.channel.value == "manual" and record.state is MarkState.CONFIRMED
    proof = pick(_NO_PROOF, lang) if manual and not record.proof else ""
    channel = pick(_CHANNELS[record.channel.value], lang)
    what = f"{where} {record.code} ({named}){proof}"
    return f"{one.id:>6}  {state}{channel} {first}–{last} {what}{said}"
