"""`paikou platform --order` against a running daemon: sent, answered, shown, exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from daemon_bench import MN, SiteFile, Start
from test_daemon_life import paikou

from agent.tools.broker import Broker

pytestmark = pytest.mark.system


async def test_order_of_the_test_platform_is_done_and_refused(
    broker: Broker, site_file: SiteFile, daemon: Start, tmp_path: Path
) -> None:
    one = await daemon(site_file(broker.port))
    await one.linked("one")
    file = tmp_path / "order.json"
    body = {"number": "12号", "level": "dispatch", "outlet": "DW001", "content": "请处理"}
    told = {"ref": "DB-1", "kind": "supervision", "body": body}
    file.write_text(json.dumps(told), encoding="utf-8")
    code, output, errors = await paikou(
        "platform", "--mqtt", broker.url, "--order", f"{MN} {file}", "--json"
    )
    assert code == 0, output + errors
    lines = [json.loads(line) for line in output.splitlines()]
    (answered,) = [line for line in lines if line["kind"] == "answered"]
    assert (answered["ref"], answered["state"]) == ("DB-1", "done")
    assert one.rows("SELECT number, level FROM supervision") == [("12号", "dispatch")]

    code, output, _ = await paikou(
        "platform", "--mqtt", broker.url, "--send", f"order {MN} nonsense", PAIKOU_LANG="zh"
    )
    assert code == 1
    assert "被拒绝" in output
    assert "supervision" in output
