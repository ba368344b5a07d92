"""Password (1072) and key (1014): new ones hold once the platform heard that they were taken."""

from __future__ import annotations

import asyncio
import sqlite3

from agent.errors import StoreError
from agent.settings.secrets import SecretError
from agent.store import credentials
from agent.store.credentials import Name, StationCredentials
from agent.uplink.desk import Desk
from agent.uplink.given import given
from agent.uplink.results import FAULT, Asked, Result
from protocols.hj212.orders import DeliverKey, SetPassword

NOTHING = StationCredentials(pw="")


async def set_password(asked: Asked, desk: Desk) -> Result:
    """Take a new password (1072). The 9012 to it still goes under the old one."""
    assert isinstance(asked.order, SetPassword)
    return await _take(desk, "pw", asked.order.new_pw)


async def take_key(asked: Asked, desk: Desk) -> Result:
    """Take a new key (1014). The one before opens what is still under way for a day."""
    assert isinstance(asked.order, DeliverKey)
    return await _take(desk, "key", asked.order.new_key)


def password_told(connection: sqlite3.Connection, desk: Desk) -> None:
    """Put the new password in its place."""
    _promote(connection, desk, "pw")


def key_told(connection: sqlite3.Connection, desk: Desk) -> None:
    """Put the new key in its place."""
    _promote(connection, desk, "key")


async def renew(desk: Desk) -> None:
    """Go on under the new one."""
    await desk.talk.renew()


async def in_force(desk: Desk) -> StationCredentials:
    """Give the station's credentials of now. Raises SecretError or StoreError."""
    office, file = desk.office, given(desk.station.station)
    return await office.store.read(
        lambda connection: credentials.read(
            connection, office.store.path.parent, desk.id, file, now=office.clock.now()
        )
    )


async def _take(desk: Desk, name: Name, value: str) -> Result:
    store, now = desk.office.store, desk.office.clock.now()
    try:
        file = given(desk.station.station)
        held = await asyncio.to_thread(
            credentials.close,
            store.path.parent,
            desk.id,
            name=name,
            value=value,
            given=file,
            now=now,
            source="platform",
        )
    except (SecretError, StoreError) as error:
        return Result(FAULT, str(error))
    return Result(job=lambda connection: credentials.put(connection, desk.id, held))


def _promote(connection: sqlite3.Connection, desk: Desk, name: Name) -> None:
    office = desk.office
    try:
        file = given(desk.station.station)
    except SecretError:
        file = NOTHING
    credentials.promote(
        connection,
        office.store.path.parent,
        desk.id,
        name=name,
        given=file,
        now=office.clock.now(),
    )
