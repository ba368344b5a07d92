"""Cut a data area into packets, each of which reads alone.

Between subjects only; every packet starts with the same `DataTime`.

Source: HJ 212-2017 §6.3.2 and C.47–C.50, HJ 212-2025 §6.3.2
"""

from __future__ import annotations

from collections.abc import Sequence

from protocols.hj212.cp import Item, print_cp
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError


def split(items: Sequence[Item], edition: Edition) -> tuple[str, ...]:
    """Give the data area of each packet; one, without packet numbers, when all fits.

    Raises LocalFrameError when one item alone is too long or the packets are more than PNUM can
    count.
    """
    whole = print_cp(items)
    if len(whole.encode()) <= edition.room(split=False):
        return (whole,)
    time, *rest = items
    if [key for key, _ in time] != ["DataTime"] or not rest:
        raise LocalFrameError(f"{len(whole.encode())} bytes that cannot be split")
    room = edition.room(split=True)
    packets: list[str] = []
    packet = head = print_cp([time])
    for item in rest:
        text = print_cp([item])
        if len(f"{packet};{text}".encode()) > room and packet != head:
            packets.append(packet)
            packet = head
        packet = f"{packet};{text}"
        if len(packet.encode()) > room:
            raise LocalFrameError(f"{text[:40]}… is {len(text.encode())} bytes, too long to send")
    packets.append(packet)
    if len(packets) > edition.max_packets:
        raise LocalFrameError(f"{len(packets)} packets, {edition.max_packets} allowed")
    return tuple(packets)
