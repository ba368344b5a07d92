"""The `paikou` command. Each subcommand is loaded when it is called, and nothing else with it."""

from __future__ import annotations

import importlib
import logging
import os
import sys

import click

from agent import __version__
from agent.errors import ConfigError, PaikouError

_TOOLS = "agent.tools"
_COMMANDS = {
    "alarms": (f"{_TOOLS}.alarms", "alarms", "Alarms: list, acknowledge, silence."),
    "check": (f"{_TOOLS}.check", "check", "Find everything wrong with a site file."),
    "demo": (f"{_TOOLS}.demo.command", "demo", "Show the whole job with nothing to install."),
    "evidence": (
        f"{_TOOLS}.evidence.command",
        "evidence",
        "Make a signed bundle of an event or interval.",
    ),
    "exchange": (f"{_TOOLS}.exchange", "command", "Record that an instrument was exchanged."),
    "export": (f"{_TOOLS}.export.command", "export", "What the store holds, as a file."),
    "faults": (f"{_TOOLS}.faults", "faults", "Fault tickets and their clocks."),
    "frames": (f"{_TOOLS}.frames", "frames", "What was sent and received, decoded."),
    "hj212": (f"{_TOOLS}.hj212.command", "hj212", "HJ 212 frames: decode, encode."),
    "hold": (f"{_TOOLS}.hold", "hold", "Intervals frozen as evidence."),
    "maintain": (f"{_TOOLS}.maintain", "command", "The maintenance switch of an outlet."),
    "marks": (f"{_TOOLS}.marks", "marks", "Marks: list, propose, confirm, refuse."),
    "migrate": (f"{_TOOLS}.migrate", "command", "Bring the store of a site up to date."),
    "new": (f"{_TOOLS}.new", "new", "Write a commented site file."),
    "orders": (f"{_TOOLS}.orders", "orders", "Supervision orders: list, show, answer."),
    "platform": (f"{_TOOLS}.platform.command", "platform_command", "A test platform."),
    "probe": (f"{_TOOLS}.probe", "probe", "Ask the instruments of a site once."),
    "recompute": (f"{_TOOLS}.recompute.command", "recompute", "Statistics again, from samples."),
    "resend": (f"{_TOOLS}.resend", "command", "Send a platform periods again."),
    "run": (f"{_TOOLS}.run", "run", "The daemon."),
    "score": (f"{_TOOLS}.score", "command", "Points, deductions and labels of outlets."),
    "sampler": (f"{_TOOLS}.sampler", "sampler", "Bottles: list, keep, release, label."),
    "simulate": (f"{_TOOLS}.simulate.command", "simulate_command", "Play every instrument."),
    "status": (f"{_TOOLS}.status", "status", "What the running daemon says of itself."),
    "support-bundle": (f"{_TOOLS}.support_bundle", "command", "Gather everything for support."),
    "values": (f"{_TOOLS}.values", "values", "Manual values and comparisons."),
    "verify": (f"{_TOOLS}.verify.command", "verify", "Check a bundle or a store offline."),
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
        module, name, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][2]) for name in self.list_commands(ctx)])


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
    """Paikou: the agent at a factory's discharge outlet (排口数采仪)."""


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
