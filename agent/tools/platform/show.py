"""What a running platform shows: lines for people, or JSON lines for programs."""

from __future__ import annotations

import json
import sys

import click

from agent.tools.platform.ledger import Entry, Ledger
from agent.tools.platform.platform import Notice


class TextShow:
    """What people see: rejected frames and events as they come, a counter line on a terminal."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._live = sys.stdout.isatty()

    def entry(self, entry: Entry) -> None:
        """Show a frame that is wrong; right ones are counted."""
        if not entry.verdict.ok:
            self._line(f"rejected  {entry.topic}  {entry.verdict.reason}")
        self.tick()

    def notice(self, notice: Notice) -> None:
        """Show states and events; health is for the counter line."""
        if notice.kind != "health":
            self._line(f"{notice.kind}  {notice.mn}  {json.dumps(notice.content)}")

    def link(self, connected: bool) -> None:
        """Say when the broker is there and when it is not."""
        self._line("connected, waiting for frames" if connected else "broker lost")

    def tick(self) -> None:
        """Draw the counter line anew."""
        if self._live:
            click.echo(f"\r\x1b[K{_counters(self._ledger)}", nl=False)

    def end(self, ledger: Ledger) -> None:
        """Print the sum."""
        self._line(_counters(ledger))
        for reason, count in ledger.rejected.most_common():
            click.echo(f"  {count} x {reason}")

    def _line(self, text: str) -> None:
        click.echo(f"\r\x1b[K{text}" if self._live else text)


class JsonShow:
    """What programs see: one JSON object per line, the summary last."""

    def entry(self, entry: Entry) -> None:
        """Print a frame with its verdict."""
        click.echo(json.dumps({"kind": "frame", **entry.as_json()}, ensure_ascii=False))

    def notice(self, notice: Notice) -> None:
        """Print a state, health or event message."""
        line = {"kind": notice.kind, "received_at": notice.received_at, "topic": notice.topic}
        line |= {"mn": notice.mn, "content": notice.content}
        click.echo(json.dumps(line, ensure_ascii=False))

    def link(self, connected: bool) -> None:
        """Print when the broker has our subscriptions and when it is lost."""
        click.echo(json.dumps({"kind": "link", "connected": connected}))

    def tick(self) -> None:
        """Say nothing: programs are told of everything as it comes."""

    def end(self, ledger: Ledger) -> None:
        """Print the sum."""
        click.echo(json.dumps({"kind": "summary", **ledger.summary()}, ensure_ascii=False))


def _counters(ledger: Ledger) -> str:
    by_cn = " ".join(f"{cn}:{count}" for cn, count in sorted(ledger.distinct.items()))
    return (
        f"received {ledger.distinct.total()} ({by_cn or 'none yet'}), "
        f"copies {ledger.copies.total()}, rejected {ledger.rejected.total()}"
    )
