"""docs/platform.zh-CN.md: what it says of payloads and sizes is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from plain_station import said

from agent.ops import orders as ops
from agent.ordering.envelope import Envelope
from agent.ordering.table import KINDS
from agent.tools.platform.schemas import TOPICS, notice_schema, order_schema

TREE = Path(__file__).parents[2]
PAGE = (TREE / "docs" / "platform.zh-CN.md").read_text(encoding="utf-8")
FACTORS = ("w00000", "w01018", "w21003", "w21011", "w21001")
STATIONS = 260_000


def test_published_schema_is_that_of_the_models() -> None:
    text = (TREE / "config" / "schema" / "notices.json").read_text(encoding="utf-8")
    assert json.loads(text) == notice_schema(), "write json.dumps(notice_schema()) there anew"


def test_published_schema_of_orders_is_that_of_the_models() -> None:
    text = (TREE / "config" / "schema" / "orders.json").read_text(encoding="utf-8")
    assert json.loads(text) == order_schema(), "write json.dumps(order_schema()) there anew"


@pytest.mark.parametrize("kind", [*KINDS, *ops.KINDS])
def test_every_kind_of_order_and_its_fields_are_explained(kind: str) -> None:
    for page in ("orders.md", "orders.zh-CN.md"):
        text = (TREE / "docs" / page).read_text(encoding="utf-8")
        named = set(re.findall(r"`([a-z_]+)`", text))
        model = KINDS[kind].model if kind in KINDS else ops.KINDS[kind]
        fields = {one.alias or name for name, one in model.model_fields.items()}
        assert {kind, *fields, *Envelope.model_fields} - named == set(), page


@pytest.mark.parametrize("topic", TOPICS)
def test_every_field_of_a_payload_is_explained(topic: str) -> None:
    part = PAGE.split(f"\n### {topic}\n")[1].split("\n#")[0]
    named = set(re.findall(r"`([a-z_0-9]+)`", part))
    assert set(TOPICS[topic].model_fields) - named == set()


def test_lengths_and_rates_of_the_sizing_are_those_of_real_frames() -> None:
    values = ";".join(f"{code}-Rtd=36.5,{code}-Flag=N" for code in FACTORS)
    period = ";".join(
        f"{code}-Cou=10.50,{code}-Min=16.4,{code}-Avg=17.5,{code}-Max=20.1,{code}-Flag=N"
        for code in FACTORS
    )
    live = len(said("2011", f"DataTime=20260601083000;{values}"))
    minute = len(said("2051", f"DataTime=20260601083000;{period}"))
    answer = len(said("9014", st="91", flag=4))
    assert f"2011 为 {live} 字节，2051、2061、2031 为 {minute} 字节，9014 为 {answer} 字节" in PAGE
    periods = 144 + 24 + 1
    per_s = STATIONS / 30 + STATIONS / 600 + STATIONS / 3600 + STATIONS / 86_400
    assert f"{round(per_s):,}".replace(",", " ") in PAGE
    kept = STATIONS * (2880 * live + periods * minute) / 1e9
    assert f"{kept:.0f} GB/天" in PAGE
    assert f"{STATIONS * periods * minute / 1e9:.0f} GB/天" in PAGE
    assert f"{round(STATIONS / 120):,}".replace(",", " ") + " 次握手/s" in PAGE
