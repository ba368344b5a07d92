"""The header of one station: what turns a message into bytes and a frame into a message."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agent.store.frames import segment_text
from agent.store.outbox import Row
from agent.uplink.heads import KNOWN, Head, Written, learn
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.flag import Flag
from protocols.hj212.frame import decode_frame, encode_frame
from protocols.hj212.frame_parts import Frame, Unseal
from protocols.hj212.segment import Segment, parse_segment, print_segment
from protocols.hj212.times import wire_qn

if TYPE_CHECKING:
    from agent.uplink.sealing import KeyRing

_MARKS = len("CP=&&&&")

_Kind = tuple[str, str, bool, int, int, bool]
"""What of an outbox row its head depends on."""


@dataclass(frozen=True, slots=True)
class Header:
    """Edition (or dialect), MN, password and keys of a station, as they are today.

    `frame` and `bytes_of` raise LocalFrameError, which never shows the password.
    """

    edition: Edition
    mn: str
    pw: str = field(repr=False)
    key: KeyRing | None = field(default=None, repr=False)
    """None where nothing is sealed."""
    previous_pw: str | None = field(default=None, repr=False)
    """What a request that is repeated may still bear."""
    encoding: str = "auto"
    """How the platform writes text (`wire.encoding`)."""
    _heads: dict[_Kind, Head] = field(init=False, default_factory=dict, repr=False, compare=False)
    """Heads that were printed before, with these fields: they bear the password."""

    def frame(self, row: Row, *, resent: bool) -> bytes:
        """Make the bytes of an outbox row. `resent` sets RF where the edition has it."""
        return self.written(row, resent=resent).frame

    def written(self, row: Row, *, resent: bool) -> Written:
        """Make the frame of an outbox row, and its text. `resent` as in `frame`."""
        qn, kind = wire_qn(row.qn_ms), (row.cn, row.st, row.answer, row.pnum, row.pno, resent)
        head = self._heads.get(kind)
        data = None if head is None else head.segment(qn, row.body)
        if head is not None and data is not None:
            return Written(qn, self._enclosed(data, row.cn), head.shown(qn, row.body))
        segment = self.segment(row, resent=resent)
        frame = self.bytes_of(segment)
        if head is None:
            self._learn(kind, segment)
        return Written(qn, frame, segment_text(segment))

    def segment(self, row: Row, *, resent: bool = False) -> Segment:
        """Put the header before the data area of an outbox row."""
        split = row.pnum > 1
        return Segment(
            qn=wire_qn(row.qn_ms),
            st=row.st,
            cn=row.cn,
            pw=self.pw,
            mn=self.mn,
            flag=Flag.of(self.edition.flag_version << 2 | split << 1 | row.answer),
            pnum=row.pnum if split else None,
            pno=row.pno if split else None,
            rf=resent and "RF" in self.edition.header,
            cp=row.body,
        )

    def bytes_of(self, segment: Segment) -> bytes:
        """Make the frame of a segment, sealed where its command is to be."""
        try:
            return self._enclosed(print_segment(segment, self.edition), segment.cn)
        except LocalFrameError as error:
            masked = str(error)
            for pw in filter(None, {self.pw, segment.pw}):
                masked = masked.replace(f"PW={pw}", "PW=***")
            raise LocalFrameError(masked) from None

    def _enclosed(self, data: bytes, cn: str) -> bytes:
        """Make a frame of a data segment; raises LocalFrameError."""
        if self.key is not None and self.seals(cn):
            return self.key.frame(data)
        return encode_frame(data, limit=self.edition.max_segment)

    def _learn(self, kind: _Kind, segment: Segment) -> None:
        """Remember the head of a segment that could be printed."""
        bare = replace(segment, cp="")
        printed = print_segment(bare, self.edition)
        most = min(self.edition.max_cp - _MARKS, self.edition.max_segment - len(printed))
        head = learn(printed, bare, most=most)
        if len(self._heads) >= KNOWN:
            self._heads.clear()
        if head is not None:
            self._heads[kind] = head

    def seals(self, cn: str) -> bool:
        """Say whether a frame of ours with that command goes sealed."""
        return self.key is not None and self.key.covers(cn)

    def read(self, data: bytes) -> Segment:
        """Read one frame: in clear, under the current key, then under the previous one.

        Raises PeerFrameError; its kind is `seal` when no key of ours opens the frame.
        """
        return self.open(data)[0]

    def open(self, data: bytes) -> tuple[Segment, bool]:
        """Read one frame as `read` does, and say whether it was sealed."""
        frame = self.cut(data)
        return self.parse(frame.segment), frame.sealed

    def cut(self, data: bytes) -> Frame:
        """Take one frame apart and open it. Raises PeerFrameError."""
        return decode_frame(data, unseal=self.unseal)

    def parse(self, segment: bytes) -> Segment:
        """Read the data segment of a frame. Raises PeerFrameError."""
        return parse_segment(segment, self.edition, encoding=self.encoding)[0]

    @property
    def unseal(self) -> Unseal | None:
        """What opens sealed frames; None where there is no key."""
        return None if self.key is None else self.key.unseal()

    def knows(self, pw: str) -> bool:
        """Compare a password without telling by the time how much of it fits."""
        return hmac.compare_digest(pw.encode(), self.pw.encode())

    def knew(self, pw: str) -> bool:
        """Say whether it is the password before the one in force."""
        before = self.previous_pw
        return before is not None and hmac.compare_digest(pw.encode(), before.encode())

    def is_for(self, mn: str) -> bool:
        """Say whether a frame with that MN is ours; 2005 may leave it out of an answer."""
        return mn == self.mn or (not mn and "MN" in self.edition.optional)
