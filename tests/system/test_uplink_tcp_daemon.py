"""The whole daemon against platforms over TCP, one of each edition."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import MN, OTHER_MN, Instrument, SiteFile, Start, buses, until
from uplink_platform import (
    Heard,
    Platform,
    answer_2005,
    answer_2017,
    answer_2025,
    framed,
)

from protocols.hj212.seal import unsealer

pytestmark = pytest.mark.system

OLD_MN, OTHER_OLD_MN = "88888880000001", "88888880000002"
KEY = "msbE74gsiSHSEh5e"


def over_tcp(platform: Platform, **keys: Any) -> Callable[[dict[str, Any]], None]:
    """Send everything to a platform over TCP; `mns` of the two stations, and keys beside."""
    mns = keys.pop("mns", (MN, OTHER_MN))
    more = keys.pop("station", {})

    def change(site: dict[str, Any]) -> None:
        first = site["destinations"][0]
        first.update({"transport": "tcp", "addresses": [platform.address], "ack": "auto", **keys})
        for station, mn in zip(first["stations"], mns, strict=True):
            station.update({"mn": mn, **more})

    return change


def of(platform: Platform, mn: str) -> list[Heard]:
    return [one for one in platform.heard if one.field("MN") == mn]


async def test_platform_of_2017_gets_its_data_and_nothing_else(
    site_file: SiteFile, daemon: Start
) -> None:
    async with Platform(answer_2017).serving() as platform:
        site = site_file(0, over_tcp(platform))
        async with Instrument(buses(site)["net1"]).answering():
            one = await daemon(site)
            await until(lambda: len([h for h in of(platform, MN) if h.cn == "2011"]) > 2)
            await until(lambda: bool(of(platform, OTHER_MN)))

            async def delivered() -> bool:
                link = (await one.station("one"))["link"]
                return (link["frame_success"] or 0) > 0 and link["sent_bytes"] > 0

            await until(delivered)
            station = await one.station("one")
            assert (station["linked"], station["address"]) == (True, platform.address)
            assert await one.stop() == 0
    assert {one.cn for one in platform.heard} <= {"2011", "2051", "2061", "2031", "2081"}
    assert any("w01001-Rtd" in one.cp for one in of(platform, MN))
    for name in ("event", "state", "health"):
        assert one.rows(f"SELECT count(*) FROM outbox WHERE cn = '{name}'") == [(0,)]


async def test_request_over_tcp_is_answered_on_the_same_connection(
    site_file: SiteFile, daemon: Start
) -> None:
    async with Platform(answer_2017).serving() as platform:
        one = await daemon(site_file(0, over_tcp(platform, real_time_s=30)))
        await one.linked("one", "two")
        await until(lambda: bool(of(platform, MN)) and bool(of(platform, OTHER_MN)))
        number = platform.heard[-1].connection
        mn = platform.heard[-1].field("MN")
        assert number in (1, 2)
        qn = "20260610100000123"
        text = f"QN={qn};ST=32;CN=1061;PW=123456;MN={mn};Flag=5;CP=&&&&"
        platform.say_on(number, framed(text))
        await until(lambda: any(h.cn == "9012" for h in platform.heard))
        answers = [h for h in platform.heard if h.qn == qn]
        assert [h.cn for h in answers] == ["9011", "1061", "9012"]
        assert {h.connection for h in answers} == {number}
        assert answers[1].cp == "RtdInterval=30"
        assert await one.stop() == 0


async def test_platform_of_2025_gets_cipher_and_heartbeats(
    site_file: SiteFile, daemon: Start, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text(KEY, encoding="utf-8")
    async with Platform(answer_2025).serving() as platform:
        change = over_tcp(
            platform,
            edition="hj212-2025",
            wire={"heartbeat_s": 1},
            station={"key": {"file": str(key)}},
        )
        site = site_file(0, change)
        async with Instrument(buses(site)["net1"]).answering():
            one = await daemon(site)
            await until(lambda: len([h for h in of(platform, MN) if h.cn == "2011"]) > 2)
            await until(lambda: any(h.cn == "9015" for h in platform.heard))
            assert await one.stop() == 0
    sealed = [h for h in of(platform, MN) if h.cn == "2011"]
    (plain, *_) = unsealer([KEY.encode()])(sealed[-1].data[6:-6])
    assert b"CP=&&DataTime=" in plain
    assert framed(plain)[-6:] == sealed[-1].data[-6:]
    assert all(b"w01001" not in h.data for h in platform.heard)
    assert KEY not in one.said()
    dump = "\n".join(str(row) for row in one.rows("SELECT * FROM outbox"))
    assert KEY not in dump


async def test_platform_of_2005_gets_its_own_codes(site_file: SiteFile, daemon: Start) -> None:
    async with Platform(answer_2005).serving() as platform:
        change = over_tcp(platform, edition="hj212-2005", mns=(OLD_MN, OTHER_OLD_MN))
        site = site_file(0, change)
        async with Instrument(buses(site)["net1"]).answering():
            one = await daemon(site)
            await until(lambda: any("001-Rtd" in h.cp for h in of(platform, OLD_MN)))
            await until(lambda: len(of(platform, OLD_MN)) > 3)

            async def delivered() -> bool:
                return one.rows(
                    "SELECT count(*) FROM outbox WHERE state = 'accepted' AND outcome = '9014'"
                ) > [(2,)]

            await until(delivered)
            assert await one.stop() == 0
    assert {h.field("Flag") for h in platform.heard} == {"1"}
    assert "2081" not in {h.cn for h in platform.heard}


async def test_what_was_owed_at_the_end_goes_out_after_the_next_start(
    site_file: SiteFile, daemon: Start
) -> None:
    async with Platform(lambda _: None).serving() as platform:
        site = site_file(0, over_tcp(platform))
        async with Instrument(buses(site)["net1"]).answering():
            one = await daemon(site)
            await until(lambda: any(h.cn == "2081" for h in of(platform, MN)))
            assert await one.stop() == 0
            first = next(h for h in of(platform, MN) if h.cn == "2081")
            heard = len(platform.heard)
            platform.script = answer_2017
            again = await daemon(site)
            await until(lambda: any(h.qn == first.qn for h in platform.heard[heard:]))
            assert await again.stop() == 0
