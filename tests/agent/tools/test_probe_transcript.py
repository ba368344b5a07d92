"""`probe --transcript`: what was read, in the words that become `# expect:` as they stand."""

from agent.settings import parse_site
from agent.tools.probe_frames import probed_transcript

SITE = b"""
unit: {code: 91130200699229617X001P, name: X}
outlets:
  - {id: DW001, medium: water, factors: {w01018: {device: cod}}}
buses:
  - {id: line1, kind: serial, port: /dev/none}
devices:
  - {id: cod, profile: water/national-dbs, bus: line1, address: 1}
"""
ASKED = "01 03 10 05 00 0B 10 CC"
SAID = "01 03 16 26 03 19 10 00 00 00 00 42 12 00 4E 00 00 00 00 00 00 00 00 00 00 97 11"


def test_a_batch_result_is_written_with_its_time() -> None:
    site, _ = parse_site(SITE)
    reading = {"point": "w01018", "value": 36.5, "unit": "mg/L", "measured_at": 1_773_885_600.0}
    mode = {"point": "mode", "value": 4.0, "unit": "", "measured_at": None}
    facts = {
        "device": "cod",
        "frames": [[">", ASKED], ["<", SAID]],
        "readings": [reading, mode, {**mode, "point": "factor_number", "value": None}],
        "cause": "normal",
    }
    lines = probed_transcript(site, facts).splitlines()
    assert "# read: w01018 = 36.5 mg/L at 2026-03-19T10:00:00" in lines
    assert "# read: mode = 4" in lines
    assert "# read: state = normal" in lines
    assert lines[-2:] == [f"> {ASKED}", f"< {SAID}"]
