from __future__ import annotations

import json
from pathlib import Path

import pytest
from platform_frames import MINUTE, MN, REAL_TIME, upload

from agent.errors import StoreError
from agent.tools.platform.broker_address import BadAddress, BrokerAddress
from agent.tools.platform.checker import Rules, check
from agent.tools.platform.ledger import Entry, Ledger
from agent.tools.platform.mqtt_link import pause_s
from agent.tools.platform.store import FrameStore

LATER = "20260601090000456"


def taken(ledger: Ledger, frame: bytes) -> bool:
    return ledger.take(check(frame, rules=Rules()))


def entry(frame: bytes, ledger: Ledger) -> Entry:
    verdict = check(frame, rules=Rules())
    text = frame.decode("latin-1")
    return Entry(1_780_000_000.5, f"hj212/{MN}/up/2051", text, verdict, ledger.take(verdict))


def test_same_period_sent_again_is_a_copy_even_under_a_new_qn() -> None:
    ledger = Ledger()
    assert not taken(ledger, upload("2051", MINUTE))
    assert taken(ledger, upload("2051", MINUTE))
    assert taken(ledger, upload("2051", MINUTE, qn=LATER))
    assert ledger.summary()["received"] == 1
    assert ledger.summary()["duplicates"] == 2


def test_real_time_is_told_apart_by_qn() -> None:
    ledger = Ledger()
    assert not taken(ledger, upload("2011", REAL_TIME))
    assert taken(ledger, upload("2011", REAL_TIME))
    assert not taken(ledger, upload("2011", REAL_TIME, qn=LATER))


def test_packets_stations_media_and_commands_are_different_uploads() -> None:
    frames = [
        upload("2051", MINUTE, flag=7, packets="PNUM=2;PNO=1;"),
        upload("2051", MINUTE, flag=7, packets="PNUM=2;PNO=2;"),
        upload("2051", MINUTE, mn="0" * 24),
        upload("2051", MINUTE.replace("083000", "083100")),
        upload("2011", REAL_TIME),
    ]
    ledger = Ledger()
    assert [taken(ledger, frame) for frame in frames] == [False] * 5
    assert ledger.summary()["by_cn"] == {"2011": 1, "2051": 4}


def test_packet_numbers_missing_and_packet_one_are_the_same_upload() -> None:
    ledger = Ledger()
    assert not taken(ledger, upload("2051", MINUTE))
    assert taken(ledger, upload("2051", MINUTE, flag=7, packets="PNUM=1;PNO=1;"))


def test_what_has_no_data_time_is_told_apart_by_qn() -> None:
    ledger = Ledger()
    assert not taken(ledger, upload("1013", ""))
    assert taken(ledger, upload("1013", ""))
    assert not taken(ledger, upload("1013", "", qn=LATER))


def test_rejected_frame_is_counted_by_reason_and_never_held() -> None:
    ledger = Ledger()
    wrong = upload("2011", REAL_TIME, st="99")
    assert not taken(ledger, wrong)
    assert not taken(ledger, wrong)
    assert ledger.summary()["received"] == 0
    assert ledger.summary()["reasons"] == {"ST: '99' is no system": 2}


def test_reasons_are_bounded() -> None:
    ledger = Ledger()
    for number in range(1200):
        taken(ledger, upload("2011", REAL_TIME, st="99", mn=f"{number:024d}", flag=1 + number % 3))
        taken(ledger, b"##%04d" % number)
    assert len(ledger.rejected) <= 1001
    assert ledger.rejected.total() == 2400


def test_store_has_a_line_per_frame_with_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "frames.jsonl"
    frame = upload("2051", MINUTE)
    with FrameStore(path) as store:
        store.append(entry(frame, Ledger()))
        lines = path.read_text(encoding="utf-8").splitlines()  # flushed while open
    assert len(lines) == 1
    line = json.loads(lines[0])
    assert line["frame"].encode("latin-1") == frame
    assert {key: line[key] for key in ("mn", "st", "cn", "data_time", "pno", "qn", "flag")} == {
        "mn": MN, "st": "32", "cn": "2051", "data_time": "20260601083000",
        "pno": None, "qn": "20260601083000123", "flag": 5,
    }  # fmt: skip
    assert (line["ok"], line["reason"], line["duplicate"]) == (True, "", False)


def test_frame_of_any_bytes_survives_the_store(tmp_path: Path) -> None:
    frame = bytes(range(256))
    with FrameStore(tmp_path / "frames.jsonl") as store:
        store.append(entry(frame, Ledger()))
        (line,) = store.frames()
    assert line["frame"].encode("latin-1") == frame
    assert line["ok"] is False


def test_platform_that_starts_again_still_knows_its_uploads(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    first = Ledger()
    with FrameStore(path) as store:
        for frame in (upload("2051", MINUTE), upload("2011", REAL_TIME), b"junk"):
            store.append(entry(frame, first))
    second = Ledger()
    with FrameStore(path) as store:
        for line in store.frames():
            second.recall(line)
    assert second.summary() == first.summary()
    assert taken(second, upload("2051", MINUTE))
    assert taken(second, upload("2011", REAL_TIME))
    assert not taken(second, upload("2011", REAL_TIME, qn=LATER))


def test_line_cut_off_by_a_crash_is_cut_away(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    with FrameStore(path) as store:
        store.append(entry(upload("2051", MINUTE), Ledger()))
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"received_at": 1, "fra' + b"x" * 100_000)
    with FrameStore(path) as store:
        store.append(entry(upload("2011", REAL_TIME), Ledger()))
        assert [line["cn"] for line in store.frames()] == ["2051", "2011"]


def test_store_with_a_line_that_is_none_is_refused_by_number(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    path.write_text("{}\nnot json\n")
    with FrameStore(path) as store, pytest.raises(StoreError, match=r"frames\.jsonl:2:"):
        list(store.frames())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://127.0.0.1:1899", BrokerAddress("127.0.0.1", 1899)),
        ("mqtt://broker", BrokerAddress("broker", 1883)),
        ("mqtts://broker", BrokerAddress("broker", 8883, True)),
        ("mqtt://[::1]:1883", BrokerAddress("::1", 1883)),
    ],
)
def test_broker_address_is_read(url: str, expected: BrokerAddress) -> None:
    assert BrokerAddress.parse(url) == expected


@pytest.mark.parametrize(
    "url", ["127.0.0.1:1883", "http://x", "mqtt://", "mqtt://x:99999", "mqtt://user:pw@x:1"]
)
def test_broker_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        BrokerAddress.parse(url)


def test_pause_between_attempts_grows_to_its_bound() -> None:
    assert all(0.2 <= pause_s(attempt) <= 2.0 for attempt in range(200))


def test_store_whose_only_line_was_cut_off_begins_empty(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    path.write_bytes(b"x" * 65_537)
    with FrameStore(path) as store:
        assert list(store.frames()) == []
    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    ("cn", "told"),
    [("2062", "SampleRd=1.0,{0}-StandardValue=1.0,{0}-ResultType=1"), ("2111", "Avg=912.5")],
)
def test_checks_and_furnaces_of_one_moment_are_told_apart_by_their_factor(
    cn: str, told: str
) -> None:
    first, second = (
        upload(cn, f"DataTime=20260601083000;{code}-{told.format(code)}", st="31", flag=9)
        for code in ("a01901", "a01902")
    )
    ledger = Ledger()
    assert [taken(ledger, frame) for frame in (first, second, first)] == [False, False, True]
