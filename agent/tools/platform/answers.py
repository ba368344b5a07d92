"""The frames a platform answers with. Pure."""

from __future__ import annotations

from agent.tools.platform.verdict import Verdict
from protocols.hj212.answers import answer_to
from protocols.hj212.frame import encode_frame
from protocols.hj212.segment import print_segment


def answer_frame(verdict: Verdict) -> bytes | None:
    """Give the 9014 or 9013 a right frame asks for; None where it asks for none.

    It carries QN (in 2005 in its data area), PW and MN of the frame it answers, ST 91 and a Flag
    that wants no answer. Source: HJ/T 212-2005 annex C; HJ 212-2017 §6.1, annex C
    """
    segment, held = verdict.segment, verdict.edition
    if not verdict.ok or not verdict.answer_cn or segment is None or held is None:
        return None
    return encode_frame(print_segment(answer_to(segment, verdict.answer_cn, held), held))
