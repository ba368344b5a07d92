"""The backlog that `drain` lets drain: what a station with 30 factors is owed after 30 days."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path

import yaml

from agent.model import Upload
from agent.plan import Plan, make_plan
from agent.settings.load import parse_site
from agent.store import outbox
from agent.store.db import FILE_NAME, connect, transaction
from agent.tools.migrate import migrate
from agent.uplink.header import Header
from protocols.hj212.editions import edition
from protocols.hj212.factor_table import FACTORS_2017
from protocols.hj212.message import FactorValues, Periodic, RealTime, print_message

DAYS = 30
FACTORS = 30
WINDOW = 20
HOST = "127.0.0.1"
STATION = "st1"
MN = "010000A8900016F000169DC0"
PW = "123456"
NOW = 1_795_312_800
STEPS = {"2011": 30, "2051": 60, "2061": 3600, "2031": 86_400}
"""Seconds between the uploads of a command."""
CODES = [row[0] for row in FACTORS_2017 if row[2] == "gas" and row[3] == "mg/m3"][:FACTORS]


def plan(directory: Path, transport: str, port: int) -> Plan:
    """Give the plan of a stack with its 30 factors and one platform."""
    text = yaml.safe_dump(
        {
            "unit": {"code": "91000000000000000X001P", "name": "bench"},
            "outlets": [
                {
                    "id": "DA001",
                    "medium": "gas",
                    "factors": {code: {"device": "one", "point": "a21026"} for code in CODES},
                }
            ],
            "buses": [{"id": "net1", "kind": "tcp", "host": HOST, "port": 1502}],
            "devices": [{"id": "one", "profile": "gas/fpi-cems2000", "bus": "net1", "address": 1}],
            "destinations": [
                {
                    "id": "province",
                    "transport": transport,
                    "addresses": [f"{transport}://{HOST}:{port}"],
                    "in_flight": WINDOW,
                    "backlog_per_s": 1000,
                    "send_window_s": 0,
                    "ack": "puback" if transport == "mqtt" else "9014",
                    "stations": [{"id": STATION, "mn": MN, "pw": "default", "outlets": ["DA001"]}],
                }
            ],
            "storage": {"directory": str(directory), "ballast_mb": 4},
        }
    )
    return make_plan(parse_site(text.encode())[0])


def uploads(days: float) -> Iterator[Upload]:
    """Make the uploads of so many days, oldest first, with values of their own."""
    values, held = random.Random(212), edition("hj212-2017")
    begin = NOW - int(days * 86_400)
    for at in range(begin, NOW, min(STEPS.values())):
        for cn, step in STEPS.items():
            if at % step:
                continue
            factors = tuple(FactorValues(code, _values(cn, values)) for code in CODES)
            message = RealTime(at, factors) if cn == "2011" else Periodic(cn, at, factors)
            yield Upload(cn, "31", at, print_message(message, held))


def _values(cn: str, values: random.Random) -> dict[str, float | str | None]:
    found = sorted(round(20 + values.random() * 10, 2) for _ in range(3))
    if cn == "2011":
        return {"Rtd": found[1], "ZsRtd": found[2], "Flag": "N"}
    low, mean, high = found
    return {"Cou": mean * 3, "Min": low, "Avg": mean, "Max": high, "Flag": "N"}


def fill(directory: Path, days: float) -> int:
    """Owe all of it; gives the number of frames."""
    migrate(directory)
    with contextlib.closing(connect(directory / FILE_NAME)) as connection:
        with transaction(connection):
            for one in uploads(days):
                outbox.add(connection, STATION, one, now=NOW, since=one.at)
        return int(connection.execute("SELECT count(*) FROM outbox").fetchone()[0])


def frames(directory: Path) -> list[bytes]:
    """Give the same frames ready made, for who has nothing else to do."""
    header = Header(edition("hj212-2017"), MN, PW)
    with contextlib.closing(connect(directory / FILE_NAME, read_only=True)) as connection:
        rows = outbox.backlog(connection, STATION, now=NOW, live_s=0.0, limit=10**9)
    return [header.frame(row, resent=False) for row in rows]
