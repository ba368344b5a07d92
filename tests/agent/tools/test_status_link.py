"""How `paikou status` words the counters of a link."""

from __future__ import annotations

from typing import Any

import pytest

from agent.tools.status_lines import _link

COUNTS: dict[str, Any] = {
    "online_rate": 0.9874,
    "drops": 3,
    "last_return_s": 41.6,
    "frame_success": None,
    "month": "2026-06",
    "sent_bytes": 1_234_567,
    "received_bytes": 0,
}


def test_counters_are_told_in_chinese_first() -> None:
    assert _link(COUNTS, "zh").strip() == (
        "在线率 98.7%，掉线 3 次（最近恢复用 42 秒）；送达 —，2026-06 上行 1235 kB 下行 0 kB"
    )


@pytest.mark.parametrize(
    ("last_s", "said"), [(None, "3 drops;"), (41.6, "3 drops (last back after 42 s);")]
)
def test_return_is_told_once_there_was_one(last_s: float | None, said: str) -> None:
    assert said in _link({**COUNTS, "last_return_s": last_s}, "en")
