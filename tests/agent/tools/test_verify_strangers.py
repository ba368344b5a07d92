"""Files that nobody of us made: verify says what does not fit, within bounds, and never falls."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from agent_house import House
from agent_site import HOUR, T0
from click.testing import CliRunner, Result

from agent.store import identity, signatures
from agent.tools.evidence.bundle import make
from agent.tools.evidence.gather import Interval
from agent.tools.evidence.pack import MANIFEST, MARK, SIGNATURE_HEX, tail
from agent.tools.verify.bundle import verify_bundle
from agent.tools.verify.command import verify

Files = dict[str, bytes]


@pytest.fixture
async def bundle(house: House, tmp_path: Path) -> Path:
    await house.time.look()
    await house.begin()
    await house.live(8)
    site_file, out = tmp_path / "site.yaml", tmp_path / "e.zip"
    site_file.write_text("unit: {}\n")
    now = house.clock.now()
    make(
        house.store.path.parent, house.plan.site, site_file, Interval(T0 - HOUR, T0 + HOUR), out,
        now=now, by="张三", why="",
    )  # fmt: skip
    return out


def contents(path: Path) -> Files:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def signed(plain: bytes, path: Path, key_of: Path) -> None:
    """Put a signature of somebody's behind a zip that has no comment."""
    key_of.mkdir(exist_ok=True)
    comment = MARK + identity.public_key(key_of).encode() + b" " + b"0" * SIGNATURE_HEX
    path.write_bytes(plain[:-2] + len(comment).to_bytes(2, "little") + comment)
    with path.open("rb") as file:
        found = tail(file)
    assert found is not None
    whole = path.read_bytes()
    path.write_bytes(whole[:-SIGNATURE_HEX] + identity.sign(key_of, found.digest).encode())


def packed(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def run(path: Path, *given: str) -> Result:
    found = CliRunner().invoke(verify, [str(path), "--lang", "en", *given])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def manifest_with(given: Files, /, **keys: object) -> Files:
    return {**given, MANIFEST: json.dumps({**json.loads(given[MANIFEST]), **keys}).encode()}


def test_signed_anew_with_another_key_it_is_whole_by_its_own_key_and_not_by_ours(
    bundle: Path, house: House, tmp_path: Path
) -> None:
    ours = identity.public_key(house.store.path.parent)
    signed(packed(contents(bundle)), bundle, tmp_path / "forger")
    own = run(bundle)
    assert own.exit_code == 0
    assert "is the file's own" in own.output
    known = run(bundle, "--key", ours)
    assert known.exit_code == 1
    assert "is the one given" not in known.output
    assert f"not with {ours}" in known.output


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda whole: b"x" + whole, id="something before it"),
        pytest.param(lambda whole: whole + b"x", id="something behind it"),
        pytest.param(lambda whole: whole[:-1], id="cut by a byte"),
        pytest.param(lambda whole: whole[: len(whole) // 2], id="cut in half"),
        pytest.param(lambda whole: b"", id="nothing"),
        pytest.param(lambda whole: whole.replace(b"PK\x01\x02", b"PK\x01\x03", 1), id="directory"),
        pytest.param(lambda whole: whole.replace(b"PK\x03\x04", b"PK\x03\x05", 1), id="header"),
        pytest.param(lambda whole: whole.replace(b"README", b"readme"), id="names"),
    ],
)
def test_file_that_was_touched_is_not_whole(
    bundle: Path, changed: Callable[[bytes], bytes]
) -> None:
    bundle.write_bytes(changed(bundle.read_bytes()))
    found = run(bundle)
    assert found.exit_code == 1
    assert "NOT WHOLE" in found.output


def test_files_packed_anew_without_their_key_are_not_whole(bundle: Path) -> None:
    files, comment = contents(bundle), zipfile.ZipFile(bundle).comment
    for given, method in (
        (files, zipfile.ZIP_STORED),
        (dict(reversed(files.items())), zipfile.ZIP_DEFLATED),
        ({**files, "more.txt": b""}, zipfile.ZIP_DEFLATED),
        ({name: files[name] for name in list(files)[1:]}, zipfile.ZIP_DEFLATED),
    ):
        plain = packed(given, method)
        bundle.write_bytes(plain[:-2] + len(comment).to_bytes(2, "little") + comment)
        assert verify_bundle(bundle).faults[0].what == "signature"


def rows(files: Files, table: str, text: bytes) -> Files:
    return {**files, f"rows/{table}.jsonl": text}


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda files: {}, id="empty zip"),
        pytest.param(lambda files: {MANIFEST: b"[]"}, id="manifest is a list"),
        pytest.param(lambda files: {MANIFEST: b"[" * 200_000}, id="manifest without bottom"),
        pytest.param(lambda files: {MANIFEST: b"\xff"}, id="manifest is no text"),
        pytest.param(lambda files: manifest_with(files, begin="x"), id="time is a word"),
        pytest.param(lambda files: manifest_with(files, made_at=1e400), id="time has no end"),
        pytest.param(lambda files: manifest_with(files, made_at=1e300), id="time is far off"),
        pytest.param(lambda files: manifest_with(files, unit=7), id="unit is a number"),
        pytest.param(lambda files: manifest_with(files, files=[7]), id="files are numbers"),
        pytest.param(lambda files: manifest_with(files, reach=None), id="no reach"),
        pytest.param(lambda files: {**files, "a\x1b[2J": b""}, id="name moves the cursor"),
        pytest.param(lambda files: {**files, "../../etc/x": b""}, id="name leads out"),
        pytest.param(lambda files: {**files, "n" * 60_000: b""}, id="name is huge"),
        pytest.param(lambda files: rows(files, "samples", b"[1,0]\n"), id="row too short"),
        pytest.param(lambda files: rows(files, "samples", b"7\n"), id="row is a number"),
        pytest.param(lambda files: rows(files, "samples", b'[1,0,"zz"]\n'), id="row is no hex"),
        pytest.param(lambda files: rows(files, "samples", b'[9e999,0,""]\n'), id="row infinite"),
        pytest.param(lambda files: rows(files, "holds", b"[" + b"9" * 30 + b"]\n"), id="row large"),
        pytest.param(lambda files: rows(files, "journal", b"{}\n"), id="line is an object"),
    ],
)
def test_signed_nonsense_is_told_and_nothing_falls(
    bundle: Path, tmp_path: Path, made: Callable[[Files], Files]
) -> None:
    signed(packed(made(contents(bundle))), bundle, tmp_path / "forger")
    found = run(bundle)
    assert found.exit_code == 1
    assert "\x1b" not in found.output
    assert max(map(len, found.output.splitlines())) < 500
    assert json.loads(run(bundle, "--json").output)["whole"] is False


def test_file_that_swells_is_not_unpacked(bundle: Path, tmp_path: Path) -> None:
    files = contents(bundle)
    swollen = packed({**files, MANIFEST: b" " * (40 << 20)})
    assert len(swollen) < 1 << 20
    signed(swollen, bundle, tmp_path / "forger")
    assert "manifest of more than" in verify_bundle(bundle).faults[0].where
    signed(packed(rows(files, "holds", b" " * (40 << 20))), bundle, tmp_path / "forger")
    assert "row of more than" in verify_bundle(bundle).faults[-1].where


def test_two_files_of_one_name_are_a_fault(bundle: Path, tmp_path: Path) -> None:
    out, files = io.BytesIO(), contents(bundle)
    with zipfile.ZipFile(out, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("report.html", files["report.html"])
    signed(out.getvalue(), bundle, tmp_path / "forger")
    assert "two files" in verify_bundle(bundle).faults[0].where


def test_published_head_is_looked_for_in_a_bundle(bundle: Path, house: House) -> None:
    newest = house.one("SELECT hash FROM journal WHERE what = 'evidence made'")
    assert run(bundle, "--head", newest).exit_code == 1, "the bundle was made before that line"
    within = json.loads(contents(bundle)[MANIFEST])["head"]
    assert run(bundle, "--head", within).exit_code == 0


async def test_store_signed_with_another_key_than_the_known_one_is_not_whole(
    house: House, tmp_path: Path
) -> None:
    path = house.store.path
    ours = identity.public_key(path.parent)
    assert run(path, "--key", ours).exit_code == 1, "nothing is signed yet"

    def sign(connection: sqlite3.Connection, directory: Path) -> None:
        key = identity.public_key(directory)
        told = signatures.present(connection, unit="u", at=T0, key=key)
        signature = identity.sign(directory, told.text())
        signatures.add(
            connection, signatures.Signed("u", told.seq, told.head, told.at, key, signature)
        )

    await house.write(lambda connection: sign(connection, path.parent))
    assert run(path, "--key", ours.upper()).exit_code == 0
    (stranger := tmp_path / "stranger").mkdir()
    await house.write(lambda connection: sign(connection, stranger))
    assert run(path).exit_code == 0
    found = run(path, "--key", ours)
    assert (found.exit_code, "line 2: signed with" in found.output) == (1, True)


@pytest.mark.parametrize("kept", [16, 100, 4096, 9000])
def test_store_that_was_cut_is_not_whole(house: House, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.db"
    with sqlite3.connect(house.store.path) as source, sqlite3.connect(path) as copy:
        source.backup(copy)
    source.close()
    copy.close()
    path.write_bytes(path.read_bytes()[:kept])
    assert run(path).exit_code == 1


def test_seals_of_other_times_are_not_called_pruned(bundle: Path, house: House) -> None:
    long_ago = bundle.with_name("other.zip")
    make(
        house.store.path.parent, house.plan.site, bundle.with_name("site.yaml"),
        Interval(T0 - 99 * HOUR, T0 - 98 * HOUR), long_ago, now=house.clock.now(), by="x", why="",
    )  # fmt: skip
    verdict = verify_bundle(long_ago)
    assert (verdict.faults, verdict.looked.pruned) == ([], 0)
    assert verdict.looked.outside or not verdict.looked.lines
