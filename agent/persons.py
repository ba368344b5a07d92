"""People of the site file: who somebody is, and whether he has shown it (pin)."""

from __future__ import annotations

import hmac

from agent.settings import Site
from agent.settings.duty import Person
from agent.settings.secrets import SecretError, read_secret

NOBODY = "{who}: not in `people` of the site file（站点文件 people 里没有此人）"
_NO_PIN = "{who}: no pin in `people`, so nobody can tell that it is he（未设 PIN，不能确认身份）"
_WRONG_PIN = "wrong pin（PIN 不对）"


def person_of(site: Site, who: str) -> Person | None:
    """Give the one with this id or name; None when nobody has it, or more than one."""
    found = [one for one in site.people if who in (one.id, one.name)]
    return found[0] if len(found) == 1 else None


def unproven(person: Person, pin: str, *, needed: bool) -> str:
    """Say why it is not shown that it is he; empty when it is.

    A pin that is set counts always; where it is `needed`, who has none cannot show it.
    """
    if person.pin is None:
        return _NO_PIN.format(who=person.id) if needed else ""
    try:
        right = read_secret(person.pin)
    except SecretError as error:
        return str(error)
    return "" if hmac.compare_digest(right.encode(), pin.encode()) else _WRONG_PIN
