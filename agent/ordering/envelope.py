"""An order as it comes down: `{"ref": …, "kind": …, "body": {…}}`. The edge: pydantic. Pure.

`ref` is the platform's own; what comes twice under it is one order. What bears no `ref` cannot be
answered, and is counted as refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LARGEST = 256 * 1024
"""Bytes of one order."""
LONGEST_TEXT = 1000
"""Characters of an answer; of many things wrong the first are told."""

Ref = Annotated[str, Field(pattern=r"^[0-9A-Za-z._:/-]{1,64}$")]
Seconds = Annotated[float, Field(ge=0, le=253_402_300_799)]
"""UTC epoch seconds, up to the year 9999."""
Words = Annotated[str, Field(max_length=4000)]


class Body(BaseModel):
    """What an order of some kind says: closed shape, times as UTC epoch seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Envelope(Body):
    """What every order has."""

    ref: Ref
    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]
    body: dict[str, Any] = Field(default_factory=dict)
    at: Seconds | None = None
    """When the platform sent it."""


class Unreadable(Exception):
    """Something that is no order. Nobody can be answered."""


def read(payload: bytes) -> Envelope:
    """Read the outside of an order. Raises `Unreadable`."""
    if len(payload) > LARGEST:
        raise Unreadable(f"{len(payload)} bytes, at most {LARGEST}")
    try:
        return Envelope.model_validate_json(payload)
    except ValidationError as error:
        raise Unreadable(said(error)) from None


def text_of(body: Mapping[str, Any]) -> str:
    """Print a body the same way however the platform set its keys."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


def said(error: ValidationError) -> str:
    """Say in a line what is wrong: where, and what of it."""
    found = (
        f"{'.'.join(map(str, one['loc'])) or 'order'}: {one['msg']}"
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    )
    return "; ".join(found)[:LONGEST_TEXT]
