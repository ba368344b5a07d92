"""The platform puts bundles together of parts in any order, across restarts, and checks them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from agent_house import House
from agent_site import T0

from agent.store import identity
from agent.tools.evidence.bundle import make
from agent.tools.evidence.gather import Interval
from agent.tools.platform.bundles import Bundles

MN, SIZE = "010000A8900016F000169DC0", 4000


@pytest.fixture
async def file(house: House, tmp_path: Path) -> bytes:
    await house.time.look()
    await house.begin()
    await house.live(20)
    site_file, out = tmp_path / "site.yaml", tmp_path / "e.zip"
    site_file.write_text("unit: {}\n")
    make(
        house.store.path.parent, house.plan.site, site_file, Interval(T0, T0 + 600), out,
        now=house.clock.now(), by="st1", why="",
    )  # fmt: skip
    return out.read_bytes()


def manifest(file: bytes, **keys: Any) -> bytes:
    said = {"ref": "DB-1", "state": "made", "event": 7, "begin": T0, "end": T0 + 600, "reason": ""}
    said |= {"bytes": len(file), "parts": -(-len(file) // SIZE), "part_bytes": SIZE}
    return json.dumps({**said, "sha256": hashlib.sha256(file).hexdigest(), **keys}).encode()


def parts(file: bytes) -> list[tuple[str, bytes]]:
    cut = [file[begin : begin + SIZE] for begin in range(0, len(file), SIZE)]
    return [("0", manifest(file)), *((str(n), one) for n, one in enumerate(cut, start=1))]


def test_parts_in_any_order_and_twice_make_one_whole_bundle(
    file: bytes, house: House, tmp_path: Path
) -> None:
    key = identity.public_key(house.store.path.parent)
    inbox = tmp_path / "in"
    inbox.mkdir()
    taken = parts(file)
    for number, payload in taken[:0:-1]:
        assert not Bundles(inbox).take(MN, "DB-1", number, payload), "the manifest is missing"
    assert Bundles(inbox).take(MN, "DB-1", *taken[0])
    again = Bundles(inbox, lambda _: key)
    assert again.waiting() == [(MN, "DB-1")], "a crash came before it was put together"
    found = again.finish(MN, "DB-1")
    assert found is not None
    assert (found.state, found.known_key, found.faults) == ("whole", True, ())
    assert (inbox / found.file).read_bytes() == file
    assert [one.name for one in inbox.iterdir()] == [found.file]
    assert not again.take(MN, "DB-1", *taken[1]), "a copy that comes late"
    assert again.finish(MN, "DB-1") is None


def test_bundle_with_another_key_than_the_station_told_is_not_whole(
    file: bytes, tmp_path: Path
) -> None:
    bundles = Bundles(tmp_path, lambda _: "0" * 64)
    for one in parts(file):
        bundles.take(MN, "DB-1", *one)
    found = bundles.finish(MN, "DB-1")
    assert found is not None
    assert (found.state, found.whole) == ("not whole", False)
    assert found.faults[0].startswith("key:")


def test_parts_that_are_not_what_the_manifest_says_are_dropped(file: bytes, tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    bundles = Bundles(inbox)
    for number, payload in parts(file):
        bundles.take(MN, "DB-1", number, payload[:-1] + b"?" if number == "1" else payload)
    found = bundles.finish(MN, "DB-1")
    assert found is not None
    assert (found.state, found.file) == ("broken", "")
    assert list(inbox.iterdir()) == []


def test_bundle_made_once_more_begins_anew(file: bytes, tmp_path: Path) -> None:
    bundles = Bundles(tmp_path)
    bundles.take(MN, "DB-1", "0", manifest(file, sha256="0" * 64))
    bundles.take(MN, "DB-1", "1", b"of another making")
    for one in parts(file):
        bundles.take(MN, "DB-1", *one)
    found = bundles.finish(MN, "DB-1")
    assert found is not None
    assert found.state == "whole"


def test_station_that_could_make_none_says_why(tmp_path: Path) -> None:
    bundles = Bundles(tmp_path)
    said = manifest(b"", state="failed", parts=0, bytes=0, reason="disk: full")
    assert bundles.take(MN, "DB-1", "0", said)
    found = bundles.finish(MN, "DB-1")
    assert found is not None
    assert (found.state, found.faults) == ("failed", ("disk: full",))


@pytest.mark.parametrize(
    ("mn", "ref", "number", "payload"),
    [
        ("..", "DB-1", "1", b"x"),
        (MN, "../../x", "1", b"x"),
        (MN, "DB-1", "one", b"x"),
        (MN, "DB-1", "99999999", b"x"),
        (MN, "DB-1", "0", b"no json"),
        (MN, "DB-1", "0", b'{"state": "made", "sha256": "", "bytes": -1, "parts": 1}'),
    ],
)
def test_what_is_no_part_is_left_alone(
    tmp_path: Path, mn: str, ref: str, number: str, payload: bytes
) -> None:
    assert not Bundles(tmp_path).take(mn, ref, number, payload)
    assert list(tmp_path.iterdir()) == []
