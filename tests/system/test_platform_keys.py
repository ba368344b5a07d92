"""Sealed stations: the cipher on the station's side is openssl's, not ours."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from plain_station import MN, QN, Peer, Read, answer, checksum, said
from platform_stage import on_stage

from agent.tools.platform.course import Outcome
from agent.tools.platform.platform import Platform
from agent.tools.platform.station_file import enrol, read_option, recall, remember
from agent.tools.platform.stations import Roster

pytestmark = pytest.mark.system

KEY = "msbE74gsiSHSEh5e"
MINUTE = "DataTime=20260601083000;a01011-Min=1.35,a01011-Avg=1.35,a01011-Max=1.35,a01011-Flag=N"


def sm4(openssl: Path, key: str, text: bytes, *way: str) -> bytes:
    """Let openssl encipher (or with -d decipher) the whole blocks of a text."""
    whole = len(text) // 16 * 16
    done = subprocess.run(
        [openssl, "enc", "-sm4-ecb", "-nopad", "-K", key.encode().hex(), *way],
        input=text[:whole], capture_output=True, timeout=15, check=True,
    )  # fmt: skip
    return done.stdout + text[whole:]


def sealed(openssl: Path, key: str, cn: str, area: str, *, qn: str = QN, st: str = "31") -> bytes:
    head = f"QN={qn};ST={st};CN={cn};PW=123456;MN={MN};Flag=9;CP=&&".encode()
    plain = head + area.encode() + b"&&"
    wire = head + sm4(openssl, key, area.encode()) + b"&&"
    return b"##%04d%b%04X\r\n" % (len(wire), wire, checksum(plain))


def opened(openssl: Path, key: str, frame: bytes) -> Read:
    """Take a sealed frame apart and see that length and CRC are those of the plaintext."""
    segment = frame[6:-6]
    head, _, rest = segment.partition(b";CP=&&")
    area = sm4(openssl, key, rest[:-2], "-d")
    plain = head + b";CP=&&" + area + b"&&"
    assert (int(frame[2:6]), int(frame[-6:-2], 16)) == (len(plain), checksum(plain))
    return Read(dict(pair.split("=", 1) for pair in head.decode().split(";")), area.decode())


def platform_with(*options: str) -> Platform:
    roster = Roster()
    enrol(roster, [read_option(text) for text in options])
    return Platform(roster=roster)


async def test_sealed_upload_is_opened_and_one_in_clear_refused(require: Any) -> None:
    openssl = require("openssl")
    platform = platform_with(f"{MN},edition=hj212-2025,key={KEY}")
    async with on_stage(platform) as stage, Peer(stage.port) as peer:
        peer.say(sealed(openssl, KEY, "2051", MINUTE))
        assert (await peer.read())["CN"] == "9014"
        peer.say(said("2051", MINUTE, st="31", flag=9))
        peer.say(sealed(openssl, "0" * 16, "2051", MINUTE))
        peer.say(sealed(openssl, KEY, "2081", "DataTime=20260601083000"))
        peer.say(sealed(openssl, KEY, "1013", "PolId=w01018,but=longer"))
        peer.say(said("9015", flag=9))
        assert (await peer.read())["CN"] == "9013"  # none of the others was answered
        judged = await stage.until_judged(6)
    reasons = [entry.verdict.reason for entry in judged]
    assert (judged[0].verdict.sealed, reasons[0]) == ("current", "")
    assert reasons[1] == "seal: 2051 came in clear"
    assert reasons[2].startswith("seal: sealed, and no key of ours opens it")
    assert "seal: 1013 is not to be sealed" in reasons[4]


async def test_station_that_asks_for_a_key_gets_one_that_holds_from_the_9012_on(
    tmp_path: Path, require: Any
) -> None:
    openssl, kept = require("openssl"), tmp_path / "kept.json"
    platform = platform_with(f"{MN},edition=hj212-2025,key={KEY}")
    async with on_stage(platform) as stage, Peer(stage.port) as peer:
        stage.desk.on_change = lambda station: remember(kept, station)
        peer.say(sealed(openssl, KEY, "1014", "SKCreateTime=20260301083000123"))
        assert (await peer.read())["CN"] == "9013"
        frame = await peer.frame()
        asked = opened(openssl, KEY, frame)
        assert asked["CN"] == "1014"
        new_key = asked.area.partition(",NewSK=")[2]
        assert len(new_key) == 16 and new_key != KEY
        peer.say(answer(asked, "9011", "QnRtn=1"))
        peer.say(sealed(openssl, KEY, "2051", MINUTE, qn="20260601083000001"))
        peer.say(answer(asked, "9012", "ExeRtn=1"))
        peer.say(sealed(openssl, new_key, "2051", MINUTE, qn="20260601083000002"))
        peer.say(sealed(openssl, KEY, "2051", MINUTE, qn="20260601083000003"))
        judged = await stage.until_judged(6)
    assert [entry.verdict.sealed for entry in judged] == [
        "current", "", "current", "", "current", "previous",
    ]  # fmt: skip
    assert all(entry.verdict.ok for entry in judged), [entry.verdict.reason for entry in judged]
    assert [course.outcome for course in stage.ended] == [Outcome.DONE]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    again = platform_with(f"{MN},edition=hj212-2025,key={KEY}")
    recall(kept, again.roster)
    assert again.roster.station(MN).key == new_key.encode()
    assert again.roster.station(MN).previous_key == KEY.encode()


async def test_key_that_the_station_refuses_is_not_taken_into_use(require: Any) -> None:
    openssl = require("openssl")
    platform = platform_with(f"{MN},edition=hj212-2025,key={KEY}")
    async with on_stage(platform) as stage, Peer(stage.port) as peer:
        peer.say(sealed(openssl, KEY, "1014", "SKCreateTime=20260301083000123"))
        await peer.frame()
        asked = opened(openssl, KEY, await peer.frame())
        peer.say(answer(asked, "9011", "QnRtn=2"))
        peer.say(sealed(openssl, KEY, "2051", MINUTE))
        judged = await stage.until_judged(3)
    assert judged[-1].verdict.sealed == "current"


@pytest.mark.parametrize("rendering", ["hexlist", "hex"])
async def test_cipher_is_written_as_the_station_was_told(rendering: str, require: Any) -> None:
    openssl = require("openssl")
    option = f"{MN},edition=hj212-2025,key={KEY},rendering={rendering}"
    async with on_stage(platform_with(option)) as stage, Peer(stage.port) as peer:
        peer.say(sealed(openssl, KEY, "2051", MINUTE))
        judged = await stage.until_judged(1)
    assert judged[0].verdict.reason == f"seal: not written as {rendering}"
