"""Wrong usage, empty states and languages of the tools: one line, the right code, no traceback."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from agent_site import site_file
from click.testing import CliRunner, Result

from agent.cli import cli
from agent.errors import ConfigError, PaikouError
from agent.lock import hold

ON_A_SITE = ("probe", "simulate", "frames", "resend", "support-bundle")
BOTH = (*ON_A_SITE, "platform")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def code(result: Result) -> int:
    """Give what the process would end with: errors of ours are told by `main`."""
    error = result.exception
    return error.exit_code if isinstance(error, PaikouError) else result.exit_code


def asked(command: str, site: Path, *arguments: str) -> Result:
    more = ("--to", "st1") if command == "resend" else ()
    return run(command, str(site), *more, *arguments)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return site_file(tmp_path, store=tmp_path / "none")


@pytest.mark.parametrize("command", ON_A_SITE)
def test_site_file_that_is_not_there_is_a_wrong_site_file(command: str, tmp_path: Path) -> None:
    result = asked(command, tmp_path / "none.yaml")
    assert isinstance(result.exception, ConfigError)
    assert code(result) == 78
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["probe", "frames", "resend"])
def test_findings_come_in_the_language_that_is_asked_for(command: str, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("unit: {code: 1}\n", encoding="utf-8")
    assert "缺少此项" in str(asked(command, file).exception)
    assert "missing" in str(asked(command, file, "--lang", "en").exception)


@pytest.mark.parametrize("name", BOTH)
def test_help_is_in_both_languages(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    texts = [command.help or ""]
    texts += [one.help for one in command.params if isinstance(one, click.Option) and one.help]
    plain = [text for text in texts if text.isascii() and " " in text.strip()]
    assert plain == []
    assert "paikou" not in run(name, "--help").output.replace("Usage: ", "").split("\n\n")[0]


@pytest.mark.parametrize("command", ["frames", "resend"])
def test_store_that_is_not_there_yet_is_told_in_words(command: str, site: Path) -> None:
    result = asked(command, site)
    assert code(result) == 1
    assert "守护进程还没有运行过" in str(result.exception)
    assert "the daemon never ran" in str(result.exception)


@pytest.mark.parametrize("cn", ["abc", "20111", ""])
def test_frames_of_no_command_are_wrong_usage(cn: str, site: Path) -> None:
    assert asked("frames", site, "--cn", cn).exit_code == 2


def test_loop_is_not_fed_for_a_point_that_is_none(site: Path) -> None:
    result = asked("probe", site, "cod", "--loop", "nosuch")
    assert result.exit_code == 2
    assert "w01018" in result.output
    assert "mA" not in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--scan", "line1", "--baud", "9601"),
        ("--scan", "line1", "--parity", "odd,mark"),
        ("--scan", "net1", "--baud", "all"),
        ("--scan", "line1", "--units", "0-300"),
        ("cod", "--baud", "9600"),
    ],
)
def test_scan_of_what_cannot_be_is_wrong_usage(arguments: tuple[str, ...], site: Path) -> None:
    assert asked("probe", site, *arguments).exit_code == 2


def test_bundle_that_cannot_be_written_says_why(site: Path) -> None:
    result = asked("support-bundle", site, "--output", str(site / "x.tar.gz"))
    assert result.exit_code == 1
    assert "x.tar.gz" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--tcp", "x"),
        ("--tcp", "127.0.0.1:99999"),
        ("--call", "nowhere"),
        ("--mqtt", "http://x"),
        ("--tcp", "127.0.0.1:0", "--send", "abc"),
        ("--tcp", "127.0.0.1:0", "--send", "'1011"),
        ("--tcp", "127.0.0.1:0", "--edition", "2049"),
        ("--tcp", "127.0.0.1:0", "--misbehave", "badly"),
        ("--gaps", "--store", "none.jsonl"),
        ("--gaps", "--tcp", "127.0.0.1:0"),
    ],
)
def test_platform_refuses_wrong_usage_before_it_begins(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("platform", *arguments)
    assert code(result) == 2, result.output
    assert not list(tmp_path.iterdir())


def test_order_for_a_broker_that_is_away_is_given_up() -> None:
    result = run("platform", "--mqtt", "mqtt://127.0.0.1:1", "--send", "1011", "--wait", "0.2")
    assert result.exit_code == 1


def test_line_of_a_daemon_is_not_scanned(site: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with hold(tmp_path / "none"):
        result = run("probe", str(site), "--scan", "net1")
    assert result.exit_code == 1
    assert "守护进程在用这条线路" in result.output
