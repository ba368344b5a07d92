"""Profiles from YAML files: `water/hach-codmax-ii` is `<directory>/water/hach-codmax-ii.yaml`.

The site's own folder goes before the packaged ones: a file of the same name there takes the place
of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import drivers
from drivers.profile_file import ProfileError, read_profile
from drivers.profile_model import (
    Batch,
    Block,
    Line,
    MeasuredAt,
    Parameter,
    Point,
    Profile,
    Quantity,
    StateRange,
    StateWord,
    UnitFrom,
    Value,
)
from drivers.settings import PointOverride

__all__ = [
    "USER_DIRECTORY",
    "Batch",
    "Block",
    "Line",
    "MeasuredAt",
    "Parameter",
    "Point",
    "Profile",
    "ProfileError",
    "Quantity",
    "StateRange",
    "StateWord",
    "UnitFrom",
    "default_directories",
    "load_profile",
    "profile_directories",
    "profile_names",
    "profile_schema",
    "with_overrides",
]


USER_DIRECTORY = Path("/etc/paikou/profiles")
"""Where a site keeps profiles of its own, unless its site file names another folder."""


def default_directories(parent: Path | None = None) -> list[Path]:
    """Give the folders with the profiles we ship; `parent` is the folder our packages are in.

    A source checkout has them at `config/profiles`, an installed wheel at `agent/config/profiles`.
    """
    parent = parent or Path(drivers.__file__).parent.parent
    places = (parent / "config" / "profiles", parent / "agent" / "config" / "profiles")
    return [place for place in places if place.is_dir()]


def profile_directories(user: Path = USER_DIRECTORY) -> list[Path]:
    """Give the folders to look in, the user's own first where it is there."""
    return [*([user] if user.is_dir() else []), *default_directories()]


def profile_names(directories: Sequence[Path] | None = None) -> list[str]:
    """List the names of all profiles, sorted; None means `profile_directories()`."""
    names: set[str] = set()
    for directory in profile_directories() if directories is None else directories:
        names.update(
            path.relative_to(directory).with_suffix("").as_posix()
            for path in directory.glob("*/*.yaml")
        )
    return sorted(names)


def load_profile(name: str, directories: Sequence[Path] | None = None) -> Profile:
    """Read the profile of that name; of several directories the first that has it.

    `directories` None means `profile_directories()`.
    Raises ProfileError, with file, line and key where the file is there but wrong.
    """
    for directory in profile_directories() if directories is None else directories:
        path = directory / f"{name}.yaml"
        if path.is_file():
            return read_profile(path, name)
    known = ", ".join(profile_names(directories)) or "none"
    raise ProfileError(f"no profile {name}; there are: {known}")


def profile_schema() -> dict[str, Any]:
    """Give the JSON schema of a profile file, as `config/schema/profile.json` holds it."""
    schema = Profile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def with_overrides(profile: Profile, overrides: Mapping[str, PointOverride]) -> Profile:
    """Give the profile as one site has it. Raises ProfileError on a point it does not have."""
    for point_id in overrides:
        if profile.quantity(point_id) is None:
            known = ", ".join(one.id for one in profile.quantities)
            raise ProfileError(f"{profile.profile} has no point {point_id}; it has {known}")
    points = tuple(_point(one, overrides.get(one.id)) for one in profile.points)
    values = tuple(_value(one, overrides.get(one.id)) for one in profile.values)
    return profile.model_copy(update={"points": points, "values": values})


def _point(point: Point, site: PointOverride | None) -> Point:
    changes = site.model_dump(exclude_none=True) if site else {}
    if "unit" in changes:
        changes["unit_from"] = None
        if point.among is not None:
            changes["among"] = point.among.model_copy(update={"units": {}})
    return point.model_copy(update=changes)


def _value(value: Value, site: PointOverride | None) -> Value:
    changes = site.model_dump(exclude_none=True) if site else {}
    if "unit" in changes:
        changes.update(unit_at=None, units={})
    return value.model_copy(update=changes)
