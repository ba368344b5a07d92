"""Causes in words: Chinese and English."""

from __future__ import annotations

CAUSES: dict[str, tuple[str, str]] = {
    "normal": ("正常", "normal"),
    "stopped": ("停运", "stopped"),
    "fault": ("故障", "fault"),
    "no_link": ("通讯中断", "no link"),
    "power": ("断电", "power"),
    "maintenance": ("维护", "maintenance"),
    "calibration": ("校准", "calibration"),
    "over_range": ("超量程", "over range"),
    "parameter": ("关键参数异常", "parameter"),
    "manual": ("手工", "manual"),
    "busy": ("忙", "busy"),
}
