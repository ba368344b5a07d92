"""Stations as they are written down, what is learnt of them, and what is kept of them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from plain_station import MN, said
from platform_frames import MINUTE, REAL_TIME

from agent.errors import ConfigError
from agent.tools.platform.checker import Rules, check
from agent.tools.platform.initiative import by_itself
from agent.tools.platform.misbehaviour import BadMischief, Misbehaviour
from agent.tools.platform.station_file import (
    BadStation,
    enrol,
    read_file,
    read_option,
    recall,
    remember,
)
from agent.tools.platform.stations import MOST_STATIONS, Roster, Station
from agent.tools.platform.told import masked, tell
from protocols.hj212.editions import edition
from protocols.hj212.segment import Segment

KEY = "0123456789abcdef"


def roster_of(*options: str) -> Roster:
    roster = Roster()
    enrol(roster, [read_option(text) for text in options])
    return roster


def test_option_names_edition_password_key_and_rendering() -> None:
    station = roster_of(f"{MN},edition=hj212-2025,pw=654321,key={KEY},rendering=hex").station(MN)
    assert station.edition is edition("hj212-2025")
    assert (station.pw, station.key, station.rendering) == ("654321", KEY.encode(), "hex")
    assert KEY not in repr(station)
    assert "654321" not in repr(station)


def test_station_may_speak_a_dialect() -> None:
    station = roster_of(f"{MN},edition=hebei").station(MN)
    assert station.speaks.name == "hebei"
    assert "i13108" in station.speaks.on_site


@pytest.mark.parametrize(
    ("option", "why"),
    [
        (f"{MN},key=short", "16 characters or 32 hex digits"),
        (f"{MN},colour=red", "colour"),
        (f"{MN},rendering=base64", "rendering"),
        ("not an mn", "mn"),
        (f"{MN},pw=1234567", "pw"),
    ],
)
def test_station_that_is_wrong_is_named_and_no_secret_told(option: str, why: str) -> None:
    with pytest.raises(BadStation, match=why) as refused:
        roster_of(option)
    for secret in ("short", "1234567"):
        assert secret not in str(refused.value)


def test_edition_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError):
        roster_of(f"{MN},edition=atlantis")


def test_file_lists_stations_and_whom_an_mn_is_for(tmp_path: Path) -> None:
    path = tmp_path / "stations.yaml"
    path.write_text(
        f"- {{mn: {MN}, edition: hj212-2017, pw: 123456}}\n"
        f"- {{mn: {'F' * 24}, edition: hj212-2025, logger: LOGGER1}}\n",
        encoding="utf-8",
    )
    roster = Roster()
    enrol(roster, read_file(path))
    assert roster.station(MN).pw == "123456"
    assert roster.assigned == {"LOGGER1": "F" * 24}


@pytest.mark.parametrize("text", ["{", "mn: 1", "- 1", "\x00"])
def test_file_that_is_no_list_of_stations_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "stations.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadStation, match=r"stations\.yaml"):
        read_file(tmp_path / "stations.yaml")


def test_what_changed_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    changed = Station(MN, pw="654321", key=KEY.encode())
    changed.renew(b"f" * 16)
    remember(path, changed)
    remember(path, Station("F" * 24, pw="111111"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    roster = roster_of(f"{MN},pw=123456,key={KEY}")
    recall(path, roster)
    again = roster.station(MN)
    assert (again.pw, again.key, again.previous_key) == ("654321", b"f" * 16, KEY.encode())
    assert roster.station("F" * 24).pw == "111111"


def test_order_goes_by_what_the_station_was_heard_to_say() -> None:
    station = Station(MN)
    assert station.speaks.name == "hj212-2017"
    station.learn(check(said("2011", REAL_TIME, flag=9, st="31", pw="111111"), rules=Rules()))
    assert station.speaks.name == "hj212-2017"  # it was wrong: water under ST 31
    station.learn(check(said("2011", REAL_TIME, flag=9, pw="111111"), rules=Rules()))
    assert (station.speaks.name, station.order_pw, station.st) == ("hj212-2025", "111111", "32")


def test_stations_that_nobody_named_are_remembered_within_a_bound() -> None:
    roster = Roster(Station(pw="123456"))
    for number in range(MOST_STATIONS + 50):
        assert roster.station(f"{number:024X}").pw == "123456"
    assert len(roster.stations) == MOST_STATIONS


def test_platform_renews_the_key_of_a_sealed_station_alone() -> None:
    ask = said("1014", "SKCreateTime=20260601083000123", flag=9)
    clear, sealed = Roster(), roster_of(f"{MN},edition=hj212-2025,key={KEY}")
    verdict = check(ask, rules=Rules())
    assert by_itself(verdict, clear) is None
    wanted = by_itself(verdict, sealed)
    assert wanted is not None
    assert wanted[1] == "1014"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], Misbehaviour()),
        (["late=1.5", "twice"], Misbehaviour(late_s=1.5, twice=True)),
        (["silent"], Misbehaviour(silent=True)),
        (["cut=3", "crc"], Misbehaviour(cut_every=3, wrong_crc=True)),
    ],
)
def test_misbehaviour_is_read(words: list[str], expected: Misbehaviour) -> None:
    assert Misbehaviour.parse(words) == expected


@pytest.mark.parametrize("word", ["late", "late=x", "silent=1", "cut", "cut=a", "rude", ""])
def test_misbehaviour_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(BadMischief):
        Misbehaviour.parse([word])


def test_misbehaviour_changes_answers_and_nothing_else() -> None:
    frame = said("9014", st="91", flag=4)
    assert Misbehaviour().answers(frame) == [frame]
    assert Misbehaviour(silent=True).answers(frame) == []
    assert Misbehaviour(twice=True).answers(frame) == [frame, frame]
    (damaged,) = Misbehaviour(wrong_crc=True).answers(frame)
    assert damaged != frame
    assert (damaged[:-6], damaged[-2:]) == (frame[:-6], b"\r\n")
    assert [Misbehaviour(cut_every=2).cuts(n) for n in (1, 2, 3, 4)] == [False, True, False, True]


@pytest.mark.parametrize(
    "text", ["PW=123456;MN=1", "NewPW=654321", "SKCreateTime=1,NewSK=0123456789abcdef"]
)
def test_no_secret_is_shown(text: str) -> None:
    shown = masked(text)
    assert "***" in shown
    for secret in ("123456;", "654321", "0123456789abcdef"):
        assert secret not in shown


def test_frame_is_told_in_words() -> None:
    held = edition("hj212-2017")
    told = tell(Segment(cn="2051", cp=MINUTE), held, way="up", lang="zh")
    assert told.startswith("2051 上传污染物分钟数据 DataTime=20260601083000")
    assert "pH" in told
    told = tell(Segment(cn="9012", cp="ExeRtn=100"), held, way="up", lang="zh")
    assert told == "9012 执行结果 ExeRtn=100 没有数据"
    assert tell(Segment(cn="9012", cp="ExeRtn=100"), held, way="up", lang="en") == "9012 ExeRtn=100"
