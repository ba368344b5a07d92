"""What stands in the store, in the report's words: kinds, states, keys, journal lines. A table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.tools.words import EVENTS, local_time, pick
from protocols.hj212.factors import factor

KINDS = {kind: pick(words, "zh") for kind, words in EVENTS.items()}
STATES = {
    "queued": "已下令",
    "running": "执行中",
    "done": "完成",
    "failed": "失败",
    "refused": "拒绝",
    "expired": "过期未执行",
    "unknown": "结果不明",
}
ORDERS = {"retain": "留样", "clip": "录像", "probe": "询问"}
CAUSES = {"rule": "规则触发", "platform": "平台指令", "operator": "人工"}
WHO = {"agent": "数采仪程序"}
_LINES = {
    "start": "程序启动",
    "stop": "程序停止",
    "stopping: battery low": "电量低，程序停止",
    "reload": "重新读取站点文件",
    "clock step": "时钟跳变",
    "clip ordered": "下令录像",
    "clip done": "录像完成",
    "clip failed": "录像失败",
    "clips dropped": "清理旧录像",
    "retention ordered": "下令留样",
    "retention done": "留样完成",
    "retention failed": "留样失败",
    "retention unknown": "留样结果不明",
    "evidence asked for": "要求证据包",
    "evidence made": "生成证据包",
    "evidence sent": "证据包已上传",
    "media uploaded": "录像和画面已上传",
    "media not uploaded": "录像和画面未能上传",
    "frozen": "冻结时段",
    "released": "解除冻结",
    "manual value": "录入手工数据",
    "check": "录入核查",
    "check of an instrument": "仪器自检",
    "export": "导出数据",
    "resend": "要求补传",
    "task failed": "部件出错重启",
    "gave way": "磁盘满，清理",
    "session taken over": "连接被他人占用",
    "setting of the file again": "恢复站点文件的设置",
    "credentials of the file again": "恢复站点文件的凭据",
}
_KEYS = {
    "on": "判定对象",
    "source": "依据",
    "rows": "次数",
    "first_at": "首个采样时段",
    "last_at": "末个采样时段",
    "last_completed_at": "末次结果",
    "worst": "最大值",
    "limit": "限值",
    "value": "值",
    "sampled_at": "采样时段",
    "moment": "计时起点",
    "not_after": "最迟",
    "bottle": "瓶号",
    "bottles": "瓶数",
    "bottles_kept": "已留瓶号",
    "others": "平行瓶",
    "mode": "方式",
    "vessel": "混匀桶",
    "ok": "成功",
    "code": "瓶签",
    "waits": "等待",
    "alarm": "报警编号",
    "of": "事件类型",
    "state": "状态",
    "step": "步骤",
    "level": "级别",
    "times": "次数",
    "volume_ml": "体积 mL",
    "at": "时间",
    "reason": "原因",
    "version": "版本",
    "boot": "启动编号",
    "site": "站点文件哈希",
    "head": "日志哈希",
    "id": "编号",
    "ref": "标识",
    "camera": "摄像头",
    "file": "文件",
    "begin": "起",
    "end": "止",
    "before_s": "前 秒",
    "after_s": "后 秒",
    "who": "谁",
    "by": "谁",
    "why": "事由",
    "old": "原值",
    "new": "新值",
    "parameter": "参数",
    "device": "仪器",
    "door": "门",
    "maintenance": "维护",
    "until": "至",
    "station": "站点",
    "event": "事件",
    "clips": "含录像",
    "command": "指令",
    "bytes": "字节",
    "switch": "开关编号",
    "kind": "类型",
    "ended_by": "结束人",
}
_TIMES = frozenset({"first_at", "last_at", "last_completed_at", "sampled_at", "moment", "not_after",
                    "at", "begin", "end", "before", "until"})  # fmt: skip
_SAID = {
    "measurement": "单次结果",
    "hour": "小时值",
    "inside the retention interval": "在留样间隔内",
    "open": "开",
    "closed": "关",
    "immediate": "即时",
    "manual": "手动",
    "timed": "定时",
    "synchronous": "同步",
    "contact": "干接点",
    "acknowledged": "已确认",
    "again": "再次提醒",
    "True": "是",
    "False": "否",
    **{name: said for name, said in KINDS.items() if name in ("exceedance", "retention")},
}
_SELF_EVIDENT = frozenset({"outlet", "factor", "is_open", "signature", "sha256", "still", "gaps",
                           "order", "damaged_store", "in_doubt", "boot", "site"})  # fmt: skip


def line(what: str) -> str:
    """Give what a line of the journal is about."""
    if what.startswith("event "):
        kind = what.removeprefix("event ").removesuffix(" ended")
        return f"事件 {KINDS.get(kind, kind)}{'结束' if what.endswith(' ended') else ''}"
    if what.startswith("command "):
        return f"平台指令 {what.removeprefix('command ')}"
    return _LINES.get(what, what)


def words(detail: Mapping[str, Any]) -> str:
    """Give a detail as key and value; what is nested stands with the rest."""
    flat: dict[str, Any] = {}
    for key, value in detail.items():
        flat |= value if isinstance(value, Mapping) and key != "still" else {key: value}
    return "；".join(
        f"{_KEYS.get(key, key)} {_told(key, value)}"
        for key, value in flat.items()
        if key not in _SELF_EVIDENT and value not in ("", None, [], ())
    )


def number(value: float | None) -> str:
    """Give a value with the digits that mean something."""
    return "—" if value is None else f"{value:.6g}"


def unit(code: str) -> str:
    """Give the unit a factor is reported in."""
    known = factor(code, "hj212-2017")
    return known.unit if known else ""


def _told(key: str, value: Any) -> str:
    if key in _TIMES and isinstance(value, int | float):
        return local_time(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list | tuple):
        return "、".join(_told(key, one) for one in value)
    return _SAID.get(str(value), str(value))
