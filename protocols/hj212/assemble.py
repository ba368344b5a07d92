"""Packets back into one segment.

A set is known by MN, ST, CN, DataTime and PNUM, not by QN: under 2017 each packet has its own.

Source: HJ 212-2017 §6.3.2 and C.47–C.50
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from protocols.hj212.cp import find, parse_cp
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.flag import Flag
from protocols.hj212.segment import Segment

_Key = tuple[str, str, str, str, int]


@dataclass(slots=True)
class _Set:
    begun_at: float
    packets: dict[int, Segment] = field(default_factory=dict)


class Assembler:
    """Collect packets until a set is whole.

    Holds at most `max_packets`; the oldest sets give way. A packet that comes again takes the
    place of the first. One that comes again after its set was whole begins a set that only time
    ends: drop repeated packets by QN before, and call `expire`.
    """

    def __init__(self, max_packets: int = 512) -> None:
        self._max_packets = max_packets
        self._held = 0
        self._sets: dict[_Key, _Set] = {}

    def add(self, segment: Segment, *, now: float) -> Segment | None:
        """Give the whole message when this completes it, at once for what is not split.

        It has the QN of packet 1, `DataTime` once, and no packet numbers. `now` may be of any
        clock, `expire` of the same. Raises PeerFrameError (field) on a PNO outside its set.
        """
        pnum, pno = segment.pnum, segment.pno
        if pnum is None or pno is None:
            return segment
        if not 1 <= pno <= pnum:
            raise PeerFrameError("field", "PNO", declared=f"1 to {pnum}", found=str(pno))
        time = find(parse_cp(segment.cp), "DataTime") or segment.qn
        key = (segment.mn, segment.st, segment.cn, time, pnum)
        packets = self._sets.setdefault(key, _Set(now)).packets
        self._held += pno not in packets
        packets[pno] = segment
        if len(packets) == pnum:
            self._forget(key)
            return _join([packets[number] for number in range(1, pnum + 1)])
        while self._held > self._max_packets:
            self._forget(next(iter(self._sets)))
        return None

    def expire(self, now: float, age_s: float) -> int:
        """Forget sets begun more than `age_s` ago; give their number."""
        old = [key for key, waiting in self._sets.items() if now - waiting.begun_at > age_s]
        for key in old:
            self._forget(key)
        return len(old)

    def _forget(self, key: _Key) -> None:
        self._held -= len(self._sets.pop(key).packets)


def _join(packets: list[Segment]) -> Segment:
    first, *more = packets
    areas = [first.cp]
    for packet in more:
        head, _, rest = packet.cp.partition(";")
        repeated = head.startswith("DataTime=") and "," not in head
        areas.append(rest if repeated else packet.cp)
    flag = first.flag and Flag(first.flag.version, answer=first.flag.answer)
    cp = ";".join(area for area in areas if area)
    return replace(first, flag=flag, pnum=None, pno=None, cp=cp)
