"""Sealed headers: what goes out under the key, and what is read under which key."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from uplink_fakes import MN, PW, framed

from agent.uplink.header import Header
from agent.uplink.sealing import KeyRing, key_ring
from protocols.hj212.editions import edition
from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.flag import Flag
from protocols.hj212.seal import Rendering, seal_frame
from protocols.hj212.segment import Segment

DATA = Path(__file__).parents[2] / "data" / "hj212"
KEY, OLD_KEY = "0000000000000000", "msbE74gsiSHSEh5e"
NEW = edition("hj212-2025")
DOWN = f"QN=20260610100000123;ST=32;CN=1014;PW={PW};MN={MN};Flag=9;CP=&&"
CP = "SKCreateTime=20260610100000000,NewSK=0123456789abcdef"


def printed() -> tuple[str, bytes]:
    """Give the first example of appendix A.2: the clear frame and the sealed one."""
    clear = json.loads((DATA / "edition_2025.jsonl").read_text("utf-8").splitlines()[0])
    sealed = json.loads((DATA / "sealed_2025.jsonl").read_text("utf-8").splitlines()[0])
    return clear["frame"], bytes.fromhex(sealed["frame_hex"])


def ring(key: str = KEY, previous: str | None = None, rendering: Rendering = "raw") -> KeyRing:
    return key_ring(key, previous, rendering=rendering, commands=None)


def header(held: KeyRing | None) -> Header:
    return Header(NEW, MN, PW, held)


def upload(cn: str = "2011", cp: str = "DataTime=20260610100000;w01018-Rtd=36.5") -> Segment:
    return Segment("20260610100001007", "32", cn, PW, MN, Flag(2, answer=True), cp=cp)


def test_example_of_the_standard_is_sealed_and_read_back() -> None:
    clear, sealed = printed()
    cp = clear.partition("CP=&&")[2].partition("&&")[0]
    segment = Segment("20240520210700000", "31", "2051", PW, MN, Flag(2, answer=True), cp=cp)
    assert header(ring()).bytes_of(segment) == sealed
    assert header(ring()).read(sealed) == segment
    assert header(ring()).open(sealed)[1]


@pytest.mark.parametrize(
    ("cn", "sealed"),
    [("2011", True), ("2081", True), ("3020", True), ("1014", True), ("9014", False),
     ("9015", False), ("1011", False), ("3019", False)],
)  # fmt: skip
def test_commands_of_the_standard_go_sealed(cn: str, sealed: bool) -> None:
    data = header(ring()).bytes_of(upload(cn))
    assert (b"w01018" not in data) is sealed
    assert header(ring()).seals(cn) is sealed


def test_commands_to_seal_can_be_others() -> None:
    held = key_ring(KEY, None, rendering="raw", commands=["20xx", "1011"])
    assert [cn for cn in ("2011", "2111", "1011", "3020") if held.covers(cn)] == ["2011", "1011"]


def test_station_without_key_writes_and_reads_clear() -> None:
    data = header(None).bytes_of(upload())
    assert b"w01018-Rtd=36.5" in data
    assert header(None).read(data) == upload()
    assert header(None).unseal is None


@pytest.mark.parametrize("rendering", ["raw", "hexlist", "hex"])
@pytest.mark.parametrize("key", [KEY, OLD_KEY])
def test_what_comes_down_opens_under_this_key_and_the_one_before(
    key: str, rendering: Rendering
) -> None:
    sealed = seal_frame(f"{DOWN}{CP}&&".encode(), key.encode(), rendering, limit=9999)
    read = header(ring(KEY, OLD_KEY)).read(sealed)
    assert (read.cn, read.cp) == ("1014", CP)


def test_what_comes_down_in_clear_is_read_all_the_same() -> None:
    assert header(ring()).read(framed(f"{DOWN}{CP}&&")).cp == CP


def test_wrong_key_is_told_as_seal() -> None:
    sealed = seal_frame(f"{DOWN}{CP}&&".encode(), b"another key 1234")
    with pytest.raises(PeerFrameError) as caught:
        header(ring(KEY, OLD_KEY)).read(sealed)
    assert caught.value.kind == "seal"


def test_cipher_in_digits_may_be_longer_than_a_segment() -> None:
    """The length counts the digits; a platform that reads them so cannot keep to 1024."""
    long = upload(cp="DataTime=20260610100000;" + ";".join(["w01018-Rtd=36.5"] * 50))
    data = header(ring(rendering="hexlist")).bytes_of(long)
    assert int(data[2:6]) > 1024
    assert header(ring()).read(data) == long


def test_long_frame_in_clear_is_still_refused() -> None:
    with pytest.raises(LocalFrameError):
        header(ring()).bytes_of(upload(cp="x" * 960))


@pytest.mark.parametrize("key", ["short", "0" * 17, "密" * 16])
def test_key_of_another_form_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(LocalFrameError) as caught:
        ring(key)
    assert key not in str(caught.value)


def test_keys_and_passwords_are_in_no_repr() -> None:
    held = dataclasses.replace(header(ring(KEY, OLD_KEY)), previous_pw="654321")
    for secret in (KEY, OLD_KEY, "30303030", PW, "654321"):
        assert secret not in repr(held)
        assert secret not in repr(held.key)


def test_former_password_is_told_from_no_password() -> None:
    held = dataclasses.replace(header(None), previous_pw="654321")
    assert held.knew("654321")
    assert not held.knows("654321")
    assert not header(None).knew("")


def test_daemon_without_keys_does_not_load_cryptography() -> None:
    code = (
        "import sys, agent.app, agent.uplink.contract;"
        "print([name for name in sys.modules if name.startswith('cryptography')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
