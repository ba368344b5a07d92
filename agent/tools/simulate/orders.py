"""What can be asked of a running simulation, as JSON objects; models at the edge, no I/O."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from agent.tools.simulate.faults import Kind
from drivers.device import Cause


class Order(BaseModel):
    """Every order: no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Set(Order):
    """Let a point (or the factor that the site takes from it) say a value, in the point's unit."""

    do: Literal["set"]
    device: str
    point: str
    value: float = Field(allow_inf_nan=False)
    for_s: float | None = Field(default=None, gt=0)


class Release(Order):
    """Let a point go its own way again."""

    do: Literal["release"]
    device: str
    point: str


class Measure(Order):
    """Let a batch analyzer come out with a result now."""

    do: Literal["measure"]
    device: str


class SetFault(Order):
    """Let a unit misbehave until `none`; see `faults` for the kinds."""

    do: Literal["fault"]
    device: str
    kind: Kind
    late_s: float = Field(default=1.5, ge=0, le=600)
    code: int = Field(default=4, ge=1, le=255)
    byte_s: float = Field(default=0.02, gt=0, le=10)


class State(Order):
    """Let the state registers of an instrument say a cause; a sampler runs or stops."""

    do: Literal["state"]
    device: str
    cause: Cause


class Door(Order):
    """Open or close the door of a sampler."""

    do: Literal["door"]
    device: str
    open: bool


class Vessel(Order):
    """Fix which bucket a sampler supplies; `auto` lets it change again."""

    do: Literal["vessel"]
    device: str
    bucket: Literal["A", "B", "none", "auto"]


class Bottles(Order):
    """Make a sampler's bottles (1 to 24; none given: all) empty or full."""

    do: Literal["bottles"]
    device: str
    bottles: tuple[Annotated[int, Field(ge=1, le=24)], ...] = tuple(range(1, 25))
    full: bool = False


class Jam(Order):
    """Let the next retention of a sampler fail."""

    do: Literal["jam"]
    device: str


class Line(Order):
    """Pull a line out, or plug it back."""

    do: Literal["line"]
    bus: str
    plugged: bool


class Show(Order):
    """Tell what every instrument says now."""

    do: Literal["show"]


AnyOrder = Annotated[
    Set | Release | Measure | SetFault | State | Door | Vessel | Bottles | Jam | Line | Show,
    Field(discriminator="do"),
]
ORDER: TypeAdapter[AnyOrder] = TypeAdapter(AnyOrder)
