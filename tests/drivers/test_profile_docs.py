"""What the documents say of profiles: the table, the empty example, and the worked one."""

import datetime
import re
from pathlib import Path

import pytest
import yaml
from driver_fakes import TranscriptWire, question_of
from profile_table import DOCUMENT, parts, table
from test_transcripts import ask, meaning, same, written
from transcript_files import Case, cases_of

from agent.tools.simulate import pdu
from agent.tools.simulate.courses import Course
from agent.tools.simulate.cycle import Cycle
from agent.tools.simulate.instrument import Instrument
from drivers import rtu
from drivers.bus import Bus
from drivers.modbus_wire import request_pdu
from drivers.plan import plan
from drivers.profile import load_profile, profile_directories, profile_names
from drivers.profile_model import Profile
from drivers.question import FUNCTIONS
from drivers.settings import DeviceSettings, TcpBus

ROOT = DOCUMENT.parents[1]
EXAMPLE = ROOT / "config" / "profiles" / "example.yaml"
WORKED = ROOT / "docs" / "new-instrument.md"


def test_table_of_profiles_is_the_one_of_the_files() -> None:
    written_table = parts(DOCUMENT.read_text(encoding="utf-8"))[1]
    assert written_table == table(), "run tests/drivers/profile_table.py"


def test_drivers_are_all_described() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name in profile_names():
        assert f"`{load_profile(name).driver}`" in text.partition("## Which")[0]


def test_empty_example_is_a_profile_and_names_every_key() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert Profile.model_validate(yaml.safe_load(text)).profile == "water/maker-model"
    named = set(re.findall(r"^(?:# )?(\w+):", text, flags=re.M))
    assert named >= set(Profile.model_fields)
    assert "example" not in profile_names()


def test_commented_keys_of_the_empty_example_are_right() -> None:
    """With the keys of one protocol uncommented it still is a profile."""
    keys = ("state", "alarms", "batch", "measured_at", "blocks", "holes", "parameters",
            "parameters_min", "checks", "operations", "notes")  # fmt: skip
    profile = Profile.model_validate(yaml.safe_load(uncommented(keys)))
    assert profile.operations
    assert profile.parameters
    other = yaml.safe_load(uncommented(("questions", "values", "status", "result_at", "frame")))
    for key in ("points", "line"):
        del other[key]
    assert Profile.model_validate({**other, "driver": "ascii", "batch": {}}).values


def uncommented(keys: tuple[str, ...]) -> str:
    lines, inside = [], False
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if started := re.match(r"# (\w+):", line):
            inside = started[1] in keys
        elif not line.startswith("#  "):
            inside = False
        lines.append(line[2:] if inside else line)
    return "\n".join(lines)


def blocks(kind: str) -> list[str]:
    text = WORKED.read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, flags=re.M | re.S)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The two files of the worked example, in their places on a site."""
    (profile,), (transcript,) = blocks("yaml"), blocks("text")
    folder = tmp_path / "water"
    folder.mkdir()
    (folder / "example-tp.yaml").write_text(profile, encoding="utf-8")
    (tmp_path / "example-tp.txt").write_text(transcript, encoding="utf-8")
    return tmp_path


def test_worked_example_is_found_in_the_folder_of_the_site(site: Path) -> None:
    profile = load_profile("water/example-tp", profile_directories(site))
    assert [(span.start, span.count) for span in plan(profile)] == [(100, 6)]
    assert profile.batch_points == {"w21011"}


async def test_transcript_of_the_worked_example_is_read_by_the_driver(site: Path) -> None:
    profile = load_profile("water/example-tp", profile_directories(site))
    cases = list(cases_of(site / "example-tp.txt"))
    assert len(cases) == 3
    for case in cases:
        if case.operation is None:
            await read_back(profile, case)
        else:
            writes = profile.operations[case.operation[0]].writes
            ours = [rtu.frame(1, request_pdu(written(1, one, {}))) for one in writes]
            assert ours == [frame for mark, frame in case.frames if mark == ">"]


async def read_back(profile: Profile, case: Case) -> None:
    question = question_of(case.frames[0][1])
    wire = TranscriptWire(case.lines)
    values = await ask(Bus(TcpBus(id="b", kind="tcp", host="x"), wire=wire), question)
    wire.finish()
    assert case.expected
    assert same(meaning(profile, question, values, case.expected), case.expected)


class NineOClock:
    def now(self) -> float:
        china = datetime.timezone(datetime.timedelta(hours=8))
        return datetime.datetime(2026, 3, 19, 9, 50, tzinfo=china).timestamp()

    def monotonic(self) -> float:
        return self.now()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits")


def test_worked_example_plays_in_the_simulator(site: Path) -> None:
    profile = load_profile("water/example-tp", profile_directories(site))
    device = DeviceSettings(id="tp", profile=profile.profile, bus="line1", address=1)
    courses = {"w21011": Course("mg/L", level=0.3)}
    dut = Instrument(device, profile, clock=NineOClock(), courses=courses, cycle=Cycle(3600))
    (span,) = plan(profile)
    request = bytes([FUNCTIONS[span.table], 0, span.start, 0, span.count])
    assert pdu.answer(dut, request)[:2] == bytes([3, 2 * span.count])
    assert pdu.answer(dut, bytes([6, 0, 200, 0, 1])) == bytes([6, 0, 200, 0, 1])
    assert dut.read(3, 105, 1) == [1]
