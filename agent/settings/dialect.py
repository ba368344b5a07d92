"""Dialects from YAML files: `hebei` is `config/dialects/hebei.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from agent.errors import ConfigError, Finding
from agent.settings.config import config_directory
from agent.settings.source import SourceError, parse_source
from drivers.settings import Model
from protocols.hj212.code_tables import OnSiteCode
from protocols.hj212.dialects import Dialect, overlay
from protocols.hj212.editions import Edition, edition, edition_names
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.factors import Factor

SCHEMA_URL = "https://json-schema.org/draft/2020-12/schema"

DialectName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,6}$")]
OnSiteId = Annotated[str, Field(pattern=r"^i[0-9]{4}[0-9A-Zx]$")]
NumberType = Annotated[str, Field(pattern=r"^N[0-9]{1,2}(\.[0-9])?$")]
Mark = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Za-z0-9]?$")]
Cn = Annotated[str, Field(pattern=r"^[0-9]{4}$")]
Medium = Literal["water", "gas", "noise", "electricity", "process"]


class NewFactor(Model):
    """A factor that the edition does not have, or has otherwise."""

    name: str
    medium: Medium
    unit: str = ""
    amount_unit: str = ""
    type: NumberType


class NewOnSite(Model):
    """A log, a state or a parameter of 3020."""

    name: str
    kind: Literal["log", "state", "parameter"]
    unit: str = ""
    type: str = Field(default="", pattern=r"^([NC][0-9]{1,3}(\.[0-9])?)?$")
    values: str = ""


class DialectFile(Model):
    """What a province does otherwise than the edition `base`."""

    dialect: DialectName
    title: str = Field(min_length=1)
    base: Literal["hj212-2005", "hj212-2017", "hj212-2025"]
    source: str = Field(min_length=1, description="where this comes from, in our own words")
    factors: dict[Code, NewFactor] = Field(default={})
    units: dict[Code, str] = Field(default={})
    types: dict[Code, NumberType] = Field(default={})
    letters: dict[str, Mark] = Field(default={}, description="cause: mark")
    on_site: dict[OnSiteId, NewOnSite] = Field(default={})
    states: dict[Medium, dict[int, str]] = Field(default={})
    fields: list[Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]{0,15}$")]] = Field(default=[])
    commands: dict[Cn, Cn | None] = Field(
        default={}, description="new command: the one whose messages it speaks, or nothing"
    )
    header: dict[str, Annotated[int, Field(ge=4, le=64)]] = Field(default={})
    mn_shape: str | None = None
    retained_cn: Cn | None = None
    max_segment: Annotated[int, Field(ge=256, le=9999)] | None = None
    max_cp: Annotated[int, Field(ge=256, le=9990)] | None = None

    def dialect_of(self) -> Dialect:
        """Give it as the library takes it."""
        return Dialect(
            name=self.dialect,
            base=self.base,
            factors=tuple(_factor(code, new) for code, new in self.factors.items()),
            units=self.units,
            types=self.types,
            letters=self.letters,
            on_site=tuple(_on_site(code, new) for code, new in self.on_site.items()),
            states={str(medium): of for medium, of in self.states.items()},
            fields=tuple(self.fields),
            commands={cn: like or "" for cn, like in self.commands.items()},
            header=self.header,
            mn_shape=self.mn_shape,
            retained_cn=self.retained_cn,
            max_segment=self.max_segment,
            max_cp=self.max_cp,
        )


def dialect_names(directory: Path | None = None) -> list[str]:
    """List the names of all dialects, sorted."""
    return sorted(path.stem for path in (directory or _shipped()).glob("*.yaml"))


def load_dialect(name: str, directory: Path | None = None) -> Edition:
    """Read a dialect and lay it over its edition. Raises ConfigError with file, line and key."""
    path = (directory or _shipped()) / f"{name}.yaml"
    try:
        source = parse_source(path.read_bytes())
    except OSError as error:
        raise _refused(path, 1, "", text=error.strerror or "cannot be read") from error
    except SourceError as error:
        raise _refused(path, error.line, "", text=error.kind, found=error.found) from error
    try:
        file = DialectFile.model_validate(source.value)
        if file.dialect != name:
            line = source.line(("dialect",))
            raise _refused(path, line, "dialect", text="not the file's name", found=file.dialect)
        return overlay(file.dialect_of())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        found = str(first["input"])[:80]
        line = source.line(first["loc"])
        raise _refused(path, line, key, text=first["msg"], found=found) from error
    except LocalFrameError as error:
        raise _refused(path, 1, "", text=str(error)) from error


def named_edition(name: str) -> Edition:
    """Give an edition of the standard, or a dialect, by its name. Raises ConfigError."""
    return edition(name) if name in edition_names() else load_dialect(name)


def dialect_schema() -> Mapping[str, Any]:
    """Give the JSON schema of a dialect file, as `config/schema/dialect.json` holds it."""
    return {"$schema": SCHEMA_URL, **DialectFile.model_json_schema(), "title": "paikou dialect"}


def _shipped() -> Path:
    return config_directory() / "dialects"


def _factor(code: str, new: NewFactor) -> Factor:
    return Factor(code, new.name, new.medium, new.unit, new.amount_unit, new.type)


def _on_site(code: str, new: NewOnSite) -> OnSiteCode:
    return OnSiteCode(code, new.name, new.kind, new.unit, new.type, new.values)


def _refused(path: Path, line: int, key: str, *, text: str, found: str = "") -> ConfigError:
    return ConfigError([Finding("error", line, key, found, "", text, str(path))])
