"""Marks, values, checks and tickets go with the years of the statistics they speak of."""

from __future__ import annotations

import sqlite3
from typing import Any

from agent_house import House
from agent_site import DAY, T0

from agent.marks import Record
from agent.model import MarkKind
from agent.store import checks, faults, marks, values
from agent.store.checks import CheckRecord
from agent.store.values import ManualValue
from agent.substitution import Verdict
from agent.upkeep import upkeep

OLD, NEW = int(T0) - 400 * DAY, int(T0) - 300 * DAY
TABLES = ("marks", "manual_values", "checks", "faults", "columns")


def one_year(site: dict[str, Any]) -> None:
    site["storage"] = {"years": 1}


def filled(connection: sqlite3.Connection) -> None:
    for at in (OLD, NEW):
        record = Record("DW001", (), MarkKind.EQUIPMENT, "校准", at, at + 60)
        marks.add(connection, record, by="a", why="b", now=float(at))
        value = ManualValue("DW001", "w01018", "substitute", at, at + 60, 1.0, "mg/L", "m", "i")
        values.add(connection, value)
        check = CheckRecord("DW001", "w01018", "standard", at, at + 60, Verdict.PASS)
        checks.add(connection, check)
        fault = faults.open_ticket(
            connection, "DW001", "cod", what="instrument", text="t", opened_at=float(at),
            by="a", why="b", now=float(at),
        )  # fmt: skip
        assert fault is not None
        closed = at + 60.0
        faults.step(connection, fault.id, "closed", at=closed, by="a", why="b", now=closed)
        connection.execute(
            "INSERT INTO columns VALUES ('1h', ?, 1, 'marks', NULL, NULL, NULL, NULL, NULL, NULL,"
            " NULL, 'fault', 0, 0, 1, '')",
            (at,),
        )


async def test_what_is_older_than_the_years_goes_and_the_rest_stays(house_with: Any) -> None:
    house: House = await house_with(one_year)
    await house.write(filled)
    await upkeep(house.plan, house.store, house.clock, house.metrics)
    counts = {name: house.one(f"SELECT count(*) FROM {name}") for name in TABLES}
    assert counts == dict.fromkeys(TABLES, 1)


async def test_open_ticket_stays_however_old(house_with: Any) -> None:
    house: House = await house_with(one_year)
    await house.write(
        lambda one: faults.open_ticket(
            one, "DW001", "cod", what="instrument", text="t", opened_at=float(OLD),
            by="a", why="b", now=float(OLD),
        )
    )  # fmt: skip
    await upkeep(house.plan, house.store, house.clock, house.metrics)
    assert house.one("SELECT count(*) FROM faults") == 1
