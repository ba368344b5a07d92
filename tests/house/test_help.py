"""What `--help` says: every command and option in Chinese first, with English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from agent.cli import _SAID, cli

ROOT = Path(__file__).parents[2]
BOTH = re.compile(r"[^/]*[\u4e00-\u9fff].*[ ）]/ .*[A-Za-z]", re.DOTALL)


def commands(
    group: click.Group, context: click.Context, *above: str
) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*above, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, click.Context(command, parent=context), *above, name)


COMMANDS = dict(commands(cli, click.Context(cli)))


@pytest.mark.parametrize("name", COMMANDS)
def test_command_and_its_options_are_told_in_both_languages(name: str) -> None:
    command = COMMANDS[name]
    said = {name: command.help or ""} | {
        one.opts[0]: one.help or ""
        for one in command.params
        if isinstance(one, click.Option) and not one.hidden
    }
    assert [what for what, text in said.items() if not BOTH.match(text)] == []


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_readme_names_every_command(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", text, flags=re.M)
    told = {word for row in rows for word in re.findall(r"`(?:paikou )?([a-z0-9-]+)", row)}
    assert set(_SAID) <= told
