"""Secrets are references to files or systemd credentials, never values in the site file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from drivers.settings import Model

DEFAULT_WORD = "default"
# Types of the pydantic errors for a secret that is not a reference; `folding` words them.
SECRET_FORM = "secret_form"
PW_FORM = "pw_form"
_ASKED = "a reference to a secret is expected"
# The access password that HJ 212 prints in its examples and that many platforms never changed.
EXAMPLE_PW = "123456"


class SecretError(Exception):
    """A secret cannot be read. Says where it was looked for, never what it is."""


class FileSecret(Model):
    """A secret in a file of its own; one trailing line end is not part of it."""

    file: str = Field(min_length=1, description="只含密码的文件路径")


class CredentialSecret(Model):
    """A systemd credential (`LoadCredential=`), read from $CREDENTIALS_DIRECTORY."""

    credential: str = Field(pattern=r"^[A-Za-z0-9._-]+$", description="systemd 凭据名")


def _form_of_secret(value: object) -> str | None:
    """Say which form of secret is meant, so that an error concerns that form only."""
    if isinstance(value, FileSecret) or (isinstance(value, Mapping) and "file" in value):
        return "FileSecret"
    if isinstance(value, CredentialSecret) or (
        isinstance(value, Mapping) and "credential" in value
    ):
        return "CredentialSecret"
    return None


def _form_of_pw(value: object) -> str | None:
    return DEFAULT_WORD if value == DEFAULT_WORD else _form_of_secret(value)


_File = Annotated[FileSecret, Tag("FileSecret")]
_Credential = Annotated[CredentialSecret, Tag("CredentialSecret")]
Secret = Annotated[
    _File | _Credential,
    Discriminator(_form_of_secret, custom_error_type=SECRET_FORM, custom_error_message=_ASKED),
]
Pw = Annotated[
    Annotated[Literal["default"], Tag(DEFAULT_WORD)] | _File | _Credential,
    Discriminator(_form_of_pw, custom_error_type=PW_FORM, custom_error_message=_ASKED),
]


def secret_path(
    secret: FileSecret | CredentialSecret, environ: Mapping[str, str] = os.environ
) -> Path:
    """Give the file that holds a secret.

    Raises SecretError when a credential is meant and systemd gave no directory.
    """
    if isinstance(secret, FileSecret):
        return Path(secret.file)
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise SecretError(f"credential {secret.credential}: $CREDENTIALS_DIRECTORY is not set")
    return Path(directory) / secret.credential


def read_secret(
    secret: FileSecret | CredentialSecret | Literal["default"],
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Read a secret; the word `default` stands for the standard's example password.

    Raises SecretError when it is not there, not readable, empty or not UTF-8.
    """
    if isinstance(secret, str):
        return EXAMPLE_PW
    path = secret_path(secret, environ)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"secret file {path}: {error}") from error
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SecretError(f"secret file {path}: empty")
    return text
