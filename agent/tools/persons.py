"""Who may do what by hand: the people of the site file, by their role; their pins."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

import click

from agent.errors import PaikouError
from agent.persons import person_of
from agent.settings import Site
from agent.settings.duty import Person

PIN_FILE = click.option(
    "--pin-file",
    type=click.Path(exists=True, path_type=Path, dir_okay=False),
    help="存有 PIN 的文件；否则在终端询问 / file with the PIN, else asked.",
)


class NotAllowed(PaikouError):
    """Somebody the site file does not know, or whose role may not do this."""


def allowed(site: Site, by: str, roles: Collection[str]) -> Person:
    """Give who it is; `by` is the id or the name of one of `people`. Raises `NotAllowed`."""
    person = person_of(site, by)
    if person is None:
        known = ", ".join(f"{one.id} {one.name}" for one in site.people) or "—"
        raise NotAllowed(f"--by {by}：配置文件 people 里没有此人 / nobody of that name: {known}")
    if person.role not in roles:
        may = ", ".join(roles)
        raise NotAllowed(f"--by {by}：{person.role} 不能做这件事 / this is for: {may}")
    return person


def pin_of(site: Site, by: str, pin_file: Path | None) -> str:
    """Give what is said to be somebody's pin: of the file, else typed on a terminal if he has one.

    Raises `PaikouError` for a file that is no text.
    """
    if pin_file is not None:
        try:
            return pin_file.read_text(encoding="utf-8").strip()
        except UnicodeDecodeError:
            raise PaikouError(f"{pin_file}: 不是 UTF-8 文本 / not UTF-8 text") from None
    person = person_of(site, by)
    if person is None or person.pin is None or not sys.stdin.isatty():
        return ""
    return str(click.prompt("PIN", hide_input=True, err=True))
