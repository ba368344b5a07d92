import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from agent.settings.config import config_directory
from agent.tools.check import check

TEMPLATE = config_directory() / "sites" / "wastewater.yaml"
LINE = TEMPLATE.read_text(encoding="utf-8").partition("serves:")[0].count("\n") + 1


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("PAIKOU_LANG", "CREDENTIALS_DIRECTORY", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/paikou")


@pytest.fixture
def wrong(tmp_path):
    text = TEMPLATE.read_text(encoding="utf-8").replace("device: cod", "device: codd")
    path = tmp_path / "site.yaml"
    path.write_text(text.replace("serves:", "servs:"), encoding="utf-8")
    return path


def run(*arguments: str | Path):
    return CliRunner().invoke(check, [str(argument) for argument in arguments])


def test_good_file_ends_0_and_says_what_it_comes_to():
    result = run(TEMPLATE, "--lang", "en")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert f"fine: {TEMPLATE} (2 warnings)" in lines
    assert (
        "outlet DW001 总排口: ST=32, factors w00000, w01001, w01010, w01018, w21003, w20120"
        in lines
    )
    assert any(line.startswith("bus line1: devices cod, nh3, lead, sampler; ") for line in lines)
    assert any(line.startswith("station province-dw001 -> province (hj212-2017)") for line in lines)
    assert "  refused commands: 3011 3012 3013 3014 3015 3016 3021 3022 3024" in lines
    assert lines[-1].startswith("disk: about ")
    assert lines[-1].endswith("/home/paikou/.local/state/paikou/91000000000000000X001P")


def test_wrong_file_ends_78_with_every_finding(wrong):
    result = run(wrong)
    assert result.exit_code == 78
    lines = result.output.splitlines()
    assert lines[0].startswith(
        f"{wrong}:{LINE}: 错误：facilities.treatment[0].servs：没有这个键；现为 servs"
    )
    assert any("：没有这台仪器；现为 codd；应为 cod, nh3" in line for line in lines)
    assert lines[-1] == f"不可用：{wrong}（错误 2 条，提醒 0 条）"


def test_language_is_chinese_unless_asked_otherwise(wrong, monkeypatch):
    assert "错误" in run(wrong).output
    assert "error: " in run(wrong, "--lang", "en").output
    monkeypatch.setenv("PAIKOU_LANG", "en")
    assert "error: " in run(wrong).output
    assert "错误" in run(wrong, "--lang", "zh").output


def test_json_holds_findings_and_summary(wrong):
    answer = json.loads(run(TEMPLATE, "--json", "--lang", "en").output)
    assert answer["fine"] is True
    assert [finding["kind"] for finding in answer["findings"]] == ["no_port", "default_pw"]
    assert answer["summary"]["outlets"][0]["st"] == 32
    assert [bus["id"] for bus in answer["summary"]["buses"]] == ["line1", "net1"]
    assert all(0 < bus["busy"] < 0.7 for bus in answer["summary"]["buses"])
    assert answer["summary"]["stations"][0]["refused"][0] == "3011"
    assert 0 < answer["summary"]["disk"]["first_year_bytes"] < 1_000_000_000

    result = run(wrong, "--json", "--lang", "en")
    assert result.exit_code == 78
    answer = json.loads(result.output)
    assert answer["fine"] is False
    assert "summary" not in answer
    finding = answer["findings"][0]
    assert (finding["line"], finding["key"]) == (LINE, "facilities.treatment[0].servs")
    assert (finding["found"], finding["level"]) == ("servs", "error")
    assert "serves" in finding["allowed"]


@pytest.mark.parametrize("content", [None, b"", b"- a", b"\t", b"\x00\xff", b"[" * 10_000])
def test_file_that_is_no_site_file_ends_78_without_a_traceback(tmp_path, content):
    path = tmp_path / "site.yaml"
    if content is not None:
        path.write_bytes(content)
    result = run(path)
    assert result.exit_code == 78
    assert isinstance(result.exception, SystemExit)
    assert f"{path}:1: 错误：" in result.output


def test_missing_argument_is_wrong_usage():
    assert run().exit_code == 2
