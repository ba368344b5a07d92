"""The `paikou` command. Each subcommand is loaded when it is called, and nothing else with it."""

from __future__ import annotations

import importlib
import logging
import os
import sys

import click

from agent import __version__
from agent.errors import ConfigError, PaikouError

_COMMANDS = {
    "alarms": "alarms:alarms",
    "check": "check:check",
    "demo": "demo.command:demo",
    "evidence": "evidence.command:evidence",
    "exchange": "exchange:command",
    "export": "export.command:export",
    "faults": "faults:faults",
    "frames": "frames:frames",
    "hj212": "hj212.command:hj212",
    "hold": "hold:hold",
    "maintain": "maintain:command",
    "marks": "marks:marks",
    "migrate": "migrate:command",
    "new": "new:new",
    "orders": "orders:orders",
    "platform": "platform.command:platform_command",
    "probe": "probe:probe",
    "recompute": "recompute.command:recompute",
    "resend": "resend:command",
    "run": "run:run",
    "score": "score:command",
    "sampler": "sampler:sampler",
    "simulate": "simulate.command:simulate_command",
    "status": "status:status",
    "support-bundle": "support_bundle:command",
    "values": "values:values",
    "verify": "verify.command:verify",
}
"""Module below `agent.tools`, and name in it."""
_SAID = {
    "alarms": ("报警：列出、确认、静音", "Alarms: list, acknowledge, silence"),
    "check": ("检查配置文件", "Find everything wrong with a site file"),
    "demo": ("演示全过程，无需安装其他软件", "Show the whole job with nothing to install"),
    "evidence": ("为事件或时段制作签名证据包", "Make a signed bundle of an event or interval"),
    "exchange": ("登记换表、主备切换", "Record that an instrument was exchanged"),
    "export": ("导出库中数据", "What the store holds, as a file"),
    "faults": ("故障单与时限", "Fault tickets and their clocks"),
    "frames": ("报文日志：收发的每一帧", "What was sent and received, decoded"),
    "hj212": ("HJ 212 报文：解码、编码", "HJ 212 frames: decode, encode"),
    "hold": ("冻结为证据的时段", "Intervals frozen as evidence"),
    "maintain": ("排放口的维护开关", "The maintenance switch of an outlet"),
    "marks": ("标记：列出、建议、确认、否决", "Marks: list, propose, confirm, refuse"),
    "migrate": ("把数据库升到本版本", "Bring the store of a site up to date"),
    "new": ("生成带注释的配置文件", "Write a commented site file"),
    "orders": ("督办：列出、查看、答复", "Supervision orders: list, show, answer"),
    "platform": ("测试平台", "A test platform"),
    "probe": ("逐台询问仪器一次", "Ask the instruments of a site once"),
    "recompute": ("由原始样本重算统计", "Statistics again, from samples"),
    "resend": ("补传", "Send a platform periods again"),
    "run": ("守护进程", "The daemon"),
    "score": ("健康声明：得分、扣分、标签", "Points, deductions and labels of outlets"),
    "sampler": ("留样：列出、留样、放行、标签", "Bottles: list, keep, release, label"),
    "simulate": ("模拟配置里的全部仪器", "Play every instrument"),
    "status": ("守护进程的现状", "What the running daemon says of itself"),
    "support-bundle": ("收集远程支持所需的资料", "Gather everything for support"),
    "values": ("手工监测值、比对、核查", "Manual values and comparisons"),
    "verify": ("离线核验证据包或数据库", "Check a bundle or a store offline"),
}


class _Lazy(click.Group):
    """A group whose commands are imported by need: `paikou status` must not load a simulator."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in the order of the alphabet."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(f"agent.tools.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        from agent.settings.messages import language, worded  # they bring the models of the file

        lang = language()
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, worded(_SAID[name], lang)) for name in self.list_commands(ctx)]
            )


_PRIORITIES = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}
"""Levels of syslog."""


@click.group(cls=_Lazy)
@click.version_option(__version__, prog_name="paikou")
def cli() -> None:
    """排口数采仪 / the agent at a factory's discharge outlet."""


def _log_handler() -> logging.Handler:
    """Log to standard error; under systemd with the priority in front, as the journal reads it."""
    handler = logging.StreamHandler(sys.stderr)
    if "JOURNAL_STREAM" in os.environ:
        for level, priority in _PRIORITIES.items():
            logging.addLevelName(level, f"<{priority}>{logging.getLevelName(level)}")
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    return handler


def main() -> None:
    """Run the command line; errors of ours are one message and their exit code."""
    logging.basicConfig(level=logging.INFO, handlers=[_log_handler()])
    try:
        cli()
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except PaikouError as error:
        click.echo(f"paikou: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
