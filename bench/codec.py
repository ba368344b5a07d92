"""How fast frames are read and written, on one core.

decode: bytes of one 2011 frame to header fields and items: length, CRC and tail checked, header
        read, every pair of the data area split. Numbers stay text.
encode: header fields and a ready CP text to the bytes of the frame: `Segment` made, checked
        against the edition, written, length and CRC put around it.
floor:  what any program in Python has to do with such a frame at least: take a check sum over it
        (zlib's, in C) and split it at every `;`. The ratio to it is what can be compared between
        machines.

Frames a second are of the best round, the ratio is the median over the rounds. Run from the root
of the project: `python -m bench.codec`.
"""

from __future__ import annotations

import json
import statistics
import time
import zlib
from collections.abc import Callable

import click

from protocols.hj212.cp import parse_cp
from protocols.hj212.editions import edition
from protocols.hj212.flag import Flag
from protocols.hj212.frame import decode_frame, encode_frame
from protocols.hj212.segment import Segment, parse_segment, print_segment

GOALS = {"decode": 40_000, "encode": 60_000}
EDITION = edition("hj212-2017")
HEADER = ("20240601085830123", "32", "2011", "123456", "010000A8900016F000169DC0")
CP = (
    "DataTime=20240601085830;w00000-Rtd=12.34,w00000-Flag=N;w01001-Rtd=7.12,w01001-Flag=N;"
    "w01018-SampleTime=20240601080000,w01018-Rtd=38.2,w01018-Flag=N;"
    "w21003-SampleTime=20240601080000,w21003-Rtd=1.25,w21003-Flag=N"
)


def encode() -> bytes:
    return encode_frame(print_segment(Segment(*HEADER, Flag.of(5), cp=CP), EDITION))


FRAME = encode()


def decode() -> None:
    segment, _ = parse_segment(decode_frame(FRAME).segment)
    parse_cp(segment.cp)


def floor() -> None:
    zlib.crc32(FRAME)
    FRAME.split(b";")


def seconds(work: Callable[[], object], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - started) / times


@click.command()
@click.option("--rounds", default=20, show_default=True)
@click.option("--frames", default=5000, show_default=True, help="frames per round")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def main(rounds: int, frames: int, as_json: bool) -> None:
    """Measure reading and writing of a typical 2011 frame beside the floor of the same run."""
    works = {"floor": floor, "decode": decode, "encode": encode}
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(seconds(work, frames))
    found: dict[str, float] = {
        "frame_bytes": len(FRAME),
        "floor_per_s": round(1 / min(taken["floor"])),
    }
    for name, goal in GOALS.items():
        ratios = [mine / least for mine, least in zip(taken[name], taken["floor"], strict=True)]
        found |= {
            f"{name}_per_s": round(1 / min(taken[name])),
            f"{name}_goal_per_s": goal,
            f"{name}_to_floor": round(statistics.median(ratios), 1),
        }
    if as_json:
        click.echo(json.dumps(found))
        return
    for key, value in found.items():
        click.echo(f"{key:20} {value:>12,}")


if __name__ == "__main__":
    main()
