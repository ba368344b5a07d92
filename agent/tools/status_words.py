"""What `paikou status` says, in Chinese and in English. Tables, not logic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.errors import Lang
from agent.tools.words import pick

WORDS: Mapping[str, tuple[str, str]] = {
    "mute": ("守护进程在运行但没有应答", "the daemon runs but does not answer"),
    "none": (
        "没有在运行的守护进程（找过 {places}）；启动：paikou run SITE",
        "no daemon listens at {places}; start one with: paikou run SITE",
    ),
    "head": ("{unit}  自 {since} 运行", "{unit}  since {since}"),
    "trusted": ("时钟  {now} 可信", "clock  {now}, trusted"),
    "untrusted": (
        "时钟  {now} 不可信，暂不结算、不上传",
        "clock  {now}, NOT TRUSTED: nothing is closed or uploaded",
    ),
    "disk": (
        "磁盘  数据库 {store_mb} MB，剩余 {free_mb} MB，写满 {times_full} 次",
        "disk   store {store_mb} MB, {free_mb} MB free, full {times_full} times",
    ),
    "device": ("仪器  {id} {state}", "device {id} {state}"),
    "line": (
        "线路  {id} 询问 {asked}，有应答 {share}；无应答 {no_answer}，坏应答 {bad_answer}{told}，"
        "断线 {no_line}，重试 {retried}{took}",
        "line   {id} asked {asked}, answered {share}; silent {no_answer}, bad {bad_answer}{told}, "
        "no line {no_line}, retried {retried}{took}",
    ),
    "unit": (
        "        {id} 询问 {asked}，有应答 {share}；无应答 {no_answer}，坏应答 {bad_answer}{told}，"
        "拒绝 {refused}，重试 {retried}{took}",
        "        {id} asked {asked}, answered {share}; silent {no_answer}, bad {bad_answer}{told}, "
        "refused {refused}, retried {retried}{took}",
    ),
    "took": ("；平均 {mean} ms，最慢 {slowest} ms", "; {mean} ms on average, {slowest} ms at most"),
    "ok": ("正常", "ok"),
    "silent": (
        "▲ 无有效数据：{cause}；最近一次有效 {last}",
        "▲ no value: {cause}; last good {last}",
    ),
    "never": ("从未", "never"),
    "linked": ("✓ 在线 {address}，积压 {outbox}", "✓ linked to {address}, owes {outbox}"),
    "unlinked": ("■ 离线：{error}，积压 {outbox}", "■ not linked: {error}; owes {outbox}"),
    "unconfirmed": ("，平台不应答 9014", ", the platform answers no 9014"),
    "link": (
        "        在线率 {online}，掉线 {drops} 次{back}；送达 {success}，{month} 上行 {up} kB 下行 "
        "{down} kB",
        "        online {online}, {drops} drops{back}; delivered {success}, {month}: {up} kB up, "
        "{down} kB down",
    ),
    "back": ("（最近恢复用 {last:.0f} 秒）", " (last back after {last:.0f} s)"),
    "gaps": (
        "        近 31 天{kind}未送达 {total}：{states}",
        "        {kind} of 31 days not delivered, {total}: {states}",
    ),
    "set": (
        "        平台设置 {name} = {value}（站点文件 {file}），{at}",
        "        set by the platform: {name} = {value} (the file says {file}), {at}",
    ),
    "station": ("站点  {id} {link}", "station {id} {link}"),
    "score": ("健康  {outlet} {points:g} 分，{count} 项扣分{labels}", "score  {outlet} {points:g} "
              "points, {count} deductions{labels}"),
    "action": ("指令  {id} {kind} {device}：{state}{outcome}", "action {id} {kind} {device}: "
               "{state}{outcome}"),
    "event": ("事件  {id} {at} {kind}{place}{lasts}", "event  {id} {at} {kind}{place}{lasts}"),
    "alarm": (
        "{sign} 报警 {id}  {at} {kind}{place}{times}，未确认（paikou alarms）",
        "{sign} alarm {id}  {at} {kind}{place}{times}, not acknowledged (paikou alarms)",
    ),
    "control": ("◆ {outlet} {factor} {why}，自 {since}", "◆ {outlet} {factor} {why} since {since}"),
    "switch": ("◆ {place}  {kind}，到 {until}；{who}：{why}", "◆ {place}  {kind} until {until}; "
               "{who}: {why}"),
    "supervision": ("▲ 督办 {number} {outlet} 待答复，期限 {due}（paikou orders SITE show {id}）",
                    "▲ supervision {number} {outlet} waits for an answer until {due} "
                    "(paikou orders SITE show {id})"),
    "input": ("开关  {id} {means} {on}", "input  {id} {means} {on}"),
    "yes": ("是", "on"),
    "no": ("否", "off"),
    "unknown": ("未知", "not known"),
    "stand_in": ("        由备机 {stand_in} 代替", "        {stand_in} stands in"),
    "lasts": ("（持续）", " (lasts)"),
    "camera": (
        "摄像头 {id} {sight}，可回看 {reach_s:.0f} 秒{reason}",
        "camera {id} {sight}, {reach_s:.0f} s to look back{reason}",
    ),
    "frozen": ("■ 冻结 {begin} 至 {end}  {ref}：{why}", "■ frozen {begin} to {end}  {ref}: {why}"),
    "bundle": (
        "证据包 {ref} {station}：{state} {acked}/{of} {outcome}",
        "bundle {ref} {station}: {state} {acked}/{of} {outcome}",
    ),
}  # fmt: skip

SIGHTS: Mapping[str | None, tuple[str, str]] = {
    "good": ("✓ 画面正常", "✓ good picture"),
    "offline": ("■ 离线", "■ offline"),
    "frozen": ("▲ 画面停滞", "▲ picture frozen"),
    "black": ("▲ 无光", "▲ black"),
    "covered": ("▲ 被遮挡", "▲ covered"),
    "moved": ("▲ 被移动", "▲ moved"),
    None: ("尚无画面", "no picture yet"),
}
BUNDLES: Mapping[str, tuple[str, str]] = {
    "asked": ("待制作", "to be made"),
    "made": ("上传中", "on its way"),
    "sent": ("✓ 已上传", "✓ sent"),
    "failed": ("✗ 失败", "✗ failed"),
}
STANDS = {True: "yes", False: "no", None: "unknown"}
MEANS: Mapping[str, tuple[str, str]] = {
    "door": ("门开", "door open"),
    "power": ("市电有电", "mains"),
    "battery": ("电池电量低", "battery low"),
    "maintenance": ("维护钥匙", "maintenance key"),
    "stopped": ("停产钥匙", "stopped key"),
    "calibration": ("校准钥匙", "calibration key"),
    "pump": ("泵运行", "pump runs"),
    "valve": ("阀开", "valve open"),
    "run": ("运行信号", "run signal"),
    "trigger": ("留样触发", "bottle trigger"),
}


def say(word: str, lang: Lang, **values: Any) -> str:
    """Fill in one of the texts."""
    return pick(WORDS[word], lang).format(**values)
