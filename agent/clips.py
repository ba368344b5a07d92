"""Orders clips: a row for each camera of the outlet, in the commit of what is to be seen."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from agent.footage import Clip
from agent.plan import Plan
from agent.settings.equipment import CameraSettings
from agent.store import actions, journal
from agent.store.holds import Hold

CLIP = "clip"
FILMED = frozenset({"exceedance", "retention"})
"""Kinds of events that are filmed."""
FROZEN = "frozen"
"""What a piece of a film without a hole is of."""
PIECE_BEFORE_S = 15.0
"""How far back a piece may begin; the ring holds more."""
BEGIN_S = 3600.0
"""How long after its order a clip may still be begun; what the ring has lost it cannot show."""


def order_clips(
    connection: sqlite3.Connection,
    plan: Plan,
    kind: str,
    detail: Mapping[str, Any],
    *,
    outlet: str,
    factor: str,
    now: float,
) -> None:
    """Order a clip of this moment from every camera of an outlet; one, whatever has several causes.

    The moment is `now`, when the fact was found: what happens on site happens then.
    """
    for camera in plan.site.cameras:
        if camera.outlet != outlet:
            continue
        ref = f"{CLIP}:{camera.id}:{now:.3f}"
        request = {
            "outlet": outlet,
            "factor": factor,
            "kind": kind,
            "value": _value(detail),
            "at": now,
            "before_s": camera.before_s,
            "after_s": camera.after_s,
        }
        added = actions.add(
            connection,
            ref=ref,
            device=camera.id,
            kind=CLIP,
            cause="rule",
            request=request,
            now=now,
            not_after=now + BEGIN_S,
        )
        if added:
            detail_of = {"ref": ref, "camera": camera.id, **request}
            journal.add(connection, "clip ordered", detail_of, at=now)


def order_piece(
    connection: sqlite3.Connection, camera: CameraSettings, *, length_s: int, now: float
) -> bool:
    """Order the piece of a film without a hole that is due now; False when it is ordered already.

    Pieces are as long as the step of a grid, the first one to the next step.
    """
    step = int(now // length_s)
    ref = f"{CLIP}:{camera.id}:{FROZEN}:{length_s}:{step}"
    request = {"outlet": camera.outlet, "factor": "", "kind": FROZEN, "value": None, "at": now}
    # back to the step, so that nothing is missing between two pieces
    before_s = min(PIECE_BEFORE_S, now - step * length_s)
    request |= {"before_s": before_s, "after_s": (step + 1) * length_s - now}
    added = actions.add(
        connection, ref=ref, device=camera.id, kind=CLIP, cause="rule", request=request, now=now,
        not_after=now + length_s,
    )  # fmt: skip
    if added is None:
        return False
    detail = {"ref": ref, "camera": camera.id, **request}
    journal.add(connection, "clip ordered", detail, at=now)
    return True


def is_frozen(clip: Clip, frozen: Iterable[Hold]) -> bool:
    """Say whether a clip shows any of a frozen interval of its outlet: it stays then."""
    return any(
        clip.touches(one.start, math.inf if one.end is None else one.end)
        for one in frozen
        if one.outlet in ("", clip.about.get("outlet", one.outlet))
    )


def _value(detail: Mapping[str, Any]) -> float | None:
    """Give the value that was the cause, in the factor's unit; None where there is none."""
    found = detail.get("value", detail.get("state", {}).get("worst"))
    return None if found is None else float(found)
