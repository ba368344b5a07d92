"""Profiles from YAML files: `water/hach-codmax-ii` is `<directory>/water/hach-codmax-ii.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

import drivers
from drivers.profile_model import (
    Batch,
    Block,
    Line,
    MeasuredAt,
    Point,
    Profile,
    StateRange,
    StateWord,
    UnitFrom,
)
from drivers.settings import PointOverride

__all__ = [
    "Batch",
    "Block",
    "Line",
    "MeasuredAt",
    "Point",
    "Profile",
    "ProfileError",
    "StateRange",
    "StateWord",
    "UnitFrom",
    "default_directories",
    "load_profile",
    "profile_names",
    "profile_schema",
    "with_overrides",
]


class ProfileError(Exception):
    """A profile is not there or not right. `file`, `line` and `key` say where; line 0: unknown."""

    def __init__(self, message: str, *, file: str = "", line: int = 0, key: str = "") -> None:
        where = ":".join(part for part in (file, str(line) if line else "") if part)
        super().__init__(": ".join(part for part in (where, key, message) if part))
        self.file = file
        self.line = line
        self.key = key


def default_directories(parent: Path | None = None) -> list[Path]:
    """Give the folders with the profiles we ship; `parent` is the folder our packages are in.

    A source checkout has them at `config/profiles`, an installed wheel at `agent/config/profiles`.
    """
    parent = parent or Path(drivers.__file__).parent.parent
    places = (parent / "config" / "profiles", parent / "agent" / "config" / "profiles")
    return [place for place in places if place.is_dir()]


def profile_names(directories: Sequence[Path] | None = None) -> list[str]:
    """List the names of all profiles, sorted."""
    names: set[str] = set()
    for directory in default_directories() if directories is None else directories:
        names.update(
            path.relative_to(directory).with_suffix("").as_posix()
            for path in directory.glob("*/*.yaml")
        )
    return sorted(names)


def load_profile(name: str, directories: Sequence[Path] | None = None) -> Profile:
    """Read the profile of that name; of several directories the first that has it.

    Raises ProfileError, with file, line and key where the file is there but wrong.
    """
    for directory in default_directories() if directories is None else directories:
        path = directory / f"{name}.yaml"
        if path.is_file():
            return _read(path, name)
    known = ", ".join(profile_names(directories)) or "none"
    raise ProfileError(f"no profile {name}; there are: {known}")


def profile_schema() -> dict[str, Any]:
    """Give the JSON schema of a profile file, as `config/schema/profile.json` holds it."""
    schema = Profile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def with_overrides(profile: Profile, overrides: Mapping[str, PointOverride]) -> Profile:
    """Give the profile as one site has it. Raises ProfileError on a point it does not have."""
    for point_id in overrides:
        if profile.point(point_id) is None:
            known = ", ".join(point.id for point in profile.points)
            raise ProfileError(f"{profile.profile} has no point {point_id}; it has {known}")
    points = tuple(
        _overridden(point, overrides[point.id]) if point.id in overrides else point
        for point in profile.points
    )
    return profile.model_copy(update={"points": points})


def _overridden(point: Point, site: PointOverride) -> Point:
    changes = site.model_dump(exclude_none=True)
    if "unit" in changes:
        changes["unit_from"] = None
    return point.model_copy(update=changes)


def _read(path: Path, name: str) -> Profile:
    try:
        text = path.read_text(encoding="utf-8")
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
            f"{profile.profile} found, {name} expected", file=str(path), key="profile"
        )
    return profile


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
