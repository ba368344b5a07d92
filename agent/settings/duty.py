"""Who works at the site: people, rounds of self-inspection, the operator page. Later parts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.settings.secrets import Secret
from drivers.settings import Id, Model


class Person(Model):
    """Somebody who may do something at the page."""

    id: Id
    name: str = Field(min_length=1)
    role: Literal["operator", "contractor", "inspector", "administrator"] = Field(
        description="operator 排污单位，contractor 运维，inspector 执法，administrator 管理"
    )
    pin: Secret | None = None


class Round(Model):
    """A task of self-inspection (自行检查)."""

    id: Id
    name: str = Field(min_length=1)
    outlets: tuple[Id, ...] = ()
    every: Literal["day", "week", "month"] = "day"
    at: str = Field(default="09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="时:分")
    items: tuple[str, ...] = ()


class Page(Model):
    """Where the operator page listens."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8080, ge=1, le=65535)
    language: Literal["zh", "en"] = "zh"
