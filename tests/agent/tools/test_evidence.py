"""A bundle holds what was sealed, and not one byte of it can be changed unseen."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from agent_house import House
from agent_site import COD, HOUR, PH, T0
from click.testing import CliRunner

from agent.marks import Record
from agent.model import Cause, MarkKind, MarkState
from agent.store import events, identity, journal, marks, seals
from agent.store.db import connect, transaction
from agent.tools.evidence.bundle import make
from agent.tools.evidence.command import choose
from agent.tools.evidence.gather import TABLES, Interval, reach
from agent.tools.evidence.last import Last, lines, seal_all
from agent.tools.evidence.pack import MANIFEST, write
from agent.tools.verify.bundle import verify_bundle
from agent.tools.verify.command import verify

BEGIN, END = T0 + 600.0, T0 + HOUR + 600.0


@pytest.fixture
async def trusted(house: House) -> House:
    """Two hours with a COD result, an exceedance and a bottle."""
    await house.time.look()
    await house.begin()
    await house.live(80)
    await house.result(T0, 86.4, completed_at=T0 + 1800)
    await house.sampled(PH, [(T0 + 4801, None, Cause.MAINTENANCE)])

    def happened(connection: object) -> None:
        events.add(
            connection,  # type: ignore[arg-type]
            "exceedance",
            {"on": "measurement", "source": "演示限值", "state": {"worst": 86.4, "limit": 50.0,
             "first_at": T0, "outlet": "DW001", "factor": COD}},
            ref="one", at=T0 + 1900, outlet="DW001", factor=COD, ended_at=T0 + 2000.0,
        )  # fmt: skip
        record = Record(
            "DW001", (COD,), MarkKind.EQUIPMENT, "c", T0 + 600, T0 + 1200, reason="周校"
        )
        marks.add(connection, record, by="张三", why="", now=T0 + 1300.0)  # type: ignore[arg-type]

    await house.write(happened)
    return house


def made(house: House, tmp_path: Path, name: str = "e.zip") -> Path:
    site_file, out = tmp_path / "site.yaml", tmp_path / name
    site_file.write_text("unit: {}\n")
    make(
        house.store.path.parent, house.plan.site, site_file, Interval(BEGIN, END, 1), out,
        now=house.clock.now(), by="张三", why="<督办>",
    )  # fmt: skip
    return out


def test_bundle_of_a_store_is_whole_and_says_whose_key_it_was(
    trusted: House, tmp_path: Path
) -> None:
    verdict = verify_bundle(made(trusted, tmp_path))
    assert verdict.faults == []
    assert verdict.own_key
    assert verdict.looked.seals >= 2
    assert verdict.looked.rows >= 900
    assert verdict.files == 4 + len(TABLES)


def test_known_key_is_asked_for(trusted: House, tmp_path: Path) -> None:
    file = made(trusted, tmp_path)
    key = identity.public_key(trusted.store.path.parent)
    assert not verify_bundle(file, key=key).faults
    assert [one.what for one in verify_bundle(file, key="0" * 64).faults] == ["key"]


@pytest.mark.parametrize("xor", [0x01, 0x80, 0xFF])
def test_directory_that_names_a_wrong_place_is_found(
    trusted: House, tmp_path: Path, xor: int
) -> None:
    """Also one before the beginning of the file."""
    file = made(trusted, tmp_path)
    whole = file.read_bytes()
    entry, end = whole.find(b"PK\x01\x02"), whole.rfind(b"PK\x05\x06")
    for place in (*range(entry + 42, entry + 46), *range(end + 12, end + 20)):
        changed = bytearray(whole)
        changed[place] ^= xor
        file.write_bytes(changed)
        assert [one.what for one in verify_bundle(file).faults][:1] == ["signature"], place


@pytest.mark.parametrize("count", [120, pytest.param(1000, marks=pytest.mark.soak)])
def test_every_changed_byte_is_found(trusted: House, tmp_path: Path, count: int) -> None:
    file = made(trusted, tmp_path)
    whole, draw = file.read_bytes(), random.Random(5)
    # every byte of the end, where the signature is, and as many of the rest
    places = [len(whole) - 1 - n for n in range(count // 4)]
    places += [draw.randrange(len(whole)) for _ in range(count - len(places))]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= draw.randrange(1, 256)
        file.write_bytes(changed)
        assert verify_bundle(file).faults, place
    file.write_bytes(whole[:-1])
    assert verify_bundle(file).faults
    file.write_bytes(whole + b"\n")
    assert verify_bundle(file).faults


def test_changed_file_is_named_though_no_signature_holds_it(trusted: House, tmp_path: Path) -> None:
    file = made(trusted, tmp_path)
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as packed:
        entries = {one.filename: one.header_offset for one in packed.infolist()}
    for name, offset in entries.items():
        if name == MANIFEST or not name.startswith(("report", "rows/samples", "values")):
            continue
        changed = bytearray(whole)
        changed[offset + 30 + len(name) + 20 + 40] ^= 1  # in what is packed, behind its header
        file.write_bytes(changed)
        faults = verify_bundle(file).faults
        assert faults[0].what == "signature"
        assert [one.what for one in faults[1:]] == ["files"], name
        assert faults[1].where.startswith(f"{name}: ")
    changed = bytearray(whole)
    changed[entries["values.csv"] + 10] ^= 1  # the time in a header: no file differs by that
    file.write_bytes(changed)
    assert [one.what for one in verify_bundle(file).faults] == ["signature", "form"]


class Meddling(type(Path())):  # type: ignore[misc]
    """A site file that has something done when it is read: after the rows, before the journal."""

    act: Callable[[], None]

    def read_bytes(self) -> bytes:
        self.act()
        return b"unit: {}"


def test_store_goes_on_while_its_bundle_is_made(trusted: House, tmp_path: Path) -> None:
    """Late and pruned rows, a decided mark, a new hour: the bundle holds together all the same."""

    def meddle() -> None:
        with contextlib.closing(connect(trusted.store.path)) as connection:
            with transaction(connection):
                connection.execute(
                    "INSERT INTO samples SELECT min(key) + 7, epoch, pack FROM samples"
                )
                connection.execute(
                    "INSERT INTO samples SELECT max(key) + (900000 << 16), epoch, pack FROM samples"
                )
                decided = {"by": "王五", "why": "属实", "now": T0 + 2000.0}
                marks.decide(connection, 1, MarkState.CONFIRMED, **decided)  # type: ignore[arg-type]
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            assert busy == 0, "nobody reads in the store at this moment"
            with transaction(connection):
                seals.seal(connection, now=trusted.clock.now() + HOUR, until=T0 + 9 * HOUR)
                gone = connection.execute(
                    "DELETE FROM samples WHERE key < ?", (int(T0 * 1000 + 3_600_000) << 16,)
                ).rowcount
                detail = {"what": "samples", "rows": gone, "before": T0 + HOUR}
                journal.add(connection, "pruned", detail, at=T0)

    out, site_file = tmp_path / "e.zip", Meddling(tmp_path / "site.yaml")
    Meddling.act = staticmethod(meddle)
    make(
        trusted.store.path.parent, trusted.plan.site, site_file, Interval(BEGIN, END, 1), out,
        now=trusted.clock.now(), by="张三", why="",
    )  # fmt: skip
    verdict = verify_bundle(out)
    assert verdict.faults == []
    assert verdict.looked.pruned >= 1


def test_row_that_came_late_between_the_seal_and_the_reading_is_no_fault(
    trusted: House, tmp_path: Path
) -> None:
    with contextlib.closing(connect(trusted.store.path)) as connection:
        seal_all(connection, trusted.clock.now())
        found = reach(connection, Interval(BEGIN, END))
        connection.execute("INSERT INTO samples SELECT min(key) + 7, epoch, pack FROM samples")
        read = len(list(lines(connection, "samples", found)))
        with Last(connection, found, {}, now=trusted.clock.now(), folder=tmp_path) as last:
            told = b"".join(last.lines("journal"))
    assert read
    assert b'\\"late\\": [{' in told


def forged(file: Path, name: str, before: bytes, after: bytes, directory: Path) -> None:
    """Change a file of a bundle, and sign all of it again with another key."""
    directory.mkdir()
    with zipfile.ZipFile(file) as packed:
        found = {one: packed.read(one) for one in packed.namelist()}
    about = json.loads(found.pop(MANIFEST))
    assert before in found[name]
    found[name] = found[name].replace(before, after, 1)
    del about["files"]
    write(
        file,
        {one: (lambda one=one: iter([found[one]])) for one in found},  # type: ignore[misc]
        about=about,
        key=identity.public_key(directory),
        sign=lambda digest: identity.sign(directory, digest),
    )


@pytest.mark.parametrize(
    ("name", "before", "after", "found"),
    [
        ("rows/measurements.jsonl", b"86.4", b"46.4", "changed"),
        ("rows/statistics.jsonl", b"7.0", b"6.9", "changed"),
        ("rows/journal.jsonl", b'"agent"', b'"somebody"', "chain"),
        ("rows/series.jsonl", b"w01018", b"w21003", "changed"),
        ("rows/marks.jsonl", "周校".encode(), "停炉".encode(), "changed"),
    ],
)
def test_rows_signed_anew_by_somebody_else_do_not_fit_their_seals(
    trusted: House, tmp_path: Path, name: str, before: bytes, after: bytes, found: str
) -> None:
    file = made(trusted, tmp_path)
    forged(file, name, before, after, tmp_path / "forger")
    faults = verify_bundle(file).faults
    assert found in {one.what for one in faults}


def test_report_answers_what_when_how_much_and_hides_no_markup(
    trusted: House, tmp_path: Path
) -> None:
    with zipfile.ZipFile(made(trusted, tmp_path)) as packed:
        text = packed.read("report.html").decode()
        values = packed.read("values.csv").decode("utf-8-sig").splitlines()
    for said in ("化学需氧量 86.4 mg/L", "限值 50", "超标 0.73 倍", "没有留样记录", "&lt;督办&gt;"):
        assert said in text
    assert "<督办>" not in text
    assert values[0] == "时间,排放口,因子,值,单位,状态"
    assert any(line.endswith(",DW001,w01001,7.0,,normal") for line in values)


def test_making_a_bundle_is_in_the_journal(trusted: House, tmp_path: Path) -> None:
    file = made(trusted, tmp_path)
    ((who, text),) = trusted.rows("SELECT who, detail FROM journal WHERE what = 'evidence made'")
    assert who == "张三"
    assert json.loads(text)["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


async def test_bundle_ends_where_the_store_does_and_tells_of_nothing_to_come(
    trusted: House,
) -> None:
    """The house's clock is not that of this machine: the newer of the two counts."""
    (newest,) = trusted.rows("SELECT max(at) FROM journal")[0]
    with contextlib.closing(connect(trusted.store.path, read_only=True)) as connection:
        found = events.find(connection, 1)
    assert found is not None
    directory = trusted.store.path.parent
    for now, end in ((newest - 9000, newest + 1), (newest + 5, newest + 5)):
        interval = choose(directory, 1, None, None, now=now, lang="en")
        assert interval.end == min(end, (found.ended_at or end) + HOUR)
        asked = choose(directory, None, newest - 60, newest + 9e5, now=now, lang="en")
        assert (asked.begin, asked.end) == (newest - 60, end)
    with pytest.raises(click.UsageError, match="to come"):
        choose(directory, None, newest + 60, newest + 120, now=newest + 5, lang="en")


def test_command_says_yes_with_0_and_no_with_1(trusted: House, tmp_path: Path) -> None:
    file = made(trusted, tmp_path)
    fine = CliRunner().invoke(verify, [str(file)])
    assert (fine.exit_code, fine.output.splitlines()[0]) == (0, f"✓ 完整：{file}")
    assert "取自文件本身" in fine.output
    file.write_bytes(file.read_bytes().replace(b"report.html", b"reporT.html", 1))
    broken = CliRunner().invoke(verify, [str(file), "--lang", "en", "--json"])
    assert broken.exit_code == 1
    assert json.loads(broken.output)["whole"] is False


def test_command_checks_a_store_too(trusted: House) -> None:
    path = str(trusted.store.path)
    assert CliRunner().invoke(verify, [path]).exit_code == 0
    missing = CliRunner().invoke(verify, [path, "--head", "f" * 64])
    assert (missing.exit_code, "f" * 64 in missing.output) == (1, True)
