"""Counters and gauges of the daemon, in one registry that is passed in. Labels are bounded sets."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


class Metrics:
    """What the daemon counts about itself; `text` renders it for a scraper or `status`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.readings = self._counter("readings", "Readings taken", "device")
        self.absent = self._counter("absent_readings", "Readings without value", "device")
        self.cycles = self._counter("poll_cycles", "Poll cycles committed", "bus")
        self.closed = self._counter("periods_closed", "Periods closed", "kind")
        self.sent = self._counter("sends", "Send attempts", "station", "outcome")
        self.refused = self._counter("refused_frames", "Frames refused on receipt", "station")
        self.dropped = self._counter("dropped_rows", "Rows given up by rule", "what")
        self.restarts = self._counter("task_restarts", "Tasks restarted after an error", "task")
        self.outbox = self._gauge("outbox_rows", "Uploads not delivered yet", "station")
        self.linked = self._gauge("station_linked", "1 while the platform is connected", "station")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"paikou_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"paikou_{name}", text, labels, registry=self.registry)

    def text(self) -> str:
        """Render all of them in the Prometheus text format."""
        return generate_latest(self.registry).decode()
