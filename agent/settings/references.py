"""What the checks of an instrument are held against: nominal values and full scale."""

from __future__ import annotations

from pydantic import Field

from drivers.settings import Model


class References(Model):
    """Nominal values of zero, span and standard checks, in the unit of the factor's range."""

    standard: float | None = Field(
        default=None,
        gt=0,
        description="标样核查的标称值；不写取仪器的核查标液浓度（check_standard）",
    )
    zero: float = Field(default=0.0, description="零点校准的标称值")
    span: float | None = Field(default=None, gt=0, description="量程校准的标称值")
    full_scale: float | None = Field(
        default=None, gt=0, description="满量程，算漂移用；不写取 range 的上限"
    )

    def of(self, kind: str) -> float | None:
        """Give the nominal of a kind of check."""
        found: float | None = getattr(self, kind, None)
        return found
