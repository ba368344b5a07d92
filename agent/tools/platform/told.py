"""Frames in words: what a command is called, what its results and factors mean. Secrets masked."""

from __future__ import annotations

import re

from agent.errors import Lang
from agent.tools.words import factor_name
from protocols.hj212.code_tables import EXE_RTN, QN_RTN
from protocols.hj212.commands import Direction, command
from protocols.hj212.cp import find, parse_cp
from protocols.hj212.editions import Edition
from protocols.hj212.segment import Segment

_SECRET = re.compile(r"\b(PW|NewPW|NewSK)=[^;,&]*")
_MOST = 400


def masked(text: str) -> str:
    """Give a frame or a data area without its passwords and keys."""
    return _SECRET.sub(r"\1=***", text)


def tell(segment: Segment, held: Edition | None, *, way: Direction, lang: Lang) -> str:
    """Give one line on a frame: command, name, what its data area says."""
    area = masked(segment.cp)
    shown = area if len(area) <= _MOST else f"{area[:_MOST]}…"
    if lang == "en" or held is None:
        return f"{segment.cn} {shown}".rstrip()
    known = command(held.extra_commands.get(segment.cn, segment.cn), way, held.base)
    name = f"{segment.cn} {known.name_zh}" if known else segment.cn
    return " ".join(part for part in (name, shown, _meaning(segment, held)) if part)


def _meaning(segment: Segment, held: Edition) -> str:
    items = parse_cp(segment.cp)
    for key, table in (("QnRtn", QN_RTN), ("ExeRtn", EXE_RTN)):
        text = find(items, key)
        if text is not None and text.isascii() and text.isdigit():
            return table[held.base].get(int(text), "")
    codes = dict.fromkeys(key.partition("-")[0] for item in items for key, _ in item if "-" in key)
    names = [name for code in codes if (name := factor_name(code, "zh")) != code]
    return f"（{'、'.join(names[:10])}{'…' if len(names) > 10 else ''}）" if names else ""
