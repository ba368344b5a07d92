"""Answers: which frame one belongs to, and what its header holds.

Since 2017 an answer bears the QN of what it answers in its header. In HJ/T 212-2005 the header of
an answer has none; the data area says it, and 9014 adds the command and the packet:

| answer | CP of 2005                  | CP since 2017 |
|--------|-----------------------------|---------------|
| 9011   | `QN=…;QnRtn=…`              | `QnRtn=…`     |
| 9012   | `QN=…;ExeRtn=…`             | `ExeRtn=…`    |
| 9013   | `QN=…`                      | empty         |
| 9014   | `QN=…;CN=…[;PNO=…;PNUM=…]`  | empty         |

An upload that answers a request (1011, 1061, …) starts its CP with `QN=…` in 2005 too. All
answers have ST 91 and no wish for an answer; only 2005 lets a 9014 answer a 9012.

Source: HJ/T 212-2005 §6.3.2 and annex C, HJ 212-2017 §6.5 and annex C
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocols.hj212.cp import Item, find, parse_cp, print_cp
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.flag import Flag
from protocols.hj212.segment import Segment

INTERACTION_ST = "91"
ANSWERS = ("9011", "9012", "9013", "9014")
_RESULTS = {"9011": "QnRtn", "9012": "ExeRtn"}


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer answers; `cn` and `pno` only where it says so (2005)."""

    qn: str
    cn: str | None = None
    pno: int | None = None


def answer_to(asked: Segment, cn: str, edition: Edition, *, result: int | None = None) -> Segment:
    """Make the 9011, 9012, 9013 or 9014 to a frame; `result` for the first two.

    Raises LocalFrameError on another command or a result too many or too few.
    """
    if cn not in ANSWERS or (result is None) == (cn in _RESULTS):
        raise LocalFrameError(f"{cn} with result {result}: no answer")
    said: list[Item] = []
    if edition.answers_in_cp:
        said.append((("QN", asked.qn),))
        if cn == "9014":
            said += _what(asked)
    if result is not None:
        said.append(((_RESULTS[cn], str(result)),))
    return Segment(
        qn="" if edition.answers_in_cp else asked.qn,
        st=INTERACTION_ST,
        cn=cn,
        pw=asked.pw,
        mn=asked.mn,
        flag=Flag(edition.flag_version),
        cp=print_cp(said),
    )


def result_of(asked: Segment, upload: Segment, edition: Edition) -> Segment:
    """Give an upload the place of QN that ties it to the request it answers."""
    if not edition.answers_in_cp:
        return replace(upload, qn=asked.qn)
    cp = print_cp([(("QN", asked.qn),)])
    return replace(upload, qn="", cp=f"{cp};{upload.cp}" if upload.cp else cp)


def answered(segment: Segment) -> Answered:
    """Say what an answer answers, in either form: the QN in the data area goes first."""
    if not segment.cp:
        return Answered(segment.qn)
    items = parse_cp(segment.cp)
    pno = find(items, "PNO")
    return Answered(
        find(items, "QN") or segment.qn,
        find(items, "CN"),
        int(pno) if pno and pno.isascii() and pno.isdigit() and len(pno) <= 4 else None,
    )


def _what(asked: Segment) -> list[Item]:
    said: list[Item] = [(("CN", asked.cn),)]
    if asked.pnum is not None and asked.pno is not None:
        said += [(("PNO", str(asked.pno)),), (("PNUM", str(asked.pnum)),)]
    return said
