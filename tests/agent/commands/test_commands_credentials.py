"""Password, key and MN that a platform sets: when they hold, and that nobody can read them."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from agent_desk import FACTS, MN, PW, Platform, machine_key
from agent_site import DAY, T0

from agent.commands.attending import Asking
from agent.errors import StoreError
from agent.store import credentials, key_file, vault
from agent.store.credentials import GRACE_S, StationCredentials
from agent.uplink.desk import Desk
from protocols.hj212.segment import Segment

Across = Callable[..., Awaitable[Platform]]
GIVEN = StationCredentials(pw=PW)
NEW_PW = "hunter"
KEY, NEW_KEY = "msbE74gsiSHSEh5e", "Zq81.xYpW0_aa7!b"
DELIVER = f"SKCreateTime=20260601000000000,NewSK={NEW_KEY}"


async def in_force(
    platform: Platform, given: StationCredentials = GIVEN, *, after_s: float = 0.0
) -> StationCredentials:
    """Read what the next frame goes out under."""
    house = platform.house
    now = house.clock.now() + after_s
    return await house.store.read(
        lambda connection: credentials.read(
            connection, house.store.path.parent, "st1", given, now=now
        )
    )


def take_up(platform: Platform) -> None:
    """Let `renew` do what the link does: a new header."""
    header = platform.talk.header

    def renew() -> None:
        platform.talk.header = dataclasses.replace(header, pw=NEW_PW, previous_pw=PW)

    platform.talk.on_renew = renew


async def test_new_password_holds_once_the_end_was_told(across: Across) -> None:
    platform = await across()
    take_up(platform)
    assert await platform.ask("1072", f"NewPW={NEW_PW}") == ["9011 QnRtn=1", "9012 ExeRtn=1"]
    assert {one.pw for one in platform.talk.said} == {PW}  # the 9012, too
    assert platform.talk.renewed == 1
    assert (await in_force(platform)).pw == NEW_PW
    platform.house.clock.go(1)
    assert await platform.ask("1061", pw=PW) == ["9011 QnRtn=3"]
    assert (await platform.ask("1061", pw=NEW_PW, qn=platform.qn(1)))[-1] == "9012 ExeRtn=1"


async def test_new_password_does_not_hold_before_the_platform_was_told(across: Across) -> None:
    platform = await across()
    await platform.cut("1072", f"NewPW={NEW_PW}", at="9012")
    assert (await in_force(platform)).pw == PW
    assert platform.talk.renewed == 0
    assert await platform.tell_open_ends() == ["9012 ExeRtn=1"]
    assert (await in_force(platform)).pw == NEW_PW
    assert platform.talk.renewed == 1


async def test_password_that_was_not_taken_puts_none_in_force(across: Across) -> None:
    platform = await across()
    await platform.cut("1072", f"NewPW={NEW_PW}", at="9012")
    assert (await platform.ask("1072", "NewPW=1", qn=platform.qn(1)))[-1] == "9012 ExeRtn=3"
    assert (await in_force(platform)).pw == PW


async def test_platform_that_heard_no_end_may_ask_again_under_the_old_password(
    across: Across,
) -> None:
    platform = await across()
    take_up(platform)
    qn = platform.qn()
    await platform.ask("1072", f"NewPW={NEW_PW}", qn=qn)
    assert await platform.ask("1072", f"NewPW={NEW_PW}", qn=qn, pw=PW) == [
        "9011 QnRtn=1",
        "9012 ExeRtn=1",
    ]
    assert await platform.ask("1061", pw=PW, qn=platform.qn(5)) == ["9011 QnRtn=3"]
    assert (await in_force(platform)).previous_pw == PW
    assert (await in_force(platform, after_s=GRACE_S + 1)).previous_pw is None


async def test_platform_may_use_the_new_password_as_soon_as_it_has_the_end(
    across: Across,
) -> None:
    """Its next request may be there before we have put the password in force."""
    platform = await across()
    take_up(platform)
    asked: list[asyncio.Task[None]] = []

    async def at_once(segment: Segment) -> None:
        if segment.cn == "9012" and not asked:
            data = platform.frame("1061", pw=NEW_PW, qn=platform.qn(1))
            asked.append(asyncio.create_task(platform.dispatcher.take(data, platform.talk)))
            for _ in range(20):  # it would be refused by now
                await asyncio.sleep(0)
            await platform.house.store.read(lambda connection: None)

    platform.talk.on_say = at_once
    await platform.ask("1072", f"NewPW={NEW_PW}")
    await asyncio.wait_for(asyncio.gather(*asked), 10)
    assert platform.talk.frames[2:] == ["9011 QnRtn=1", "1061 RtdInterval=30", "9012 ExeRtn=1"]


async def test_file_that_changes_is_right_again(across: Across) -> None:
    platform = await across()
    await platform.ask("1072", f"NewPW={NEW_PW}")
    other = StationCredentials(pw="654321")
    assert (await in_force(platform, other)).pw == "654321"
    directory = platform.house.store.path.parent
    names = await platform.house.store.read(
        lambda connection: credentials.stale(connection, directory, "st1", other)
    )
    assert set(names) == {"pw", "previous_pw"}
    await platform.house.write(lambda connection: credentials.forget(connection, "st1", names))
    assert (await in_force(platform)).pw == PW  # and stays so when the file goes back


async def test_second_password_follows_the_first(across: Across) -> None:
    platform = await across()
    take_up(platform)
    await platform.ask("1072", f"NewPW={NEW_PW}")
    await platform.ask("1072", "NewPW=third3", pw=NEW_PW, qn=platform.qn(1))
    found = await in_force(platform)
    assert (found.pw, found.previous_pw) == ("third3", NEW_PW)


async def test_new_key_holds_once_told_and_the_old_one_opens_for_a_day(
    across: Across, tmp_path: Path
) -> None:
    platform = await across("hj212-2025", keyed(tmp_path))
    given = StationCredentials(pw=PW, key=KEY)
    await platform.cut("1014", DELIVER, at="9012")
    assert (await in_force(platform, given)).key == KEY
    assert await platform.tell_open_ends() == ["9012 ExeRtn=1"]
    found = await in_force(platform, given)
    assert (found.key, found.previous_key, found.key_set_at) == (NEW_KEY, KEY, T0)
    assert platform.talk.renewed == 1
    later = await in_force(platform, given, after_s=GRACE_S + 1)
    assert (later.key, later.previous_key) == (NEW_KEY, None)


@pytest.mark.parametrize(
    ("cn", "cp", "secret"), [("1072", f"NewPW={NEW_PW}", NEW_PW), ("1014", DELIVER, NEW_KEY)]
)
async def test_secret_is_nowhere_to_be_read(
    across: Across, caplog: pytest.LogCaptureFixture, cn: str, cp: str, secret: str
) -> None:
    caplog.set_level(logging.DEBUG)
    platform = await across("hj212-2025")
    await platform.ask(cn, cp)
    await platform.ask(cn, cp + "x", qn=platform.qn(1))  # one that is refused for its content
    house = platform.house
    tables = [name for (name,) in house.rows("SELECT name FROM sqlite_master WHERE type='table'")]
    dump = "\n".join(str(house.rows(f'SELECT * FROM "{name}"')) for name in tables)
    await house.store.write(lambda connection: None)
    files = [each.read_bytes() for each in house.store.path.parent.glob("store.db*")]
    assert secret not in dump + caplog.text + str(platform.talk.lost_reasons)
    assert not any(secret.encode() in data for data in files)
    assert platform.house.rows("SELECT request FROM commands") == [("***",), ("***",)]


async def test_machine_key_is_made_at_need_for_its_owner_alone(across: Across) -> None:
    platform = await across()
    await platform.ask("1062", "RtdInterval=60")
    assert not machine_key(platform.house).exists()
    await platform.ask("1072", f"NewPW={NEW_PW}", qn=platform.qn(1))
    path = machine_key(platform.house)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) == key_file.KEY_BYTES


@pytest.mark.parametrize("harm", ["open", "short", "other"])
async def test_store_does_not_open_under_a_wrong_machine_key(across: Across, harm: str) -> None:
    platform = await across()
    await platform.ask("1072", f"NewPW={NEW_PW}")
    path = machine_key(platform.house)
    if harm == "open":
        path.chmod(0o644)
    else:
        path.write_bytes(b"\1" * (5 if harm == "short" else key_file.KEY_BYTES))
    if harm == "other":  # another key: whatever lies there was not set under it
        assert (await in_force(platform)).pw == PW
        return
    with pytest.raises(StoreError, match=r"machine\.key"):
        await in_force(platform)
    assert await platform.ask("1072", "NewPW=third3", qn=platform.qn(1)) == [
        "9011 QnRtn=1",
        "9012 ExeRtn=6",
    ]


def test_sealed_value_opens_at_its_own_place_only(tmp_path: Path) -> None:
    key = vault.machine_key(tmp_path)
    sealed = vault.seal(key, "hunter", place="st1/pw")
    assert vault.open_sealed(key, sealed, place="st1/pw") == "hunter"
    assert vault.seal(key, "hunter", place="st1/pw") != sealed
    for place, data in [("st2/pw", sealed), ("st1/pw", sealed[:-1] + b"\0"), ("st1/pw", b"")]:
        with pytest.raises(StoreError, match="does not open"):
            vault.open_sealed(key, data, place=place)


def no_mn(site: dict[str, Any]) -> None:
    site["destinations"][0]["stations"][0]["mn"] = ""


def keyed(directory: Path, *, age_s: float = 0.0) -> Callable[[dict[str, Any]], None]:
    """Give the station a key in a file of that age."""
    import os

    path = directory / "sm4"
    path.write_text(KEY)
    os.utime(path, (T0 - age_s, T0 - age_s))

    def change(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0]["key"] = {"file": str(path)}

    return change


async def test_mn_is_asked_for_and_taken(across: Across) -> None:
    platform = await across("hj212-2025", no_mn)
    desk = Desk(platform.office, platform.talk)
    await Asking(desk).once()
    assert platform.talk.frames == [
        f"1001 i23005-Info={FACTS.logger_id};i23006-Info={FACTS.cpu_id};"
        f"i23007-Info={FACTS.mac_1};i23008-Info={FACTS.mac_2}"
    ]
    assert (platform.talk.said[0].mn, platform.talk.said[0].flag is not None) == ("", True)
    frames = await platform.ask("1002", f"i23005-Info={FACTS.logger_id}", mn=MN)
    assert frames == ["9011 QnRtn=1", "9012 ExeRtn=1"]
    assert {one.mn for one in platform.talk.said[1:]} == {MN}
    assert len(platform.reloads) == 1
    await platform.reload()
    assert platform.house.plan.stations["st1"].mn == MN


@pytest.mark.parametrize(
    ("mn", "logger"), [(MN, "SOMEBODYELSE"), ("", FACTS.logger_id), ("short", FACTS.logger_id)]
)
async def test_mn_of_another_or_none_is_refused(across: Across, mn: str, logger: str) -> None:
    platform = await across("hj212-2025")
    frames = await platform.ask("1002", f"i23005-Info={logger}", mn=mn)
    assert frames == ["9011 QnRtn=2"]
    assert platform.talk.said[0].mn == MN
    assert platform.overrides() == {}


async def test_station_without_mn_asks_for_nothing_else(across: Across, tmp_path: Path) -> None:
    platform = await across("hj212-2025", no_mn, keyed(tmp_path, age_s=89 * DAY))
    await Asking(Desk(platform.office, platform.talk)).once()
    assert [one.cn for one in platform.talk.said] == ["1001"]


@pytest.mark.parametrize(("age_s", "asked"), [(79 * DAY, False), (80 * DAY, True)])
async def test_key_is_renewed_ten_days_before_it_is_too_old(
    across: Across, tmp_path: Path, age_s: float, asked: bool
) -> None:
    platform = await across("hj212-2025", keyed(tmp_path, age_s=age_s))
    asking = Asking(Desk(platform.office, platform.talk))
    await asking.once()
    assert [one.cn for one in platform.talk.said] == ["1014"] * asked
    await asking.once()  # once a day
    assert len(platform.talk.said) == asked
    platform.house.clock.go(DAY)
    await asking.once()
    assert platform.talk.frames[asked:] == [
        "1014 SKCreateTime=20260322100000000" if asked else "1014 SKCreateTime=20260323100000000"
    ]


async def test_new_key_is_not_asked_for_again(across: Across, tmp_path: Path) -> None:
    platform = await across("hj212-2025", keyed(tmp_path, age_s=85 * DAY))
    await platform.ask("1014", DELIVER)
    before = len(platform.talk.said)
    await Asking(Desk(platform.office, platform.talk)).once()
    assert len(platform.talk.said) == before


@pytest.mark.parametrize(
    ("edition", "source", "asked"),
    [
        ("hj212-2017", "province", True),
        ("hj212-2025", "province", True),
        ("hj212-2005", "province", False),
        ("hj212-2017", "system", False),
    ],
)
async def test_time_is_asked_of_its_source_once_a_day(
    across: Across, edition: str, source: str, asked: bool
) -> None:
    platform = await across(edition, lambda site: site.update(time_source=source))
    asking = Asking(Desk(platform.office, platform.talk))
    await asking.once()
    await asking.once()
    assert [one.cn for one in platform.talk.said] == ["1013"] * asked
    platform.house.clock.go(DAY)
    await asking.once()
    assert [one.cn for one in platform.talk.said] == ["1013"] * asked * 2
