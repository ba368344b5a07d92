import json
import re
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.settings.config import config_directory
from agent.settings.dialect import dialect_names, dialect_schema, load_dialect, named_edition
from protocols.hj212.code_tables import find_on_site
from protocols.hj212.dialects import Dialect, overlay
from protocols.hj212.editions import edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.factors import Factor
from protocols.hj212.frame import decode_frame
from protocols.hj212.message import FactorValues, RealTime, print_message, read_message
from protocols.hj212.message_types import Retained
from protocols.hj212.segment import Segment, parse_segment, print_segment

FRAMES = Path(__file__).parents[2] / "data" / "dialects"
OLD = edition("hj212-2017")


def test_schema_file_is_the_models_own() -> None:
    text = json.dumps(dialect_schema(), ensure_ascii=False, indent=2) + "\n"
    file = config_directory() / "schema" / "dialect.json"
    assert file.read_text(encoding="utf-8") == text, "write dialect_schema() to the file again"


def test_every_dialect_has_frames_and_names_its_schema() -> None:
    assert dialect_names() == sorted(path.stem for path in FRAMES.glob("*.jsonl"))
    for name in dialect_names():
        path = config_directory() / "dialects" / f"{name}.yaml"
        first = path.read_text(encoding="utf-8").splitlines()[0]
        named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert named and (path.parent / named[1]).resolve().is_file()


@pytest.mark.parametrize("name", dialect_names())
def test_frames_of_a_dialect_are_read_and_written_by_it(name: str) -> None:
    by = named_edition(name)
    assert by.name == name
    for line in (FRAMES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        known = json.loads(line)
        data = decode_frame(known["frame"].encode()).segment
        segment, warnings = parse_segment(data, by)
        message, more = read_message(segment, by)
        assert (warnings, more) == ((), ())
        assert type(message).__name__ == known["message"]
        assert print_message(message, by) == (segment.cp,)
        assert print_segment(segment, by) == data
        for code, name_zh in known.get("on_site", {}).items():
            assert code in segment.cp
            said = find_on_site(code, by.on_site)
            assert said and said.name_zh == name_zh
            assert find_on_site(code, edition(by.base).on_site) != said
        for medium, states in known.get("states", {}).items():
            assert all(by.states[medium][int(number)] == text for number, text in states.items())


def test_dialect_says_only_what_differs() -> None:
    by = overlay(
        Dialect(
            name="test",
            base="hj212-2017",
            factors=(Factor("w99001", "新因子", "water", "mg/L", "kg", "N3.3"),),
            units={"a34013": "ug/m3"},
            types={"w01018": "N5.3"},
            letters={"power": "P"},
            fields=("RawAvg",),
            commands={"2073": "", "3023": "3015"},
            header={"MN": 40},
            retained_cn="3023",
            max_cp=900,
        )
    )
    message = RealTime(0.0, (FactorValues("w01018", {"Rtd": 1.23456}),))
    assert print_message(message, by) == ("DataTime=19700101080000;w01018-Rtd=1.235",)
    assert print_message(Retained(0.0, 2), by) == ("DataTime=19700101080000;VaseNo=2",)
    assert by.factor("w99001") and (gas := by.factor("a34013")) and gas.unit == "ug/m3"
    assert (by.letters["power"], by.letters["normal"], by.max_cp) == ("P", "N", 900)
    read, _ = read_message(Segment(cn="3023", cp="DataTime=19700101080000;VaseNo=2"), by)
    assert read == Retained(0.0, 2)
    assert OLD.factors["w01018"].type == "N5.1" and OLD.max_cp == 950


@pytest.mark.parametrize(
    "dialect",
    [
        Dialect("test", "hj212-2017", units={"w99999": "mg/L"}),
        Dialect("test", "hj212-2017", types={"w99999": "N1"}),
        Dialect("test", "hj212-2017", letters={"tired": "X"}),
        Dialect("test", "hj212-2017", header={"RF": 4}),
        Dialect("test", "hj212-2017", commands={"2011": ""}),
        Dialect("test", "hj212-2017", commands={"3023": "3999"}),
    ],
)
def test_dialect_that_changes_what_is_not_there_is_refused(dialect: Dialect) -> None:
    with pytest.raises(LocalFrameError):
        overlay(dialect)


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("dialect: mine\ntitle: t\nbase: hj212-1999\nsource: s\n", 3, "base"),
        ("dialect: mine\ntitle: t\nbase: hj212-2017\nsource: s\nunit: {}\n", 5, "unit"),
        ("dialect: other\ntitle: t\nbase: hj212-2017\nsource: s\n", 1, "dialect"),
        ("dialect: mine\ntitle: t\nbase: hj212-2017\nsource: s\nunits: {w9: x}\n", 1, ""),
        ("dialect: [", 2, ""),
    ],
)
def test_wrong_file_is_told_by_line_and_key(
    tmp_path: Path, text: str, *, line: int, key: str
) -> None:
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_dialect("mine", tmp_path)
    (finding,) = caught.value.findings
    assert (finding.line, finding.key) == (line, key)
    with pytest.raises(ConfigError):
        load_dialect("none", tmp_path)
