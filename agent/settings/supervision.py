"""Electronic supervision (电子督办): how long an order of a platform may wait for its answer."""

from __future__ import annotations

from pydantic import Field

from drivers.settings import Model


class Supervision(Model):
    """What a platform expects. The default of 24 h is ours (SUP-05, I); Jiangsu asks 48 and 4 h."""

    deadline_h: float = Field(
        default=24, gt=0, le=720, description="督办答复期限（小时）；命令里写明期限的按命令"
    )
