"""The films in a report: by name, of which moment, with the picture of that moment."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent.tools.evidence.markup import text
from agent.tools.evidence.pack import Chunks
from agent.tools.evidence.said import KINDS, number, unit
from agent.tools.words import factor_name, local_time

MOST_STILLS = 12
"""Pictures in the report itself; the others lie beside it."""
LARGEST_STILL = 400_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One film: what its sidecar says, its name in the bundle, its picture where there is one."""

    name: str
    about: dict[str, Any]
    still: bytes


def shown(files: Mapping[str, Chunks]) -> list[Shown]:
    """Give the films of a bundle, in the order they were made; pictures of the first alone."""
    found = []
    for name in files:
        if not name.endswith(".mp4"):
            continue
        sidecar = name.replace(".mp4", ".json")
        about = json.loads(b"".join(files[sidecar]())) if sidecar in files else {}
        found.append(Shown(name, about, b""))
    found.sort(key=lambda one: float(one.about.get("at", 0.0)))
    return [
        replace(one, still=_still(files, one)) if place < MOST_STILLS else one
        for place, one in enumerate(found)
    ]


def _still(files: Mapping[str, Chunks], one: Shown) -> bytes:
    still = one.name.replace(".mp4", ".jpg")
    return b"".join(files[still]()) if still in files else b""


def films(found: list[Shown], names: Mapping[str, str]) -> str:
    """Give them as HTML; `names` are those of the cameras."""
    made = "".join(_film(one, names) for one in found)
    return f'<div class="films">{made}</div>' if made else ""


def _film(one: Shown, names: Mapping[str, str]) -> str:
    about = one.about
    camera = str(about.get("camera", ""))
    picture = ""
    if 0 < len(one.still) <= LARGEST_STILL:
        coded = base64.b64encode(one.still).decode()
        picture = f'<img alt="{text(one.name)} 画面" src="data:image/jpeg;base64,{coded}">'
    why = KINDS.get(str(about.get("kind")), str(about.get("kind", "")))
    value, code = about.get("value"), str(about.get("factor", ""))
    measured = f"，{factor_name(code, 'zh')} {number(value)} {unit(code)}" if code and value else ""
    gaps = f"；中间缺 {len(about['gaps'])} 段" if about.get("gaps") else ""
    return (
        f"<figure>{picture}<figcaption><b>{text(about.get('outlet', ''))} "
        f"{text(names.get(camera, f'摄像头 {camera}'))}</b>：{text(why)}{text(measured)}<br>"
        f"事件时刻 {local_time(about.get('at'))}，录像 {local_time(about.get('begin'))} 至 "
        f"{local_time(about.get('end'), '%H:%M:%S')}{gaps}<br>"
        f'<a href="{text(one.name)}">{text(one.name)}</a>'
        f"（{about.get('bytes', 0) / 1e6:.1f} MB，SHA-256 {text(str(about.get('sha256'))[:16])}…）"
        "</figcaption></figure>"
    )
