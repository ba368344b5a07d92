"""The small code tables, each keyed by edition: systems, results, on-site information.

Noise codes are factors of medium `noise`; data marks are `Edition.letters`.

Source: HJ/T 212-2005 annex B; HJ 212-2017 §6.6 tables 5 to 9; HJ 212-2025 §6.7.1 table 7. No
source tells of a change in the two tables of results in 2025: those of 2017 stand in for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from protocols.hj212.on_site_table import ON_SITE_2017, ON_SITE_2025

_2005, _2017, _2025 = "hj212-2005", "hj212-2017", "hj212-2025"

_SYSTEMS_2005 = {
    "21": "地表水质量监测",
    "22": "空气质量监测",
    "23": "声环境质量监测",
    "31": "大气环境污染源",
    "32": "地表水体环境污染源",
    "33": "地下水体环境污染源",
    "34": "海洋环境污染源",
    "35": "土壤环境污染源",
    "36": "声环境污染源",
    "37": "振动环境污染源",
    "38": "放射性环境污染源",
    "41": "电磁环境污染源",
    "91": "系统交互",
}
_SYSTEMS_2017 = _SYSTEMS_2005 | {
    "24": "地下水质量监测",
    "25": "土壤质量监测",
    "26": "海水质量监测",
    "27": "挥发性有机物监测",
    "39": "工地扬尘污染源",
    "51": "烟气排放过程监控",
    "52": "污水排放过程监控",
}
# 51 and 52 gave way to 45; whether they remain is not known, so they are still read.
_SYSTEMS_2025 = _SYSTEMS_2017 | {"44": "用电监控", "45": "关键生产工况监控"}

_QN_RTN_2005 = {1: "准备执行请求", 2: "请求被拒绝", 3: "PW 错误"}
_QN_RTN_2017 = _QN_RTN_2005 | {
    4: "MN 错误",
    5: "ST 错误",
    6: "Flag 错误",
    7: "QN 错误",
    8: "CN 错误",
    9: "CRC 校验错误",
    100: "未知错误",
}
_EXE_RTN_2005 = {1: "执行成功", 2: "执行失败，但不知道原因", 100: "没有数据"}
_EXE_RTN_2017 = _EXE_RTN_2005 | {
    3: "命令请求条件错误",
    4: "通讯超时",
    5: "系统繁忙不能执行",
    6: "系统故障",
}


def _keyed(old: dict[int, str], new: dict[int, str]) -> Mapping[str, Mapping[int, str]]:
    tables = {_2005: old, _2017: new, _2025: new}
    return MappingProxyType({name: MappingProxyType(table) for name, table in tables.items()})


SYSTEMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        _2005: MappingProxyType(_SYSTEMS_2005),
        _2017: MappingProxyType(_SYSTEMS_2017),
        _2025: MappingProxyType(_SYSTEMS_2025),
    }
)
QN_RTN = _keyed(_QN_RTN_2005, _QN_RTN_2017)
EXE_RTN = _keyed(_EXE_RTN_2005, _EXE_RTN_2017)


@dataclass(frozen=True, slots=True)
class OnSiteCode:
    """A log, a state or a parameter; an empty `type` is the maker's."""

    code: str
    name_zh: str
    kind: Literal["log", "state", "parameter"]
    unit: str
    type: str
    values: str


def _codes(*tables: tuple[tuple[str, str, str, str, str, str], ...]) -> dict[str, OnSiteCode]:
    kinds: dict[str, Literal["log", "state", "parameter"]]
    kinds = {"log": "log", "state": "state", "parameter": "parameter"}
    return {
        code: OnSiteCode(code, name, kinds[kind], unit, type_, values)
        for table in tables
        for code, name, kind, unit, type_, values in table
    }


ON_SITE: Mapping[str, Mapping[str, OnSiteCode]] = MappingProxyType(
    {
        _2005: MappingProxyType({}),
        _2017: MappingProxyType(_codes(ON_SITE_2017)),
        _2025: MappingProxyType(_codes(ON_SITE_2017, ON_SITE_2025)),
    }
)


def find_on_site(code: str, known: Mapping[str, OnSiteCode]) -> OnSiteCode | None:
    """Look an on-site code up, with the digit of a device or without; None when it is unknown."""
    code = code.replace("I", "i", 1)
    return known.get(code) or known.get(f"{code[:-1]}x")
