"""How a supervision order is shown: a line, or all of it. Chinese first."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from agent.errors import Lang
from agent.store.supervision import Answer, Supervised
from agent.tools.words import local_time, pad, pick

Answers = Sequence[tuple[Answer, list[tuple[str, str, int]]]]
_LEVELS = {
    "warning": ("事前预警", "warning"),
    "dispatch": ("事中调度", "dispatch"),
    "handling": ("事后督办", "handling"),
}
_VERIFIED = (("未核实", "not verified"), ("已核实", "verified"), ("核实中", "being verified"))
_STAGES = {
    "": ("", ""),
    "deal": ("处理中", "dealt with"),
    "case": ("已立案", "a case"),
    "ended": ("已结案", "ended"),
}
_NO_ANSWER = ("无需答复", "no answer needed")
_DONE = ("已答复", "answered")
_LEFT = ("剩 {left}，{due} 到期", "{left} left, due {due}")
_LATE = ("已超期，应于 {due} 前答复", "overdue since {due}")
_HEAD = (
    "督办 {id}  {number}  {level}  {outlet}\n站点 {station}  ref {ref}\n"
    "收到 {received}  时段 {span}\n{title}{content}",
    "order {id}  {number}  {level}  {outlet}\nstation {station}  ref {ref}\nreceived {received}"
    "  interval {span}\n{title}{content}",
)
_ANSWER = (
    "答复 {id}  {at}  {by}（{why}）  {receipt}",
    "answer {id}  {at}  {by} ({why})  {receipt}",
)
_WAITS = ("待平台签收", "not received yet")
_TAKEN = ("平台已签收 {at}（{how}）", "received {at} ({how})")
_REFUSED = ("平台未收下：{how}", "not taken: {how}")


def line(one: Supervised, lang: Lang, now: float) -> str:
    """Give an order as one line: number, level, outlet, where it stands."""
    level = pad(pick(_LEVELS[one.level], lang), 10)
    outlet = pad(one.outlet or "*", 8)
    return f"{one.id:>5}  {level}{outlet}{pad(one.number, 20)}{_standing(one, lang, now)}"


def detail_lines(one: Supervised, answers: Answers, lang: Lang, now: float) -> Iterator[str]:
    """Give all of an order: what it says, where it stands, what was answered, what came of it."""
    body = one.body
    end = "…" if one.end is None else local_time(one.end, "%m-%d %H:%M")
    title = " ".join(filter(None, (body.get("title"), body.get("salutation"))))
    yield pick(_HEAD, lang).format(
        id=one.id,
        number=one.number,
        level=pick(_LEVELS[one.level], lang),
        outlet=one.outlet or "*",
        station=one.station,
        ref=one.ref,
        received=local_time(one.received_at),
        span=f"{local_time(one.start, '%Y-%m-%d %H:%M')} – {end}",
        title=f"{title}\n" if title else "",
        content=body.get("content", ""),
    )
    for detail in body.get("details", ()):
        yield "  · " + _detail(detail)
    yield _standing(one, lang, now)
    if one.verdict.get("check_text"):
        yield f"  {one.verdict['check_text']}"
    for answer, files in answers:
        yield pick(_ANSWER, lang).format(
            id=answer.id,
            at=local_time(answer.at),
            by=answer.made_by,
            why=answer.why,
            receipt=_receipt(answer, lang),
        )
        yield from (f"  {text}" for text in answer.text.splitlines())
        yield from (f"  + {name}  {size} B  sha256 {sha256}" for name, sha256, size in files)


def as_json(one: Supervised, answers: Answers = ()) -> dict[str, Any]:
    """Give an order as a program reads it."""
    told = dataclasses.asdict(one)
    if answers:
        told["answers"] = [
            {
                **dataclasses.asdict(answer),
                "files": [
                    {"name": name, "sha256": sha256, "bytes": size} for name, sha256, size in files
                ],
            }
            for answer, files in answers
        ]
    return told


def _standing(one: Supervised, lang: Lang, now: float) -> str:
    if one.answered_at is not None:
        parts = [pick(_DONE, lang), pick(_VERIFIED[one.verification], lang)]
        return " ".join(filter(None, (*parts, pick(_STAGES[one.stage], lang))))
    if one.deadline_at is None:
        return pick(_NO_ANSWER, lang)
    due = local_time(one.deadline_at, "%m-%d %H:%M")
    if now > one.deadline_at:
        return pick(_LATE, lang).format(due=due)
    return pick(_LEFT, lang).format(left=_span(one.deadline_at - now), due=due)


def _receipt(answer: Answer, lang: Lang) -> str:
    if not answer.receipt:
        return pick(_WAITS, lang)
    words = _REFUSED if answer.received_at is None else _TAKEN
    return pick(words, lang).format(at=local_time(answer.received_at), how=answer.receipt)


def _detail(detail: dict[str, Any]) -> str:
    value, standard = detail.get("value"), detail.get("standard")
    parts = [
        local_time(detail.get("at"), "%m-%d %H:%M"),
        detail.get("point", ""),
        detail.get("factor", ""),
        "" if value is None else f"{value:g}{detail.get('unit', '')}",
        "" if standard is None else f"/ {standard:g}{detail.get('unit', '')}",
        detail.get("text", ""),
    ]
    return " ".join(filter(None, parts))


def _span(seconds: float) -> str:
    hours, minutes = divmod(int(seconds // 60), 60)
    return f"{hours} h {minutes:02d} min"
