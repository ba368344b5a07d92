"""Masks secrets in texts that leave the house: those of the site file, and what looks like one."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from agent.settings.secrets import CredentialSecret, FileSecret, SecretError, read_secret
from agent.settings.site import Site

MOST_BYTES = 4_000_000
"""Of one file of the bundle; the newest part stays."""
SHORTEST = 4
"""Shorter secrets are not looked for in texts: they would mask half of them."""

_PW = re.compile(r"(\bPW=)[^;&\s]*")
_KEYED = re.compile(r"(?im)^(\s*[\w-]*(?:password|passwd|secret|token)[\w-]*\s*:\s*)[^\s{#].*$")
_URL = re.compile(r"(://)[^/@\s\"']+@")


class Mask:
    """Masks known secrets, and what looks like one."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets

    def __call__(self, text: str) -> str:
        """Give the text with `***` in their places, its newest part where it is too long."""
        for secret in self._secrets:
            text = text.replace(secret, "***").replace(json.dumps(secret)[1:-1], "***")
            text = text.replace(secret.encode().hex(" ").upper(), "***")
        text = _URL.sub(r"\1***@", _KEYED.sub(r"\1***", _PW.sub(r"\1***", text)))
        return text[-MOST_BYTES:]


def masking(site: Site | None) -> Mask:
    """Give the function that masks the secrets of a site in a text."""
    secrets = set()
    for secret in _secrets(site) if site is not None else ():
        with contextlib.suppress(SecretError):
            secrets.add(read_secret(secret))
    known = sorted((one for one in secrets if len(one) >= SHORTEST), key=len, reverse=True)
    return Mask(tuple(known))


def _secrets(part: object) -> Iterator[FileSecret | CredentialSecret]:
    if isinstance(part, FileSecret | CredentialSecret):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _secrets(getattr(part, name))
    elif isinstance(part, Mapping):
        for inner in part.values():
            yield from _secrets(inner)
    elif isinstance(part, tuple):
        for inner in part:
            yield from _secrets(inner)
