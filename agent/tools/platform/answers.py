"""The frames a platform answers with. Pure."""

from __future__ import annotations

from agent.tools.platform.verdict import Verdict
from protocols.hj212.flag import Flag
from protocols.hj212.frame import encode_frame
from protocols.hj212.segment import Segment, print_segment

_INTERACTION_ST = "91"


def answer_frame(verdict: Verdict) -> bytes | None:
    """Give the 9014 or 9013 a right frame asks for; None where it asks for none.

    It carries QN, PW and MN of the frame it answers, ST 91 and a Flag that wants no answer.
    Source: HJ 212-2017 §6.1, annex C
    """
    segment, held = verdict.segment, verdict.edition
    if not verdict.ok or not verdict.answer_cn or segment is None or held is None:
        return None
    answer = Segment(
        qn=segment.qn,
        st=_INTERACTION_ST,
        cn=verdict.answer_cn,
        pw=segment.pw,
        mn=segment.mn,
        flag=Flag(held.flag_version),
    )
    return encode_frame(print_segment(answer, held))
