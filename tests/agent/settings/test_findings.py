import re
from pathlib import Path

import pytest
from site_texts import PROFILES, look, with_lines

import agent.settings
from agent.errors import ConfigError, Finding
from agent.settings import load_site
from agent.settings.messages import MESSAGES, language
from agent.settings.source import parse_source

WRONG = {3: "", 22: "          - {low: 9, high: 6}", 64: "    address: 1", 80: "    real_tme_s: 5"}


def test_finding_is_one_line_with_file_line_key_found_and_allowed():
    finding = Finding("error", 12, "a.b", "5", "1..4", "out of range", "site.yaml", "bounds", "en")
    assert str(finding) == "site.yaml:12: error: a.b: out of range; found 5; allowed 1..4"


def test_finding_is_chinese_by_default():
    finding = Finding("warning", 12, "a.b", "5", "1..4", "超出允许范围", "site.yaml")
    assert str(finding) == "site.yaml:12: 提醒：a.b：超出允许范围；现为 5；应为 1..4"


def test_error_carries_every_finding_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text(with_lines({**WRONG, 3: "  nam: x"}), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_site(path, lang="en", profile_directories=[PROFILES])
    error = caught.value
    assert error.exit_code == 78
    assert [(finding.line, finding.kind) for finding in error.findings] == [
        (1, "missing"),
        (3, "unknown_key"),
        (80, "unknown_key"),
    ]
    assert str(error).splitlines() == [str(finding) for finding in error.findings]
    assert str(error).startswith(f"{path}:1: error: unit.name: missing; allowed a text")


def test_a_wrong_key_does_not_hide_what_is_wrong_elsewhere():
    _, findings = look(with_lines({k: v for k, v in WRONG.items() if k != 3}))
    assert [(finding.line, finding.kind) for finding in findings] == [
        (22, "limits_reversed"),
        (64, "address_twice"),
        (80, "unknown_key"),
    ]


def test_both_languages_name_the_same_places():
    wrong = with_lines(WRONG)
    english, chinese = look(wrong, "en")[1], look(wrong, "zh")[1]
    assert [(each.kind, each.line, each.key, each.found) for each in english] == [
        (each.kind, each.line, each.key, each.found) for each in chinese
    ]
    assert all(not re.search(r"[\u4e00-\u9fff]", str(finding)) for finding in english)
    assert all(re.search(r"[\u4e00-\u9fff]", finding.text) for finding in chinese)


@pytest.mark.parametrize(
    ("environ", "lang"),
    [({}, "zh"), ({"PAIKOU_LANG": "en"}, "en"), ({"PAIKOU_LANG": "en_GB.UTF-8"}, "en"),
     ({"PAIKOU_LANG": "zh"}, "zh"), ({"PAIKOU_LANG": "de"}, "zh")],
)  # fmt: skip
def test_language_comes_from_the_environment(environ, lang):
    assert language(environ) == lang


@pytest.mark.parametrize(
    "line",
    [
        "        pw: Gehe1m",
        "        pw: [Gehe1m]",
        "        pw: {value: Gehe1m}",
        "        pw: {file: {value: Gehe1m}}",
        "        pw: {credential: Gehe1m/}",
        "        pw: {credential: pw}\n        key: Gehe1m",
        "        pw: Gehe1m\n        pw: {credential: pw}",
    ],
)
def test_no_finding_shows_a_secret(line):
    _, findings = look(with_lines({88: line}))
    assert findings
    assert not any("Gehe1m" in str(finding) for finding in findings)


def test_file_that_cannot_be_read_is_a_finding(tmp_path):
    wrong = {tmp_path / "none.yaml": "no_file", tmp_path: "unreadable", Path("a\0b"): "unreadable"}
    for path, kind in wrong.items():
        with pytest.raises(ConfigError) as caught:
            load_site(path)
        assert [finding.kind for finding in caught.value.findings] == [kind]


def test_every_message_has_two_languages_and_is_used():
    folder = Path(agent.settings.__file__).parent
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in folder.glob("*.py")
        if path.name != "messages.py"
    )
    for kind, (chinese, english) in MESSAGES.items():
        assert re.search(r"[\u4e00-\u9fff]", chinese), kind
        assert not re.search(r"[\u4e00-\u9fff]", english), kind
        assert f'"{kind}"' in code, kind


def test_value_behind_a_wrong_step_is_nothing():
    source = parse_source(b"a: [1, {b: 2}]\n")
    assert source.at(("a", 1, "b")) == 2
    assert source.at(("a", 5, "b")) is None
    assert source.at(("x",)) is None
