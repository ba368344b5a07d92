"""A supervision order over mosquitto: reminders on a fast clock, a crash, an outage, a receipt."""

from __future__ import annotations

import base64
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import MN, Daemon, SiteFile, Start, until
from test_daemon_life import paikou
from uplink_bench import Listener

from agent.clock import Pace
from agent.tools.broker import Broker

pytestmark = pytest.mark.system

SPEED = 600.0
DEADLINE_H = 8
"""48 real seconds at that speed."""
LONG_S = 90.0
ORDER = f"hj212/{MN}/order"
REF, NUMBER = "DB-2026-1", "12号"


def with_people(site: dict[str, Any]) -> None:
    platform = site["destinations"][0]
    platform |= {"events": ["supervision"], "supervision": {"deadline_h": DEADLINE_H}}
    # few frames: at this speed they would be hundreds a second
    platform |= {"mqtt": {"reconnect_s": 1}, "real_time_s": 3600, "minutes": 30}
    site["people"] = [{"id": "zhang", "name": "张三", "role": "operator"}]


def order(kind: str, ref: str, **body: Any) -> bytes:
    return json.dumps({"ref": ref, "kind": kind, "body": body}).encode()


def supervise(now: float) -> bytes:
    told = {"number": NUMBER, "level": "handling", "outlet": "DW001", "content": "pH 异常，请说明"}
    return order("supervision", REF, **told, start=now - 3600, end=now)


def told(platform: Listener, kind: str) -> list[dict[str, Any]]:
    """Give the details of the events of a kind that a subscriber heard, in order."""
    found = [json.loads(payload) for payload in platform.payloads("/event")]
    return [one["detail"] for one in found if one["kind"] == kind]


def steps(platform: Listener) -> list[tuple[str, int | None]]:
    return [(one["step"], one.get("percent")) for one in told(platform, "supervision")]


def reminded(daemon: Daemon) -> int:
    ((percent,),) = daemon.rows("SELECT reminded FROM supervision")
    return int(percent)


async def test_supervision_order_lives_past_crash_and_outage(
    broker: Broker, site_file: SiteFile, daemon: Start, tmp_path: Path
) -> None:
    site = site_file(broker.port, with_people)
    start = time.time()
    pace = str(Pace(start, time.monotonic(), SPEED))
    one = await daemon(site, pace=pace)
    await one.linked("one")

    async with Listener(broker.port, (f"hj212/{MN}/event",)) as platform:
        # it comes, is kept and answered, and its interval is frozen
        platform.say(ORDER, supervise(start))
        await until(lambda: [each["state"] for each in told(platform, "order")] == ["done"])
        assert one.rows("SELECT outlet, released_at FROM holds") == [("DW001", None)]

        (shown,) = (await one.ask("status"))["supervision"]
        assert (shown["number"], shown["outlet"]) == (NUMBER, "DW001")
        code, output, _ = await paikou("status", str(site), PAIKOU_LANG="zh")
        assert f"督办 {NUMBER} DW001 待答复" in output

        # half of its time goes by
        await until(lambda: ("reminder", 50) in steps(platform), within_s=LONG_S)

        # the daemon dies; the next one knows the order, and the platform asks again
        await one.stop(signal.SIGKILL)
        one = await daemon(site, pace=pace)
        await one.linked("one")
        platform.say(ORDER, supervise(start))
        await until(lambda: len(told(platform, "order")) == 2)
        assert told(platform, "order")[1]["state"] == "done"
        assert one.rows("SELECT count(*) FROM supervision") == [(1,)]

    # the line to the platform breaks; nine tenths go by, and a person answers meanwhile
    await broker.stop()
    await until(lambda: reminded(one) >= 90, within_s=LONG_S)
    photo = tmp_path / "现场.jpg"
    photo.write_bytes(bytes(range(256)) * 300)
    code, output, errors = await paikou(
        "orders", str(site), "answer", NUMBER, "--by", "张三", "--why", "督办答复",
        "--text", "加药泵故障，已更换", "--draft", "--file", str(photo), PAIKOU_LANG="zh",
    )  # fmt: skip
    assert code == 0, errors
    assert "已答复督办" in output
    assert one.rows("SELECT receipt FROM supervision_answers") == [("",)]

    # the broker is back, and so is its subscriber: all of it arrives, and the receipt is kept
    await broker.start()
    async with Listener(broker.port, (f"hj212/{MN}/event",)) as platform:
        await until(lambda: ("answered", None) in steps(platform))
        await until(lambda: len(told(platform, "supervision_file")) == 2)
        answer = next(each for each in told(platform, "supervision") if each["step"] == "answered")
        assert answer["ref"] == REF
        assert answer["text"].startswith("加药泵故障，已更换\n\n关于督办 12号")
        pieces = {each["part"]: each["content"] for each in told(platform, "supervision_file")}
        sent = b"".join(base64.b64decode(pieces[part]) for part in sorted(pieces))
        assert sent == photo.read_bytes()
        await until(lambda: one.rows("SELECT receipt FROM supervision_answers") != [("",)])

        # the agency finds it true and ends the case
        judged = order("supervision_state", "C-1", order=REF, verification=1, stage="ended")
        platform.say(ORDER, judged)
        await until(lambda: any(each["ref"] == "C-1" for each in told(platform, "order")))

    code, output, _ = await paikou("orders", str(site), "show", NUMBER, PAIKOU_LANG="zh")
    assert code == 0
    assert "已核实" in output
    assert "已结案" in output
    assert "平台已签收" in output
    percents = [
        json.loads(detail).get("percent")
        for (detail,) in one.rows("SELECT detail FROM events WHERE kind = 'supervision'")
    ]
    # a machine that stands still over both tells the later one
    assert [each for each in percents if each] in ([50, 90], [50, 90, 100], [50, 100])
    lines = [what for (what,) in one.rows("SELECT what FROM journal ORDER BY seq")]
    for what in ("order received", "hold", "supervision answered", "supervision answer received"):
        assert lines.count(what) == (2 if what == "order received" else 1), what
    assert await one.stop() == 0
