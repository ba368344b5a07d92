"""The header of one station: what turns a message into bytes and a frame into a message."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from agent.store.outbox import Row
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.flag import Flag
from protocols.hj212.frame import encode_frame
from protocols.hj212.segment import Segment, print_segment
from protocols.hj212.times import wire_qn

INTERACTION_ST = "91"


@dataclass(frozen=True, slots=True)
class Header:
    """Edition, MN and password of a station, as they are today.

    `frame` and `answer` raise LocalFrameError, which never shows the password.
    """

    edition: Edition
    mn: str
    pw: str = field(repr=False)

    def frame(self, row: Row, *, resent: bool) -> bytes:
        """Make the bytes of an outbox row. `resent` sets RF where the edition has it."""
        split = row.pnum > 1
        return self._bytes(
            Segment(
                qn=wire_qn(row.qn_ms),
                st=row.st,
                cn=row.cn,
                pw=self.pw,
                mn=self.mn,
                flag=Flag(self.edition.flag_version, answer=row.answer, packets=split),
                pnum=row.pnum if split else None,
                pno=row.pno if split else None,
                rf=resent and "RF" in self.edition.header,
                cp=row.body,
            )
        )

    def answer(self, cn: str, qn: str, body: str) -> bytes:
        """Make the bytes of a 9011, 9012, 9013 or 9014 to a frame with that QN."""
        return self._bytes(
            Segment(
                qn=qn,
                st=INTERACTION_ST,
                cn=cn,
                pw=self.pw,
                mn=self.mn,
                flag=Flag(self.edition.flag_version, answer=False, packets=False),
                pnum=None,
                pno=None,
                rf=False,
                cp=body,
            )
        )

    def knows(self, pw: str) -> bool:
        """Compare a password without telling by the time how much of it fits."""
        return hmac.compare_digest(pw.encode(), self.pw.encode())

    def _bytes(self, segment: Segment) -> bytes:
        try:
            return encode_frame(print_segment(segment, self.edition))
        except LocalFrameError as error:
            raise LocalFrameError(str(error).replace(f"PW={self.pw}", "PW=***")) from None
