"""SIGKILL between the order of a bottle and its record: one bottle, one order, told as it was."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
from daemon_bench import Daemon, until
from test_sequence_daemon import running, site_text

from agent.clock import Clock, Pace
from agent.settings import parse_site
from agent.tools.simulate.dayue import EXECUTING, Habits
from agent.tools.simulate.orders import Measure, Set
from agent.tools.simulate.simulation import Simulation
from agent.tools.simulate.stage import Play

pytestmark = pytest.mark.system

SPEED = 20.0
FILL_S = 200.0
"""On the clock: ten real seconds, in which the process dies."""
WITHIN_S = 120.0


def state(daemon: Daemon) -> str:
    rows = daemon.rows("SELECT state FROM actions WHERE kind = 'retain'")
    return str(rows[0][0]) if rows else ""


@pytest.mark.parametrize("answers", [True, False], ids=["back at once", "silent at first"])
async def test_bottle_ordered_before_a_kill_is_found_in_the_samplers_record(
    tmp_path: Path, answers: bool
) -> None:
    path = tmp_path / "site.yaml"
    text = site_text(tmp_path / "store").replace("sequence: agent", "sequence: sampler")
    path.write_text(text, encoding="utf-8")
    pace = Pace(time.time() // 3600 * 3600, time.monotonic(), SPEED)
    site, clock = parse_site(path.read_bytes())[0], Clock(pace)
    simulation = Simulation(site, clock, Play(sampler=Habits(fill_s=FILL_S)))
    sampler = simulation.stage.samplers["sampler"]
    async with simulation:
        async with running(path, pace, 1) as daemon:
            await until(lambda: bool(daemon.rows("SELECT 1 FROM samples")), within_s=WITHIN_S)
            await simulation.obey(Set(do="set", device="cod", point="w01018", value=86.0))
            await simulation.obey(Measure(do="measure", device="cod"))
            # a row before it is an act: the order itself has to be over there, too
            await until(lambda: sampler.word == EXECUTING, within_s=WITHIN_S)
            assert state(daemon) == "running"
            await daemon.stop(signal.SIGKILL)
        if answers:
            async with running(path, pace, 2) as daemon:
                await until(lambda: state(daemon) == "done", within_s=WITHIN_S)
                await daemon.stop()
    if not answers:  # nobody answers on the line; then the same sampler does
        async with running(path, pace, 2) as daemon:
            assert state(daemon) == "unknown"
            async with simulation:
                await until(lambda: state(daemon) == "done", within_s=WITHIN_S)
                await daemon.stop()
    assert daemon.rows("SELECT bottle FROM bottles") == [(1,)]
    assert sampler.used == 1
    assert len(daemon.rows("SELECT 1 FROM actions WHERE kind = 'retain'")) == 1
    assert daemon.rows("SELECT count(*) FROM events WHERE kind = 'retention'") == [(1,)]
    starts = daemon.rows("SELECT detail FROM journal WHERE what = 'start' ORDER BY seq")
    assert [json.loads(detail)["in_doubt"] for (detail,) in starts] == [0, 1]
