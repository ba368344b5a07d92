"""The report alone answers what, when, how much over, which bottle, who touched it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from agent_fakes import READY
from agent_site import COD, HOUR, T0, plan_with

from agent.model import Cause
from agent.rules.interlocks import interlock
from agent.store.actions import Action
from agent.store.bottles import Bottle
from agent.store.events import Event
from agent.tools.evidence.facts import Course, Facts, Line
from agent.tools.evidence.films import Shown
from agent.tools.evidence.gather import Interval
from agent.tools.evidence.hands import NOBODY, touched
from agent.tools.evidence.named import asker
from agent.tools.evidence.page import page
from agent.tools.evidence.plot import plot, round_ticks
from agent.tools.evidence.said import words
from drivers.device import SamplerStatus

ABOUT = {"made_at": T0, "version": "1", "by": "province", "why": "exceedance", "key": "k",
         "head": "h"}  # fmt: skip


def exceedance(worst: float = 86.4) -> Event:
    state = {"worst": worst, "limit": 50.0, "first_at": T0}
    detail = {"on": "measurement", "source": "GB 18918", "state": state}
    return Event(1, "x", "exceedance", T0 + 60.0, "DW001", COD, None, detail)


def retain(state: str, outcome: Any) -> Action:
    asked = {"outlet": "DW001", "factor": COD}
    return Action(2, "r", "sampler", "retain", "rule", asked, T0, T0 + HOUR, state, T0, T0, None,
                  outcome, "", None, None)  # fmt: skip


def told(
    *,
    actions: tuple[Action, ...] = (),
    journal: tuple[Line, ...] = (),
    bottles: tuple[Bottle, ...] = (),
    events: tuple[Event, ...] = (),
    films: Any = (),
) -> str:
    facts = Facts(
        Interval(T0, T0 + HOUR, 1), (exceedance(), *events), actions, (), journal, bottles=bottles
    )
    return page(facts, plan_with().site, ABOUT, films)


def line(what: str, who: str = "agent") -> Line:
    return Line(1, T0, who, what, {"why": "<b>"})


def plain(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def test_head_says_what_when_how_much_and_which_bottle() -> None:
    kept = retain("done", {"at": T0 + 90.0, "bottle": 3, "volume_ml": 500.0})
    text = plain(told(actions=(kept,)))
    for said in ("DW001：化学需氧量 86.4 mg/L", "超标 0.73 倍", "限值 50", "3 号瓶，500 mL",
                 "采样器自己的记录", "GB 18918"):  # fmt: skip
        assert said in text


def test_bottle_is_told_with_its_water_and_the_hands_it_went_through() -> None:
    kept = retain("done", {"at": T0 + 90.0, "bottle": 3, "volume_ml": 500.0})
    bottle = Bottle(
        1, "r#3", "DW001-1-03", "sampler", 3, "DW001", "exceedance",
        ({"factor": COD, "value": 86.4, "limit": 50.0},), int(T0), T0 + 90.0, T0 + 91.0, "A",
        500.0, 4.17, 2, guarded=True, keep_until=T0 + 9 * HOUR,
        touched_at=T0 + 100.0, confirmed_by="王五", confirmed_at=T0 + 200.0,
    )  # fmt: skip
    text = plain(told(actions=(kept,), bottles=(bottle,)))
    assert "瓶签 DW001-1-03，水样 06-10 10 时 A 桶，箱温 4.2 ℃" in text
    for said in ("10:01:40 箱门被打开；2026-06-10 10:03:20 王五 核对无误；在箱内，仅执法或平台",
                 "化学需氧量 86.4 &gt; 50 mg/L"):  # fmt: skip
        assert said in text


def test_who_signed_an_event_is_its_hand_though_the_program_wrote_the_line() -> None:
    released = Line(1, T0, "agent", "event retention_released", {"who": "wang", "code": "c"})
    assert touched((released,), {"wang": "王局"}) == "王局：留样解除"


def test_numbers_have_their_unit_and_words_are_chinese() -> None:
    told_ = words({"value": 86.4, "limit": 50.0, "volume_ml": 500.0, "reason": "value not valid: "
                   "maintenance", "of": "retention_blocked", "files": [{"name": "a", "bytes": 3}]},
                  of=COD)  # fmt: skip
    assert told_ == (
        "值 86.4 mg/L；限值 50 mg/L；体积 500 mL；原因 数据无效：维护；"
        "事件类型 超标但未留样；附件 a 3 字节"
    )


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 86.4, [0, 50, 100]),
        (0.0, 0.0, [0, 0.5]),
        (-3.0, 4.0, [-5, 0, 5]),
        (0.0, 0.21, [0, 0.1, 0.2, 0.3]),
    ],
)
def test_axis_has_round_numbers(low: float, high: float, ticks: list[float]) -> None:
    assert round_ticks(low, high) == pytest.approx(ticks)


def test_bottle_that_is_not_proven_is_called_so() -> None:
    text = plain(told(actions=(retain("unknown", {"reason": "no record"}),)))
    assert "未证实：结果不明（no record）" in text
    assert "号瓶" not in text


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        ("refused", "no free bottle", "没有留样：拒绝（没有空瓶）"),
        ("expired", "its deadline had passed", "没有留样：过期未执行（已过最迟时间）"),
        ("failed", "interrupted; the sampler has no record of a kept bottle",
         "没有留样：失败（中断；采样器没有留样记录）"),
        ("unknown", "ordered, and the sampler does not answer: silent",
         "未证实：结果不明（已下令，采样器没有应答：silent）"),
    ],
)  # fmt: skip
def test_end_of_an_order_is_called_what_it_is(state: str, reason: str, said: str) -> None:
    assert said in plain(told(actions=(retain(state, {"reason": reason}),)))


@pytest.mark.parametrize(
    "status",
    [
        replace(READY, door_open=True),
        replace(READY, retaining=True),
        replace(READY, state=Cause.MAINTENANCE),
        replace(READY, state=Cause.FAULT),
        replace(READY, state=Cause.STOPPED),
        replace(READY, bottles_ml=(500,)),
    ],
)
def test_every_interlock_has_its_chinese(status: SamplerStatus) -> None:
    lock = interlock(status)
    assert lock is not None
    assert not re.search("[a-z]", words({"reason": lock.reason}))


def test_instrument_is_named_with_model_and_number() -> None:
    def numbered(site: dict[str, Any]) -> None:
        next(one for one in site["devices"] if one["id"] == "cod")["serial"] = "1234"

    site = plan_with(numbered).site
    facts = Facts(Interval(T0, T0 + HOUR, 1), (exceedance(),), (), (), ())
    text = plain(page(facts, site, ABOUT))
    assert re.search(r"谁测的cod（.+，出厂编号 1234）", text)


def test_who_asked_is_a_platform_or_a_person_by_name() -> None:
    def known(site: dict[str, Any]) -> None:
        site["destinations"][0]["name"] = "省平台"
        site["people"] = [{"id": "li", "name": "李四", "role": "operator"}]

    site = plan_with(known).site
    station = site.destinations[0].stations[0].id
    assert [asker(one, site) for one in (station, "li", "root")] == [
        f"平台 省平台（{station}）", "李四", "root",
    ]  # fmt: skip


def test_that_nobody_touched_it_says_which_stretch_of_the_journal_was_read() -> None:
    first = Line(1, T0 + 5.0, "agent", "start", {})
    last = Line(2, T0 + 65.0, "agent", "clip ordered", {})
    text = plain(told(journal=(first, last)))
    assert f"{NOBODY}（查日志 2026-06-10 10:00:05 至 2026-06-10 10:01:05）" in text
    later = plain(told(journal=(last,)))
    assert "（查日志 2026-06-10 10:00:00 至" in later, "its journal is older than the interval"
    assert "（该时段没有日志）" in plain(told())


def test_course_is_not_drawn_beyond_the_interval() -> None:
    points = tuple((T0 + n, 7.0, Cause.NORMAL) for n in range(60))
    drawn = plot(Course("DW001", COD, None, points, ()), T0, T0 + HOUR)
    assert "06-10 10:00:00" in drawn
    drawn = plot(Course("DW001", COD, None, points, ()), T0 - HOUR, T0 + 60)
    assert "06-10 10:01:00" in drawn


def test_why_there_is_no_bottle_is_said_where_it_is_known() -> None:
    assert "没有留样记录" in plain(told())
    blocked = Event(
        2, "y", "retention_blocked", T0 + 61.0, "DW001", COD, T0 + 61.0,
        {"reason": "measured flow is zero"},
    )  # fmt: skip
    assert "没有留样：实测流量为零" in plain(told(events=(blocked,)))


def test_films_are_named_and_their_picture_is_in_the_report_itself() -> None:
    about = {"outlet": "DW001", "camera": "yard", "kind": "exceedance", "at": T0 + 60.0,
             "begin": T0 + 50.0, "end": T0 + 110.0, "bytes": 10, "sha256": "a" * 64, "gaps": [],
             "value": 86.4, "factor": COD}  # fmt: skip
    html = told(films=[Shown("clips/yard.1.1.mp4", about, b"jpeg")])
    assert 'href="clips/yard.1.1.mp4"' in html
    assert 'src="data:image/jpeg;base64,anBlZw=="' in html
    assert "录像10:00:50–10:01:50" in plain(html)


def test_whoever_touched_it_is_named_first_and_marked_below() -> None:
    journal = (
        line("mark confirmed", who="zhang"),
        line("event door"),
        line("event door ended"),
        line("command 3015"),
        line("evidence made", who="李四"),
        line("clip ordered"),
    )
    assert touched(journal, {"zhang": "张三"}) == "张三：确认标记；开门 1 次；平台指令 1 条"
    html = told(journal=journal)
    assert html.count("<tr class=hand>") == 4
    assert "<b>；" not in html
    assert NOBODY in plain(told(journal=(line("clip ordered"),)))


def test_page_is_one_file_without_script_and_fits_a_phone(tmp_path: Path) -> None:
    html = told()
    assert "<script" not in html
    assert "http" not in html
    assert "width=device-width" in html
