"""The options of `paikou platform`. A table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from agent.settings.dialect import dialect_names
from agent.tools.words import lang_option
from protocols.hj212.editions import edition_names

_FILE = click.Path(path_type=Path, dir_okay=False)
_THERE = click.Path(path_type=Path, exists=True, dir_okay=False)
_EDITIONS = ("auto", *edition_names(), *dialect_names())

_OPTIONS = (
    click.option("--mqtt", "url", default="mqtt://127.0.0.1:1883",
                 help="broker 地址 / mqtt://HOST:PORT, mqtts://…"),
    click.option("--broker", "embedded", is_flag=True, help="自带 broker / start one (loopback)"),
    click.option("--prefix", default="hj212", help="主题前缀 / first level of every topic"),
    click.option("--share", default="", metavar="GROUP",
                 help="MQTT 5 共享订阅组 / several platforms share the intake"),
    click.option("--client-id", default="paikou-platform", help="会话名 / session at the broker"),
    click.option("--username", default="", help="broker 用户名 / login at the broker"),
    click.option("--password-file", type=_THERE, help="broker 密码文件 / its password"),
    click.option("--tcp", metavar="HOST:PORT", help="监听现场机 / stations call here; port 0: any"),
    click.option("--call", metavar="HOST:PORT", help="主动连接现场机 / call a station"),
    click.option("--cert", type=_THERE, help="--tcp 的 TLS 证书 / certificate: --tcp speaks TLS"),
    click.option("--cert-key", type=_THERE, help="证书私钥 / its private key"),
    click.option("--ca", type=_THERE, help="CA：mqtts、--call 用 TLS / CA of the other side"),
    click.option("--station", "named", multiple=True, metavar="MN[,NAME=VALUE…]",
                 help="站点：edition、pw、key、previous_key、rendering、logger / a station"),
    click.option("--stations", "file", type=_THERE, help="站点文件 / a YAML list of stations"),
    click.option("--remember", "kept", type=_FILE,
                 help="保存换过的密钥和密码（0600）/ keeps changed keys and passwords"),
    click.option("--edition", type=click.Choice(_EDITIONS), default="auto",
                 help="未列出站点的版本 / edition of stations not named"),
    click.option("--pw", help="未列出站点的密码 / password of stations not named; default: any"),
    click.option("--store", type=_FILE, help="报文存为 JSON 行 / JSON lines of frames"),
    click.option("--evidence", "evidence", metavar="DIR",
                 type=click.Path(path_type=Path, file_okay=False),
                 help="接收并核验证据包，存入此目录 / take and verify bundles, keep them here"),
    click.option("--ack/--no-ack", "answers", default=True, help="应答 / answer frames"),
    click.option("--by-itself/--only-ordered", "by_itself", default=True,
                 help="自动校时、换密钥、分配 MN / answer 1013, 1014, 1001 by 1012, 1014, 1002"),
    click.option("--send", "orders", multiple=True, metavar="'[MN] CN [KEY=VALUE…]'",
                 help="下发命令；- 从标准输入逐行读 / an order; - reads lines from input"),
    click.option("--order", "json_orders", multiple=True, metavar="'[MN] FILE | KIND [KEY=VALUE…]'",
                 help="下发 JSON 命令（督办、冻结等）/ an order as JSON; in --send -: order …"),
    click.option("--timeout", type=click.FloatRange(0.1), default=10.0, show_default=True,
                 help="应答超时（秒）/ for a 9011 or 9013"),
    click.option("--resends", type=click.IntRange(0, 99), default=3, show_default=True,
                 help="重发次数 / of an order"),
    click.option("--execution-timeout", type=click.FloatRange(0.1), default=60.0,
                 show_default=True, help="执行超时（秒）/ for the next frame or the 9012"),
    click.option("--wait", type=click.FloatRange(0.1), default=60.0, show_default=True,
                 help="等站点上线（秒）/ for the station of an order"),
    click.option("--stay", is_flag=True, help="命令完成后继续运行 / go on when orders are done"),
    click.option("--gaps", is_flag=True,
                 help="结束时报告缺数；只给 --store 时只报告 / report gaps; alone: of --store"),
    click.option("--interval", "intervals", multiple=True, metavar="CN=SECONDS",
                 help="--gaps 的数据间隔 / of the data; default: as seen"),
    click.option("--misbehave", multiple=True, metavar="KIND",
                 help="测试用故障应答 / late=S, silent, twice, cut=FRAMES, crc"),
    click.option("--json", "as_json", is_flag=True, help="JSON 行，总计在末尾 / JSON lines"),
)  # fmt: skip


def options_of(command: Callable[..., None]) -> Callable[..., None]:
    """Add them all, and `--lang`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return lang_option(command)
