"""`paikou hj212 decode|encode`: a line in, a line out, in the same order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import click

from agent.settings.dialect import dialect_names
from agent.tools.hj212.encode import EncodingRefused, encode_line
from agent.tools.hj212.read import Reading
from protocols.hj212.editions import edition_names
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.seal import RENDERINGS, Rendering, parse_key

_MAX_FRAME_LINE = 20_000  # the longest frame takes 10,011 bytes; what is longer comes in pieces
_MAX_OBJECT_LINE = 1_000_000

Command = Callable[..., None]


@click.group()
def hj212() -> None:
    """HJ 212 报文工具 / tools for HJ 212 frames."""


def _options(command: Command) -> Command:
    """Give both directions their common options."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="输出 JSON / JSON out"),
        click.option("--strict", is_flag=True, help="按标准逐项核查 / refuse what is not standard"),
        click.option("--hex", "as_hex", is_flag=True, help="报文为十六进制 / frames in hex"),
        click.option("--key", metavar="HEX|TEXT", help="SM4 密钥 / key: 32 hex digits or 16 chars"),
        click.option(
            "--profile",
            type=click.Choice((*edition_names(), *dialect_names())),
            help="版本，缺省按 Flag 判断 / edition; by the Flag unless given",
        ),
        click.argument("file", type=click.File("rb"), default="-"),
    ):
        command = option(command)
    return command


@hj212.command()
@_options
def decode(
    file: BinaryIO,
    profile: str | None,
    *,
    key: str | None,
    as_hex: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """逐行解析报文，每行输出一个 JSON 对象 / decode frames, one a line, to one JSON object a line.

    FILE (default: standard input) holds a frame a line, with or without CR LF; empty lines count
    for nothing. A frame with bytes of a seal in it may hold a line feed: give it with --hex; with
    --hex --strict looks at the tail, too, which without it may be the end of the line. What can be
    read of a broken frame stands under `partial`. The output is JSON with and without --json. Ends
    0 when every frame was right, else 1.
    """
    reading = Reading(profile, strict=strict, keys=_keys(key))
    failed = False
    for line in _lines(file, _MAX_FRAME_LINE * (2 if as_hex else 1)):
        told = reading.hex_line(line) if as_hex else reading.line(line)
        failed |= not told["ok"]
        _say(told)
    click.get_current_context().exit(1 if failed else 0)


@hj212.command()
@click.option(
    "--rendering",
    type=click.Choice(RENDERINGS),
    default="raw",
    show_default=True,
    help="密文写法，对象未注明时 / how a cipher is written where the object does not say",
)
@_options
def encode(
    file: BinaryIO,
    profile: str | None,
    *,
    key: str | None,
    as_hex: bool,
    strict: bool,
    as_json: bool,
    rendering: Rendering,
) -> None:
    """逐行读取 JSON 对象，每行输出一帧 / encode JSON objects, one a line, to one frame a line.

    Takes what decode gives and writes what the object holds, with length, CRC and CR LF computed.
    A line that cannot be written gives its error as a JSON object in place of the frame. With
    --json every frame stands in an object too, in hex (`frame_hex`) where it is not UTF-8. Ends 0
    when every line was written, else 1.
    """
    keys, failed = _keys(key), False
    for line in _lines(file, _MAX_OBJECT_LINE):
        try:
            frame = encode_line(
                line, profile, key=keys[0] if keys else None, strict=strict, rendering=rendering
            )
        except EncodingRefused as refused:
            failed = True
            _say(refused.told)
            continue
        if as_json:
            _say({"ok": True, **_shown(frame, as_hex=as_hex)})
        else:
            click.echo(frame.hex().upper() + "\n" if as_hex else frame, nl=False)
    click.get_current_context().exit(1 if failed else 0)


def _shown(frame: bytes, *, as_hex: bool) -> dict[str, str]:
    """Give a frame as text, or in hex where it is asked for or no text can hold it."""
    digits = frame.hex().upper()
    try:
        return {"frame": digits if as_hex else frame.decode()}
    except UnicodeDecodeError:
        return {"frame_hex": digits}


def _keys(key: str | None) -> tuple[bytes, ...]:
    if key is None:
        return ()
    try:
        return (parse_key(key),)
    except LocalFrameError as error:
        raise click.BadParameter(str(error), param_hint="--key") from None


def _lines(file: BinaryIO, limit: int) -> Iterator[bytes]:
    while line := file.readline(limit):
        if line.strip():
            yield line


def _say(told: dict[str, Any]) -> None:
    click.echo(json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace"))
