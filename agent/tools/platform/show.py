"""What a running platform shows: lines for people, or JSON lines for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import click

from agent.errors import Lang
from agent.tools.platform.course import Course
from agent.tools.platform.gaps import Series
from agent.tools.platform.json_orders import Answered, JsonOrder
from agent.tools.platform.ledger import Entry, Ledger
from agent.tools.platform.orders import Order
from agent.tools.platform.platform import Notice
from agent.tools.platform.told import masked, tell
from agent.tools.words import local_time, pick

_OUTCOMES = {
    "done": ("完成", "done"),
    "no data": ("完成，没有数据", "done, there are no data"),
    "refused": ("被拒绝", "refused"),
    "failed": ("执行失败", "failed"),
    "unanswered": ("超时：没有应答", "timed out: no answer"),
    "unfinished": ("超时：已应答，没有执行结果", "timed out: answered, no result"),
}
_STATES = {
    "done": ("完成", "done"),
    "refused": ("被拒绝", "refused"),
    "": ("超时：没有应答", "timed out: no answer"),
}


class TextShow:
    """What people see: wrong frames, events and exchanges; a counter line on a terminal."""

    def __init__(self, ledger: Ledger, lang: Lang = "zh") -> None:
        self._ledger = ledger
        self._lang: Lang = lang
        self._live = sys.stdout.isatty()

    def entry(self, entry: Entry) -> None:
        """Show a frame that is wrong or belongs to an order; other right ones are counted."""
        verdict, lang = entry.verdict, self._lang
        if not verdict.ok:
            word = pick(("不合格", "rejected"), lang)
            self._line(f"{word}  {entry.topic}  {verdict.reason}")
        elif entry.asked and verdict.segment is not None:
            said = tell(verdict.segment, verdict.edition, way="up", lang=lang)
            self._line(f"{local_time(entry.received_at, '%H:%M:%S')} ◀ {said}")
        self.tick()

    def notice(self, notice: Notice) -> None:
        """Show states and events; health is for the counter line."""
        if notice.kind == "evidence":
            self._bundle(notice.mn, notice.content)
        elif notice.kind not in ("health", "diagnosis"):
            content = json.dumps(notice.content, ensure_ascii=False)
            self._line(f"{notice.kind}  {notice.mn}  {content}")

    def link(self, connected: bool) -> None:
        """Say when we can be reached and when not."""
        words = ("就绪，等待报文", "connected, waiting for frames") if connected else (
            "连接断开", "connection lost")  # fmt: skip
        self._line(pick(words, self._lang))

    def call(self, peer: str, there: bool) -> None:
        """Say who connects and who leaves."""
        words = ("现场机接入", "station connected") if there else ("现场机断开", "station gone")
        self._line(f"{pick(words, self._lang)}  {peer}")

    def place(self, host: str, port: int) -> None:
        """Say where we listen."""
        self._line(f"{pick(('TCP 监听', 'listening'), self._lang)}  {host}:{port}")

    def order(self, order: Order, attempt: int) -> None:
        """Show an order as it goes out."""
        again = "" if not attempt else pick(("（重发）", " (again)"), self._lang)
        said = tell(order.segment, order.edition, way="down", lang=self._lang)
        self._line(f"▶ {order.station.mn or '—'} {said}{again}")

    def exchange(self, course: Course) -> None:
        """Say how an order ended."""
        word = pick(_OUTCOMES[str(course.outcome)], self._lang)
        result = course.result_zh() if self._lang == "zh" and course.outcome else ""
        frames = pick((f"数据 {course.data} 条", f"{course.data} data frames"), self._lang)
        wrong = f", {course.wrong} ✗" if course.wrong else ""
        mark = "✓" if course.outcome and course.outcome.completed else "✗"
        self._line(f"{mark} {course.order.segment.cn} {word}  {frames}{wrong}  {result}".rstrip())

    def json_order(self, order: JsonOrder, attempt: int) -> None:
        """Show an order as JSON as it goes out."""
        again = "" if not attempt else pick(("（重发）", " (again)"), self._lang)
        self._line(f"▶ {order.mn or '—'} {order.kind} {order.ref}{again}")

    def answered(self, answered: Answered) -> None:
        """Say how an order as JSON ended, and what came with it."""
        word = pick(_STATES.get(answered.state, _STATES[""]), self._lang)
        mark = "✓" if answered.state == "done" else "✗"
        self._line(f"{mark} {answered.order.kind} {word}  {answered.text}".rstrip())
        if answered.content:
            self._line(answered.content)

    def gaps(self, report: Iterable[Series]) -> None:
        """Print the gap report."""
        for one in report:
            self._gaps_of(one)

    def tick(self) -> None:
        """Draw the counter line anew."""
        if self._live:
            click.echo(f"\r\x1b[K{self._counters(self._ledger)}", nl=False)

    def end(self, ledger: Ledger) -> None:
        """Print the sum."""
        self._line(self._counters(ledger))
        for reason, count in ledger.rejected.most_common():
            click.echo(f"  {count} × {reason}")

    def _bundle(self, mn: str, found: dict[str, Any]) -> None:
        """Say what became of an evidence bundle."""
        words = {
            "whole": ("✓ 证据包完整", "✓ bundle whole"),
            "failed": ("✗ 对方未能制作证据包", "✗ no bundle could be made"),
        }.get(found["state"], ("✗ 证据包不完整", "✗ bundle NOT WHOLE"))
        key = ""
        if found["key"]:
            known = ("公钥与站点所报一致", "the station's key")
            own = ("公钥取自文件本身", "the file's own key")
            key = pick(known if found["known_key"] else own, self._lang)
        said = (pick(words, self._lang), mn, found["ref"], found["file"], key, *found["faults"])
        self._line("  ".join(filter(None, said)))

    def _gaps_of(self, one: Series) -> None:
        lang, (mn, st, cn) = self._lang, one.course
        head = f"{mn} ST={st} CN={cn}  {local_time(one.first)} – {local_time(one.last)}"
        counts = pick(
            (
                f"间隔 {one.interval_s or '?'} s  收到 {one.received}  缺 {one.missing}  "
                f"重复 {sum(one.twice.values())}  缺包 {len(one.partial)}",
                f"every {one.interval_s or '?'} s  received {one.received}  missing {one.missing}  "
                f"copies {sum(one.twice.values())}  partial {len(one.partial)}",
            ),
            lang,
        )
        self._line(f"{'✓' if one.whole else '✗'} {head}  {counts}")
        for gap in one.gaps[:20]:
            span = f"{local_time(gap.first)} – {local_time(gap.last)}"
            self._line(f"    {pick(('缺', 'missing'), lang)} {span} × {gap.count}")

    def _counters(self, ledger: Ledger) -> str:
        by_cn = " ".join(f"{cn}:{count}" for cn, count in sorted(ledger.distinct.items()))
        if self._lang == "en":
            return (
                f"received {ledger.distinct.total()} ({by_cn or 'none yet'}), "
                f"copies {ledger.copies.total()}, rejected {ledger.rejected.total()}"
            )
        return (
            f"收到 {ledger.distinct.total()}（{by_cn or '暂无'}），"
            f"重复 {ledger.copies.total()}，不合格 {ledger.rejected.total()}"
        )

    def _line(self, text: str) -> None:
        click.echo(f"\r\x1b[K{text}" if self._live else text)


class JsonShow:
    """What programs see: one JSON object per line, the summary last."""

    def entry(self, entry: Entry) -> None:
        """Print a frame with its verdict."""
        self._say("frame", entry.as_json())

    def notice(self, notice: Notice) -> None:
        """Print a state, health or event message."""
        line = {"received_at": notice.received_at, "topic": notice.topic}
        self._say(notice.kind, line | {"mn": notice.mn, "content": notice.content})

    def link(self, connected: bool) -> None:
        """Print when an intake is ready and when it is not."""
        self._say("link", {"connected": connected})

    def call(self, peer: str, there: bool) -> None:
        """Print who connects and who leaves."""
        self._say("station", {"peer": peer, "connected": there})

    def place(self, host: str, port: int) -> None:
        """Print where we listen."""
        self._say("listening", {"host": host, "port": port})

    def order(self, order: Order, attempt: int) -> None:
        """Print an order as it goes out, without its secrets."""
        segment = order.segment
        said = {"mn": order.station.mn, "st": segment.st, "cn": segment.cn, "qn": segment.qn}
        self._say("order", said | {"cp": masked(segment.cp), "attempt": attempt})

    def exchange(self, course: Course) -> None:
        """Print how an order ended."""
        order = course.order
        said = {"mn": order.station.mn, "cn": order.segment.cn, "qn": order.qn}
        said |= {"outcome": str(course.outcome), "qn_rtn": course.qn_rtn}  # type: ignore[dict-item]
        self._say("exchange", said | {"exe_rtn": course.exe_rtn, "data": course.data,
                                      "wrong": course.wrong})  # fmt: skip

    def json_order(self, order: JsonOrder, attempt: int) -> None:
        """Print an order as JSON as it goes out."""
        said = {"mn": order.mn, "ref": order.ref, "order": order.kind, "attempt": attempt}
        self._say("json_order", said)

    def answered(self, answered: Answered) -> None:
        """Print how an order as JSON ended, and what came with it."""
        order = answered.order
        said = {"ref": order.ref, "order": order.kind, "state": answered.state}
        self._say("answered", said | {"text": answered.text, "content": answered.content})

    def gaps(self, report: Iterable[Series]) -> None:
        """Print the gap report, a line a series."""
        for one in report:
            click.echo(json.dumps(one.as_json(), ensure_ascii=False))

    def tick(self) -> None:
        """Say nothing: programs are told of everything as it comes."""

    def end(self, ledger: Ledger) -> None:
        """Print the sum."""
        self._say("summary", ledger.summary())

    @staticmethod
    def _say(kind: str, line: dict[str, Any]) -> None:
        click.echo(json.dumps({"kind": kind, **line}, ensure_ascii=False))
