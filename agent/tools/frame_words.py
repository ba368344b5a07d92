"""A frame of the message log in words: what its data area says, and why it was sent again."""

from __future__ import annotations

import re

from agent.errors import Lang
from agent.tools.words import factor_name, local_time
from protocols.hj212.code_tables import EXE_RTN, QN_RTN
from protocols.hj212.commands import command
from protocols.hj212.editions import Edition
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.factors import factor
from protocols.hj212.message import (
    Executed,
    FactorValues,
    Periodic,
    RealTime,
    RequestAnswer,
    Retained,
    Started,
    parse_message,
)
from protocols.hj212.segment import parse_segment

_REASONS: tuple[tuple[str, str], ...] = (
    (r"no 9014 in ([0-9.]+) s", r"\1 秒内无 9014 应答"),
    (r"no 9014 after ([0-9]+) transmissions", r"发送 \1 次均无 9014 应答"),
    (r"unconfirmed", "平台不应答 9014，未确认"),
    (r"connection broke before the answer", "应答前连接中断"),
    (r"PUBACK 16\b", "PUBACK 16（无人订阅）"),
    (r"resend by (.*?): ", r"\1 要求补发："),
    (r"written", "已写出"),
    (r"abandoned", "已放弃"),
)


def reason(text: str, lang: Lang) -> str:
    """Give a reason in a language; what is not known stays as it is."""
    if lang == "zh":
        for known, words in _REASONS:
            text = re.sub(known, words, text)
    return text


def command_name(cn: str, direction: str, edition: Edition, lang: Lang) -> str:
    """Give the Chinese name of a command; in English nothing, the number says it."""
    if lang != "zh":
        return ""
    known = command(cn, "up" if direction == ">" else "down", edition.base)
    if known is None:  # answers go both ways in the field
        known = command(cn, "down" if direction == ">" else "up", edition.base)
    return known.name_zh if known else ""


def decoded(text: str, edition: Edition, lang: Lang) -> str:
    """Say what a data segment says; the text itself where it cannot be read."""
    try:
        segment, _ = parse_segment(text.encode(), edition)
    except PeerFrameError:
        return text
    message = parse_message(segment, edition)
    match message:
        case RealTime() | Periodic():
            told = "；".join(_factor(one, edition, lang) for one in message.factors)
            packets = f"[{segment.pno}/{segment.pnum}] " if segment.pnum else ""
            return f"{packets}{local_time(message.data_time)}  {told}"
        case RequestAnswer() if lang == "zh":
            return f"QnRtn={message.result} {QN_RTN[edition.base].get(message.result, '')}".rstrip()
        case Executed() if lang == "zh":
            return (
                f"ExeRtn={message.result} {EXE_RTN[edition.base].get(message.result, '')}".rstrip()
            )
        case Started():
            return (
                f"{local_time(message.data_time)}  RestartTime {local_time(message.restart_time)}"
            )
        case Retained():
            return f"{local_time(message.data_time)}  VaseNo {message.bottle}"
        case _:
            return segment.cp


def _factor(said: FactorValues, edition: Edition, lang: Lang) -> str:
    known = factor(said.code, edition.base)
    unit = f" {known.unit}" if known and known.unit else ""
    parts = []
    for field, value in said.values.items():
        if field == "SampleTime" and isinstance(value, float):
            parts.append(f"{field} {local_time(value)}")
        elif field in ("Flag", "EFlag"):
            parts.append(str(value))
        elif isinstance(value, float):
            parts.append(f"{field} {value:g}{'' if field == 'Cou' else unit}")
        else:
            parts.append(f"{field} {value}")
    return f"{factor_name(said.code, lang)} {' '.join(parts)}"
