"""YAML text to plain values, with the line of every key.

Scalars are read by the YAML 1.2 core schema, so `no`, `on` and `12:30` are texts and a key `on` is
a key. Digits that a number would not give back unchanged (leading zeros, more than 15 of them) stay
text as well: they are codes. Whether a field wants a number or a switch is its model's business.

The tree is built from parser events: the composer of PyYAML over libyaml recurses in C and dies
of deep nesting.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 50_000

Path: TypeAlias = tuple[str | int, ...]
Value: TypeAlias = "int | float | str | list[Value] | dict[str, Value] | None"

_NULLS = {"", "~", "null", "Null", "NULL"}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,8}")
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*|(?=[eE]))|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_TAG = "tag:yaml.org,2002:"
_TAGS = {_TAG + name for name in ("str", "int", "float", "bool", "null", "seq", "map")}


class SourceError(Exception):
    """The text is not a YAML mapping. `kind` names the message, `line` counts from 1."""

    def __init__(self, kind: str, line: int, found: str = "") -> None:
        super().__init__(f"line {line}: {kind} {found}")
        self.kind = kind
        self.line = line
        self.found = found


@dataclass(slots=True)
class _Node:
    line: int
    text: str = ""
    plain: bool = False
    items: list[_Node] | None = None
    pairs: list[tuple[_Node, _Node]] | None = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file.

    `lines` maps each key path to the line of its key (of its dash, in a list); `texts` keeps how a
    plain scalar was written; `twice` lists keys that a mapping holds more than once, with the line
    of the later one and of the first.
    """

    value: Value
    lines: dict[Path, int] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    twice: list[tuple[Path, int, int]] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Give the line of a key, of the nearest enclosing one where the key is not there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: Path) -> Value:
        """Give the value at a path; None where there is nothing."""
        value = self.value
        for part in path:
            value = child(value, part)
        return value

    def text(self, path: Path) -> str:
        """Give a scalar as it was written; empty for anything else."""
        return self.texts.get(path, "")


def parse_source(data: bytes) -> Source:
    """Read YAML bytes; raises SourceError for anything that is not one plain YAML document."""
    if len(data) > MAX_BYTES:
        raise SourceError("too_large", 1, str(len(data)))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SourceError("not_utf8", line, f"0x{data[error.start]:02X}") from error
    source = Source(None)
    root = _tree(text)
    if root is None:
        return source
    value = _Reader(source).read(root, ())
    return Source(value, source.lines, source.texts, source.twice)


def child(value: Value, part: str | int) -> Value:
    """Go one step down; None where there is nothing."""
    if isinstance(value, dict) and isinstance(part, str):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def scalar(text: str) -> int | float | str | None:
    """Read a plain scalar; switches such as `true` stay text, their models know them."""
    if text in _NULLS:
        return None
    if _INT.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _tree(text: str) -> _Node | None:
    try:
        return _Composer(yaml.parse(text, Loader=yaml.CSafeLoader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise SourceError(_syntax_kind(text, line), line, error.problem or "") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SourceError("not_text", line, f"U+{error.character:04X}") from error
    except yaml.YAMLError as error:
        raise SourceError("syntax", 1, str(error)) from error


def _syntax_kind(text: str, line: int) -> str:
    lines = text.splitlines()
    near = lines[max(line - 2, 0) : line]
    return "tab" if any(re.match(r" *\t", written) for written in near) else "syntax"


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


class _Composer:
    """Parser events to nodes; an alias is the node it names."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._anchors: dict[str, _Node] = {}

    def document(self) -> _Node | None:
        root: _Node | None = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise SourceError("documents", _line(event))
                root = self._node(next(self._events), 0)
        return root

    def _node(self, event: yaml.Event, depth: int) -> _Node:
        line = _line(event)
        if depth > MAX_DEPTH:
            raise SourceError("too_deep", line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, line)
        node = _Node(line, open=True)
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            if event.tag is not None and event.tag not in _TAGS:
                raise SourceError("tag", line, event.tag)
            if event.anchor:
                self._anchors[event.anchor] = node
        self._fill(node, event, depth)
        node.open = False
        return node

    def _alias(self, anchor: str | None, line: int) -> _Node:
        node = self._anchors.get(anchor or "")
        if node is None or node.open:
            raise SourceError("alias", line, f"*{anchor}")
        return node

    def _fill(self, node: _Node, event: yaml.Event, depth: int) -> None:
        if isinstance(event, yaml.ScalarEvent):
            node.text = event.value
            node.plain = bool(event.implicit[0])
        elif isinstance(event, yaml.SequenceStartEvent):
            node.items = []
            while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
                node.items.append(self._node(event, depth + 1))
        else:
            node.pairs = []
            while not isinstance(event := next(self._events), yaml.MappingEndEvent):
                key = self._node(event, depth + 1)
                node.pairs.append((key, self._node(next(self._events), depth + 1)))


class _Reader:
    """Nodes to values; notes lines, texts and keys held twice in its source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._left = MAX_NODES

    def read(self, node: _Node, path: Path) -> Value:
        self._left -= 1
        if self._left < 0:
            raise SourceError("too_large", node.line, f"> {MAX_NODES}")
        self._source.lines.setdefault(path, node.line)
        if node.pairs is not None:
            return self._mapping(node.pairs, path)
        if node.items is not None:
            return [self.read(item, (*path, n)) for n, item in enumerate(node.items)]
        if not node.plain:
            return node.text
        self._source.texts[path] = node.text
        return scalar(node.text)

    def _mapping(self, pairs: list[tuple[_Node, _Node]], path: Path) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for key, node in pairs:
            if key.pairs is not None or key.items is not None:
                raise SourceError("key_form", key.line)
            if key.text == "<<" and key.plain:
                raise SourceError("merge", key.line, "<<")
            place = (*path, key.text)
            if key.text in values:
                self._source.twice.append((place, key.line, self._source.lines[place]))
                continue
            self._source.lines[place] = key.line
            values[key.text] = self.read(node, place)
        return values
