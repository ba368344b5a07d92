"""One profile file: read, checked, and its faults told by file, line and key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import ValidationError

from drivers.profile_model import Profile


class ProfileError(Exception):
    """A profile is not there or not right. `file`, `line` and `key` say where; line 0: unknown."""

    def __init__(self, message: str, *, file: str = "", line: int = 0, key: str = "") -> None:
        where = ":".join(part for part in (file, str(line) if line else "") if part)
        super().__init__(": ".join(part for part in (where, key, message) if part))
        self.file = file
        self.line = line
        self.key = key


def read_profile(path: Path, name: str) -> Profile:
    """Read a profile, which has to be of that name. Raises ProfileError."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        for key, line in _twice(node):
            raise ProfileError("written twice", file=str(path), line=line, key=key)
        profile = Profile.model_validate(yaml.load(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ProfileError(str(error.problem), file=str(path), line=line) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProfileError(str(error), file=str(path)) from error
    except ValidationError as error:
        raise _fault(path, text, error) from error
    if profile.profile != name:
        raise ProfileError(
            f"{profile.profile} found, {name} expected",
            file=str(path),
            line=_line(text, ("profile",)),
            key="profile",
        )
    return profile


def _twice(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """Give every key that stands twice in its mapping, with the line of the later one."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for part in node.value:
            yield from _twice(part)


def _fault(path: Path, text: str, error: ValidationError) -> ProfileError:
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    found = first["input"]
    message = first["msg"]
    if isinstance(found, str | int | float | bool):
        message = f"{message}, {found!r} found"
    return ProfileError(message, file=str(path), line=_line(text, first["loc"]), key=key)


def _line(text: str, where: tuple[int | str, ...]) -> int:
    """Find the line of a key, or of the deepest part of it that is written in the file."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    line = 1
    for part in where:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
