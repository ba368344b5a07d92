"""Fixtures of the agent's tests: a migrated store, and a house around it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from agent_desk import OLD_MN, Platform, platform
from agent_house import House
from agent_site import Change, destination, plan_with

from agent.store.db import FILE_NAME, Store
from agent.tools.migrate import migrate


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freshly migrated store, to be copied."""
    directory = tmp_path_factory.mktemp("empty")
    migrate(directory)
    return directory / FILE_NAME


@pytest.fixture
def directory(empty_store: Path, tmp_path: Path) -> Path:
    """A directory with a store of its own."""
    shutil.copy(empty_store, tmp_path / FILE_NAME)
    return tmp_path


@pytest.fixture
async def store(directory: Path) -> AsyncIterator[Store]:
    async with Store(directory, ballast_mb=0) as store:
        yield store


@pytest.fixture
async def house(store: Store) -> House:
    """The house on the small site."""
    return await House.on(store, plan_with())


Builder = Callable[..., Awaitable[House]]


@pytest.fixture
def house_with(store: Store) -> Builder:
    """A function that builds the house on the small site with changes."""

    async def build(*changes: Change) -> House:
        return await House.on(store, plan_with(*changes))

    return build


@pytest.fixture
async def other_house(
    empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """A second house on the small site, on a store of its own, to be compared with the first."""
    directory = tmp_path_factory.mktemp("other")
    shutil.copy(empty_store, directory / FILE_NAME)
    async with Store(directory, ballast_mb=0) as store:
        yield await House.on(store, plan_with())


Across = Callable[..., Awaitable[Platform]]


@pytest.fixture
def across(house_with: Builder) -> Across:
    """A function that sits down across the desk of a station of an edition."""

    async def build(edition: str = "hj212-2017", *changes: Change, **keys: object) -> Platform:
        def old_mn(site: dict[str, Any]) -> None:
            if edition == "hj212-2005":
                site["destinations"][0]["stations"][0]["mn"] = OLD_MN

        allowed = {"parameters": "allow", "control": "allow"}
        keys = {"edition": edition, "commands": allowed, **keys}
        house = await house_with(destination(**keys), old_mn, *changes)
        await house.time.look()
        return platform(house, edition=edition)

    return build
