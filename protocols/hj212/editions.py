"""The editions of HJ 212 as data: what differs between them on the wire.

Causes are the words of `drivers.device.Cause`. A province's dialect is an edition with a few
values replaced (`dialects.overlay`).

Source: HJ/T 212-2005 §6.3.2 and annex B; HJ 212-2017 §6.3.2 table 3, §6.6.4, notes to C.16–C.18;
HJ 212-2025 §6.3.2 table 3, §6.7.4 table 10, §8.1.1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from protocols.hj212.code_tables import ON_SITE, OnSiteCode
from protocols.hj212.factors import Factor, factor_table

_MARKS = len("CP=&&&&")


def _nothing() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition, or a dialect of it.

    `header` names the fields before CP in their order, each with the most characters that
    `NAME=value` may take. `letters` turns a cause into a data mark, `period_flag` says per medium
    how a period finds its cause. `amount_type` is the number type of `Cou`. `retained_cn` is the
    command that reports a kept bottle, None where the edition has none that is known.
    `largest_zs`: a converted value too long for its type is sent as the type's largest.
    `optional` names the header fields that are left out when they are empty. `answers_in_cp`: an
    answer carries the QN of what it answers in its data area. `extra_commands` are those of a
    dialect alone, each with the command whose messages it speaks (or nothing), `extra_fields` what
    it says of factors beyond the table. `states` are working states per medium where they are not
    those of i12001 in `on_site`. `base` is the edition whose codes
    and commands hold where `factors` and the dialect say nothing else.
    """

    name: str
    flag_version: int
    header: Mapping[str, int]
    letters: Mapping[str, str]
    period_flag: Mapping[str, str]
    retained_cn: str | None
    largest_zs: bool
    factors: Mapping[str, Factor]
    on_site: Mapping[str, OnSiteCode]
    base: str
    optional: frozenset[str] = frozenset()
    states: Mapping[str, Mapping[int, str]] = field(default_factory=_nothing)
    extra_commands: Mapping[str, str] = field(default_factory=_nothing)
    extra_fields: frozenset[str] = frozenset()
    answers_in_cp: bool = False
    mn_shape: str = "[0-9A-F]{24}"
    amount_type: str = "N14.2"
    max_segment: int = 1024
    max_cp: int = 950

    @property
    def max_packets(self) -> int:
        """The largest PNUM that fits its field."""
        return int(10 ** (self.header["PNUM"] - len("PNUM="))) - 1

    def factor(self, code: str) -> Factor | None:
        """Look a factor code up; None when the edition does not have it."""
        return self.factors.get(code)

    def room(self, *, split: bool) -> int:
        """Bytes a data area may take under both limits, with the widest header.

        RF counts even when it is not sent: a resend must cut its packets where the first try did.
        """
        fields = [width for name, width in self.header.items() if split or name[:2] != "PN"]
        header = sum(fields) + len(fields)
        return min(self.max_cp, self.max_segment - header) - _MARKS


_HEADER = {"QN": 20, "ST": 5, "CN": 7, "PW": 9, "MN": 27, "Flag": 8}
_LETTERS = {
    "normal": "N",
    "fault": "D",
    "power": "D",
    "maintenance": "M",
    "calibration": "C",
    "over_range": "T",
}

_EDITIONS = {
    "hj212-2005": Edition(
        name="hj212-2005",
        base="hj212-2005",
        flag_version=0,
        factors=factor_table("hj212-2005"),
        on_site=ON_SITE["hj212-2005"],
        # The packet numbers stand behind QN; MN has 14 characters, Flag one digit.
        header=MappingProxyType(
            {"QN": 20, "PNUM": 9, "PNO": 8, "ST": 5, "CN": 7, "PW": 9, "MN": 17, "Flag": 6}
        ),
        optional=frozenset({"QN", "PW", "MN"}),
        answers_in_cp=True,
        mn_shape="[0-9A-Za-z]{14}",
        # P is of this edition alone, B is not in it: a lost link is a fault.
        letters=MappingProxyType(
            _LETTERS
            | {"power": "P", "stopped": "F", "manual": "S", "no_link": "D", "parameter": "D"}
        ),
        period_flag=MappingProxyType(
            dict.fromkeys(("water", "gas", "noise", "electricity", "process"), "dominant")
        ),
        retained_cn=None,
        largest_zs=False,
        max_cp=960,
    ),
    "hj212-2017": Edition(
        name="hj212-2017",
        base="hj212-2017",
        factors=factor_table("hj212-2017"),
        on_site=ON_SITE["hj212-2017"],
        flag_version=1,
        header=MappingProxyType(_HEADER | {"PNUM": 9, "PNO": 8}),
        letters=MappingProxyType(
            _LETTERS | {"stopped": "F", "manual": "S", "no_link": "B", "parameter": "D"}
        ),
        # The notes to C.16–C.18 speak of water and flue gas only; the rest is our default.
        period_flag=MappingProxyType(
            {
                "water": "any_abnormal",
                "gas": "d_if_below_75",
                "noise": "dominant",
                "electricity": "dominant",
                "process": "dominant",
            }
        ),
        retained_cn="3015",
        largest_zs=False,
    ),
    "hj212-2025": Edition(
        name="hj212-2025",
        base="hj212-2025",
        factors=factor_table("hj212-2025"),
        on_site=ON_SITE["hj212-2025"],
        flag_version=2,
        # One digit each for PNUM and PNO; RF is new.
        header=MappingProxyType(_HEADER | {"PNUM": 6, "PNO": 5, "RF": 4}),
        # Table 10 as quoted has N T D M C Td. F, S and B of 2017 are not in it; no_link went to D
        # (one source). Two are our guess, to be set per platform: `stopped` stays F, which HJ 75
        # and 76 practice still sends; `manual` becomes M, because a value typed in is not a
        # measurement and N would say that it is.
        letters=MappingProxyType(
            _LETTERS | {"stopped": "F", "manual": "M", "no_link": "D", "parameter": "Td"}
        ),
        period_flag=MappingProxyType(
            dict.fromkeys(("water", "gas", "noise", "electricity", "process"), "dominant")
        ),
        retained_cn=None,  # 3015 is gone, and no source has the code of its successor
        largest_zs=True,
    ),
}


def edition(name: str) -> Edition:
    """Give an edition by its name. Raises KeyError on a name that is none."""
    return _EDITIONS[name]


def edition_names() -> tuple[str, ...]:
    """The names `edition` knows."""
    return tuple(_EDITIONS)
