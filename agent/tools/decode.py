"""`paikou hj212 decode`: lines with frames in, one JSON object a line out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import click

from protocols.hj212.cp import parse_cp
from protocols.hj212.editions import Edition, edition, edition_names
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.frame import decode_frame
from protocols.hj212.message import Other, parse_message
from protocols.hj212.segment import Segment, parse_segment

_MAX_LINE = 20_000  # the longest frame takes 10,011 bytes; what is longer comes in pieces


@click.group()
def hj212() -> None:
    """HJ 212 报文工具 / tools for HJ 212 frames."""


@hj212.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--profile",
    type=click.Choice(edition_names()),
    default="hj212-2017",
    show_default=True,
    help="版本 / edition the messages are read by",
)
def decode(file: BinaryIO, profile: str) -> None:
    """逐行解析报文，每行输出一个 JSON 对象 / decode frames, one a line, to one JSON object a line.

    FILE (default: standard input) holds a frame a line, with or without CR LF. What can be read
    of a broken frame is given beside its error. Ends 0 when every frame was right, else 1.
    """
    failed = False
    for line in _lines(file):
        decoded = describe(line, edition(profile))
        failed |= not decoded["ok"]
        click.echo(json.dumps(decoded, ensure_ascii=False).encode())
    click.get_current_context().exit(1 if failed else 0)


def describe(line: bytes, by: Edition) -> dict[str, Any]:
    """Say all that can be said of one frame; never raises.

    `ok`, `error` and `warnings` are always there; `header`, `other`, `items` and `message` where
    at least one field could be read.
    """
    decoded: dict[str, Any] = {"ok": True, "error": None, "warnings": []}
    try:
        frame = decode_frame(line)
        text = frame.segment
        decoded["warnings"] += frame.warnings
    except PeerFrameError as error:
        decoded |= _failure(error)
        text = error.segment
    try:
        segment, warnings = parse_segment(text)
    except PeerFrameError as error:
        return decoded | _failure(error) if decoded["ok"] else decoded
    decoded["warnings"] += warnings
    message = parse_message(segment, by)
    if segment.flag and segment.flag.version != by.flag_version:
        versions = f"version {segment.flag.version}, {by.name} has {by.flag_version}"
        decoded["warnings"].append(f"Flag={int(segment.flag)} is {versions}")
    if isinstance(message, Other) and message.why:
        decoded["warnings"].append(message.why)
    items = parse_cp(segment.cp)
    return decoded | _header(segment) | {"items": items, "message": type(message).__name__}


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(_MAX_LINE):
        if line.strip():
            yield line


def _failure(error: PeerFrameError) -> dict[str, Any]:
    return {
        "ok": False,
        "error": {
            "kind": error.kind,
            "declared": error.declared,
            "found": error.found,
            "message": str(error),
        },
    }


def _header(segment: Segment) -> dict[str, Any]:
    return {
        "header": {
            "QN": segment.qn,
            "ST": segment.st,
            "CN": segment.cn,
            "PW": segment.pw,
            "MN": segment.mn,
            "Flag": None if segment.flag is None else int(segment.flag),
            "PNUM": segment.pnum,
            "PNO": segment.pno,
            "RF": segment.rf,
        },
        "other": segment.other,
    }
