"""What `paikou probe` tells a contractor to look at next, error by error."""

import pytest

from agent.tools.probe import _lines
from agent.tools.probe_advice import advice

GARBAGE = "BadAnswer: no frame in what came"
NOT_ASKED = "NoAnswer: not asked, the unit was silent before"


@pytest.mark.parametrize(
    ("error", "word"),
    [
        ("NoLine: no such file", "by-path"),
        ("NoAnswer: no answer in time", "power"),
        ("NoAnswer: nothing was pushed", "speaks by itself"),
        ("BadAnswer: WRONG UNIT: 2 answered for 1", "doubled or wrong address"),
        ("BadAnswer: another channel or component answered", "doubled or wrong address"),
        (GARBAGE, "another baud rate"),
        ("BadAnswer: the answer does not have its form", "another baud rate"),
        ("BadAnswer: the question came back", "our own question"),
        ("BadAnswer: wrong CRC", "termination"),
        ("BadAnswer: the answer is cut short", "termination"),
        ("Refused: exception 1: function not served", "is it this model"),
        ("Refused: exception 2: no such address", "is it this model"),
        ("Refused: exception 4: device failure", "display and alarms"),
        ("Refused: exception 5: acknowledged, still working", "busy"),
        ("Refused: exception 6: busy", "busy"),
        ("Refused: exception 11: gateway: target silent", "gateway"),
        ("Refused: so2 bad cmd", "is it this model"),
    ],
)
def test_each_error_has_its_next_step(error: str, word: str) -> None:
    assert word in advice([error], "en")
    assert advice([error], "zh") != advice([error], "en")


def test_the_first_real_error_decides_and_not_what_was_left_unasked() -> None:
    assert advice([GARBAGE, GARBAGE, NOT_ASKED], "en") == advice([GARBAGE], "en")
    assert advice([NOT_ASKED], "en") == advice(["NoAnswer: no answer in time"], "en")
    assert advice(["", ""], "en") == ""


def test_an_answer_without_registers_has_no_empty_line() -> None:
    span = {"table": "gases", "start": 0, "count": 0, "registers": [], "error": ""}
    facts = {
        "device": "so2", "profile": "p", "bus": "line1", "address": 1, "taken_ms": 5.0, "ok": False,
        "asked_by": "probe", "frames": [], "readings": [], "state": "", "cause": "no_link",
        "error": "", "spans": [span, {**span, "error": GARBAGE}],
    }  # fmt: skip
    lines = list(_lines(facts, "en"))
    assert f"  gases: {GARBAGE}" in lines
    assert not any(".." in line for line in lines)
