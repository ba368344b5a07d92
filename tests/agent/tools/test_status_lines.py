"""How `paikou status` words what became of the questions on a line."""

from __future__ import annotations

import pytest

from agent.errors import Lang
from agent.tools.status_lines import _device, _exchanges, _told
from drivers.counts import Counts
from drivers.device import BadAnswer, Fault, NoAnswer


def counts() -> Counts:
    made = Counts()
    for _ in range(97):
        made.end(1, None, took_s=0.05, now=1.0)
    made.end(1, NoAnswer("silent"), took_s=1.0, now=2.0)
    made.end(2, None, took_s=0.25, now=3.0)
    made.end(2, BadAnswer("odd", fault=Fault.CHECKSUM), took_s=0.1, now=4.0)
    made.retry(2)
    return made


def test_a_line_is_told_in_chinese_first() -> None:
    said = _exchanges("line", {"id": "line1", **counts().told()}, "zh")
    assert said == (
        "线路  line1        询问 100，有应答 98.0%；无应答 1，坏应答 1 (checksum 1)，断线 0，重试 1"
        "；平均 52.0 ms，最慢 250.0 ms"
    )


def test_a_unit_is_told_with_its_own_numbers() -> None:
    said = _exchanges("unit", {"id": "cod", **counts().of(2).told()}, "en").strip()
    assert said == (
        "cod          asked 2, answered 50.0%; silent 0, bad 1 (checksum 1), refused 0, retried 1"
        "; 250.0 ms on average, 250.0 ms at most"
    )


def test_a_line_nobody_asked_has_no_share_and_no_time() -> None:
    said = _exchanges("line", {"id": "line1", **Counts().told()}, "en")
    assert "asked 0, answered —" in said
    assert "on average" not in said


@pytest.mark.parametrize(
    ("lang", "name", "said"),
    [
        ("zh", "消解时长", "消解时长"),
        ("zh", "", "digestion_time"),
        ("en", "消解时长", "digestion_time"),
    ],
)
def test_a_point_that_is_no_factor_has_its_name_in_chinese_and_its_id_in_english(
    lang: Lang, name: str, said: str
) -> None:
    reading = {"point": "digestion_time", "name": name, "factor": "", "value": 10.0, "unit": "min"}
    reading |= {"cause": "normal", "taken_at": 0.0, "measured_at": None}
    _, line = _device({"id": "cod", "ok": True, "readings": [reading]}, lang)
    assert line.split()[:3] == [said, "10", "min"]


EVENT = {"id": 7, "kind": "power", "at": 0.0, "outlet": "", "factor": "", "ended_at": 60.0}
ORDER = {"id": 3, "device": "sampler", "kind": "retain", "state": "done"}


@pytest.mark.parametrize(
    ("event", "lang", "said"),
    [
        (EVENT, "zh", "事件  7 1970-01-01 08:00:00 断电"),
        (EVENT, "en", "event  7 1970-01-01 08:00:00 mains lost"),
        (
            {**EVENT, "outlet": "DW001", "factor": "w01018", "ended_at": None},
            "en",
            "event  7 1970-01-01 08:00:00 mains lost DW001 w01018 (lasts)",
        ),
    ],
)
def test_an_event_is_told_with_the_number_that_a_bundle_is_asked_by(
    event: dict[str, object], lang: Lang, said: str
) -> None:
    assert list(_told({"actions": [], "events": [event]}, lang)) == [said]


@pytest.mark.parametrize(
    ("outcome", "lang", "said"),
    [
        (None, "zh", "指令  3 留样 sampler：完成"),
        ({"bottle": 4, "reason": None}, "zh", "指令  3 留样 sampler：完成  瓶号 4"),
        ({"bottle": 4}, "en", "action 3 keep bottles sampler: done  bottle 4"),
    ],
)
def test_an_order_is_told_in_words(outcome: object, lang: Lang, said: str) -> None:
    order = {**ORDER, "outcome": outcome}
    assert list(_told({"actions": [order], "events": []}, lang)) == [said]
