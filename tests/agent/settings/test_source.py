import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from site_texts import GOOD, look

from agent.settings.messages import MESSAGES
from agent.settings.source import SourceError, parse_source, scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12:30", "12:30"),
        ("no", "no"),
        ("on", "on"),
        ("true", "true"),
        ("2026-01-31", "2026-01-31"),
        ("010", "010"),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("42", 42),
        ("-7", -7),
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        (".", "."),
        ("-", "-"),
        ("e5", "e5"),
        ("+e1", "+e1"),
        ("nan", "nan"),
        (".inf", ".inf"),
        ("010000000016000169000001", "010000000016000169000001"),
        ("123456789012345678901234", "123456789012345678901234"),
        ("~", None),
        ("", None),
    ],
)
def test_scalar_is_read_as_yaml_1_2_and_codes_stay_text(text, value):
    read = scalar(text)
    assert read == value
    assert type(read) is type(value)


def test_quoted_scalar_is_text():
    assert parse_source(b"a: '1'\nb: \"no\"\nc: |\n  1\n").value == {
        "a": "1",
        "b": "no",
        "c": "1\n",
    }


def test_key_on_is_a_key():
    source = parse_source(b"on: hour\n12:30: x\nno: y\n")
    assert source.value == {"on": "hour", "12:30": "x", "no": "y"}


def test_every_key_path_has_its_line():
    source = parse_source(b"a:\n  b:\n    - c: 1\n      d: 2\n\n    - {e: 3,\n       f: 4}\n")
    assert source.lines == {
        (): 1,
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "b", 0): 3,
        ("a", "b", 0, "c"): 3,
        ("a", "b", 0, "d"): 4,
        ("a", "b", 1): 6,
        ("a", "b", 1, "e"): 6,
        ("a", "b", 1, "f"): 7,
    }
    assert source.line(("a", "b", 1, "nothing")) == 6


def test_alias_stands_for_its_anchor():
    source = parse_source(b"a: &x {y: 1}\nb: *x\n")
    assert source.value == {"a": {"y": 1}, "b": {"y": 1}}
    assert source.line(("b", "y")) == 1 or source.line(("b", "y")) == 2


def test_second_of_two_equal_keys_is_noted_and_the_first_stands():
    source = parse_source(b"a: 1\nb: 2\na: 3\n")
    assert source.twice == [(("a",), 3, 1)]
    assert source.value == {"a": 1, "b": 2}


LAUGHS = "\n".join(
    ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
)


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        (b"unit:\n\tname: x\n", "tab", 2),
        (b"a: [1, 2\nb: 3\n", "syntax", 2),
        (b"a: b: c\n", "syntax", 1),
        (b"a: @x\n", "syntax", 1),
        (b"a: 1\nb: *x\n", "alias", 2),
        (b"a: &x [*x]\n", "alias", 1),
        (b"a: 1\nb: !!python/object:os.system x\n", "tag", 2),
        (b"a: !secret x\n", "tag", 1),
        (b"a: {<<: {b: 1}}\n", "merge", 1),
        (b"? [a]\n: b\n", "key_form", 1),
        (b"a: 1\n---\nb: 2\n", "documents", 2),
        (b"a: 1\nb: \x00\n", "not_text", 2),
        (b"a: \xd6\xd0\n", "not_utf8", 1),
        (b"\xff\xfea\x00", "not_utf8", 1),
        (b"\x7fELF\x02\x01\x01\x00", "not_text", 1),
        (b"[" * 100_000, "too_deep", 1),
        (b"{a: " * 100_000, "too_deep", 1),
        (b"- " * 100_000, "too_deep", 1),
        (b"a: " + b"x" * 1_000_001, "too_large", 1),
        (LAUGHS.encode(), "too_large", 1),
    ],
)
def test_what_is_no_plain_yaml_is_named_by_line(text, kind, line):
    with pytest.raises(SourceError) as caught:
        parse_source(text)
    assert (caught.value.kind, caught.value.line) == (kind, line)
    assert kind in MESSAGES


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"", "empty"),
        (b"# only a comment\n", "empty"),
        (b"---\n...\n", "empty"),
        (b"null\n", "empty"),
        (b"- a\n- b\n", "type"),
        (b"just a text\n", "type"),
        (b"42\n", "type"),
        (b"{}\n", "missing"),
        (b"unit: 1\n", "type"),
        (b"unit: []\noutlets: {}\nbuses: x\ndestinations: 5\n", "type"),
        (b"outlets: [1, [2], {id: 3}]\n", "missing"),
        (b"1: 2\n", "unknown_key"),
        (b"a\n\tb\n", "type"),
    ],
)
def test_yaml_of_another_shape_is_a_finding(text, kind):
    site, findings = look(text)
    assert site is None
    assert kind in {finding.kind for finding in findings}


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_give_a_traceback(data):
    site, findings = look(data)
    assert site is None
    assert findings


_SCALARS = st.none() | st.integers() | st.floats() | st.text(max_size=8) | st.booleans()
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
)


@settings(deadline=None)
@given(line=st.integers(1, len(GOOD.splitlines())), value=_VALUES)
def test_any_value_at_any_key_is_read_or_named(line, value):
    lines = GOOD.splitlines()
    before = lines[line - 1]
    key, colon, _ = before.partition(":")
    lines[line - 1] = f"{key}{colon} {json.dumps(value)}" if colon else before
    site, findings = look("\n".join(lines))
    assert site is not None or findings
    assert all(1 <= finding.line <= len(lines) for finding in findings)


@settings(deadline=None)
@given(
    first=st.integers(1, len(GOOD.splitlines())),
    count=st.integers(1, 5),
    lang=st.sampled_from(["zh", "en"]),
)
def test_any_lines_missing_are_named_in_both_languages(first, count, lang):
    lines = GOOD.splitlines()
    del lines[first - 1 : first - 1 + count]
    site, findings = look("\n".join(lines), lang)
    assert site is not None or findings
    assert all(str(finding) for finding in findings)
