"""Who may do what by hand: the people of the site file, by their role."""

from __future__ import annotations

from collections.abc import Collection

from agent.errors import PaikouError
from agent.settings import Site


class NotAllowed(PaikouError):
    """Somebody the site file does not know, or whose role may not do this."""


def allowed(site: Site, by: str, roles: Collection[str]) -> str:
    """Give who it is, as the journal has it: id and name. Raises `NotAllowed`.

    `by` is the id or the name of one of `people`.
    """
    found = [one for one in site.people if by in (one.id, one.name)]
    if len(found) != 1:
        known = ", ".join(f"{one.id} {one.name}" for one in site.people) or "—"
        raise NotAllowed(f"--by {by}：配置文件 people 里没有此人 / nobody of that name: {known}")
    if found[0].role not in roles:
        may = ", ".join(roles)
        raise NotAllowed(f"--by {by}：{found[0].role} 不能做这件事 / this is for: {may}")
    return f"{found[0].id} {found[0].name}"
