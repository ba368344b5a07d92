"""What the daemon and a camera's process say to each other, as the daemon has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from drivers.camera.sight import Sight


class CameraGone(Exception):
    """The process of the camera ended or was killed; the text says why."""


class NoFilm(Exception):
    """There is no film of that time; the text says why."""


@dataclass(frozen=True, slots=True)
class CameraPlace:
    """Which camera, and where its still and its learnt view are kept. `repr` shows no secret."""

    id: str
    url: str
    still: Path
    learnt: Path
    look_s: float = 10.0
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """The URL with user and password, as FFmpeg wants it. A secret."""
        if not self.username:
            return self.url
        parts = urlsplit(self.url)
        login = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}"
        return parts._replace(netloc=f"{login}@{parts.netloc}").geturl()


@dataclass(frozen=True, slots=True)
class FilmMade:
    """A film that is there. Times are monotonic seconds; `still_sha256` empty: there is none."""

    begin: float
    end: float
    sha256: str
    bytes: int
    gaps: tuple[tuple[float, float], ...]
    still_at: float | None
    still_sha256: str


@dataclass(frozen=True, slots=True)
class Beat:
    """What a camera said last: what it sees, and from when to when its ring reaches."""

    sight: Sight | None
    begin: float | None
    end: float | None
    pictures: int
    bytes: int


def beat(told: Mapping[str, Any]) -> Beat:
    """Read a beat. Raises KeyError, ValueError for a line that is none."""
    sight = Sight(told["sight"]) if told["sight"] else None
    return Beat(sight, told["begin"], told["end"], told["pictures"], told["bytes"])


def film_made(told: Mapping[str, Any]) -> FilmMade:
    """Read how a film turned out. Raises NoFilm; KeyError, ValueError for a line that is none."""
    if not told["ok"]:
        raise NoFilm(str(told["reason"])[:200])
    still = told["still"] or {"at": None, "sha256": ""}
    return FilmMade(
        float(told["begin"]),
        float(told["end"]),
        str(told["sha256"]),
        int(told["bytes"]),
        tuple((float(begin), float(end)) for begin, end in told["gaps"]),
        still["at"],
        str(still["sha256"]),
    )
