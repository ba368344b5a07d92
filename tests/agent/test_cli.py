"""The command line as a whole: what there is, in two languages."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from agent.cli import _COMMANDS, _SAID, cli


def test_every_command_is_said_in_two_languages() -> None:
    assert _SAID.keys() == _COMMANDS.keys()
    assert all(zh and not zh.isascii() and en.isascii() for zh, en in _SAID.values())


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_is_where_the_table_says_and_has_help(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0, result.output + repr(result.exception)
    assert f"Usage: cli {name}" in result.output


@pytest.mark.parametrize(("lang", "said"), [("", "检查配置文件"), ("en", "Find everything wrong")])
def test_commands_are_listed_chinese_first_and_english_by_a_switch(lang: str, said: str) -> None:
    result = CliRunner().invoke(cli, ["--help"], env={"PAIKOU_LANG": lang})
    assert said in result.output


def test_command_that_is_not_there_is_wrong_usage() -> None:
    assert CliRunner().invoke(cli, ["nothing"]).exit_code == 2
