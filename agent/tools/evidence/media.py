"""Sends the films and pictures of a bundle over HTTPS (HJ 212-2025 appendix H), for the daemon.

`python -m agent.tools.evidence.media`, a JSON line in and out. One request a file, as
`multipart/form-data` with the file, its media type and format; `Authorization` is user and
password under SM4. Where and under which field names is a setting: the appendix's are not known.

    < {"site": "…", "bundle": "…"}
    > {"sent": [["clips/a.mp4", 200]], "bytes": 12345, "failed": ""}
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import ssl
import sys
import zipfile
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from agent.errors import PaikouError
from agent.settings import load_site
from agent.settings.evidence import Multimedia
from agent.settings.secrets import SecretError, read_secret
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.seal import authorization, parse_key

MEDIA = {".jpg": (1, 1), ".mp4": (3, 5)}
"""Media type (1 image, 3 video) and format (1 jpeg, 5 mp4) by a file's ending."""
_CONTENT = {".jpg": "image/jpeg", ".mp4": "video/mp4"}
_TAKEN = range(200, 300)


def send_all(settings: Multimedia, bundle: Path) -> dict[str, object]:
    """Send every film and picture of a bundle; ends at the first that is not taken."""
    login = authorization(
        settings.username, read_secret(settings.password), parse_key(read_secret(settings.key))
    )
    trust = ssl.create_default_context(cafile=settings.ca)
    sent: list[tuple[str, int]] = []
    size = 0
    with zipfile.ZipFile(bundle) as packed:
        names = [one for one in packed.namelist() if Path(one).suffix in MEDIA]
        for name in names:
            content = packed.read(name)
            try:
                status = _post(settings, name, content, login=login, trust=trust)
            except (OSError, http.client.HTTPException) as error:
                return _told(sent, size, f"{name}: {type(error).__name__}: {error}")
            if status not in _TAKEN:
                return _told(sent, size, f"{name}: HTTP {status}")
            sent.append((name, status))
            size += len(content)
    return _told(sent, size, "")


def form(settings: Multimedia, name: str, content: bytes, boundary: str) -> bytes:
    """Write the body of one request."""
    kind, media_format = MEDIA[Path(name).suffix]
    parts = []
    for field, value in ((settings.type_field, kind), (settings.format_field, media_format)):
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n'
        parts.append(f"{head}{value}\r\n".encode())
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{settings.file_field}"; '
        f'filename="{Path(name).name}"\r\nContent-Type: {_CONTENT[Path(name).suffix]}\r\n\r\n'
    )
    return b"".join([*parts, head.encode(), content, f"\r\n--{boundary}--\r\n".encode()])


def _post(
    settings: Multimedia, name: str, content: bytes, *, login: str, trust: ssl.SSLContext
) -> int:
    place: SplitResult = urlsplit(settings.url)
    boundary = secrets.token_hex(16)
    line = http.client.HTTPSConnection(
        place.hostname or "", place.port, timeout=settings.timeout_s, context=trust
    )
    try:
        line.request(
            "POST",
            place._replace(scheme="", netloc="").geturl() or "/",
            form(settings, name, content, boundary),
            {
                "Authorization": login,
                "Content-Type": f"multipart/form-data; boundary={boundary}",
            },
        )
        answer = line.getresponse()
        answer.read(65_536)
        return answer.status
    finally:
        line.close()


def _told(sent: list[tuple[str, int]], size: int, failed: str) -> dict[str, object]:
    return {"sent": sent, "bytes": size, "failed": failed[:300]}


def main() -> None:
    """Send them, or end 1 with why in one line."""
    os.nice(10)
    given = json.loads(sys.stdin.readline())
    try:
        settings = load_site(Path(given["site"]))[0].evidence.multimedia
        told = (
            _told([], 0, "no multimedia in the site file")
            if settings is None
            else send_all(settings, Path(given["bundle"]))
        )
    except (PaikouError, SecretError, LocalFrameError, OSError, zipfile.BadZipFile) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(1)
    os.write(1, json.dumps(told).encode() + b"\n")


if __name__ == "__main__":
    main()
