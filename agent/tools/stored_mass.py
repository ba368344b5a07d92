"""What `paikou values SITE mass --stored` prints: substitutes as the store has them."""

from __future__ import annotations

import dataclasses
import json

import click

from agent.desk import Desk
from agent.model import Kind, Period
from agent.plan import OutletPlan
from agent.store import substitutes
from agent.tools.words import local_time


def list_stored(at: Desk, outlet: OutletPlan, factor: str, start: int, *, as_json: bool) -> None:
    """Print the substitutes of a quarter or month as the store has them, the newest of each."""
    gas = outlet.medium == "gas"
    kind, number = ("1h" if gas else "1d"), at.names.series[outlet.id, factor, "rtd"]
    end = Period(Kind.MONTH, start)
    for _ in range(3 if gas else 1):
        end = Period(Kind.MONTH, end.end)
    for one in substitutes.between(at.connection, kind, number, start, end.start).values():
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(one), ensure_ascii=False))
            continue
        value = "—" if one.mass is None else f"{one.mass:g}"
        click.echo(f"{local_time(one.start)}  {value}  r{one.revision}  {one.reason}")
