"""Password, key and interval changed while data flows: all goes on, and holds after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest
from exchange_bench import KEY, MN, Meeting, meeting

from agent.tools.broker import Broker

pytestmark = pytest.mark.system

NEW_PW = "q7Zk2P"


async def done(met: Meeting, line: str) -> list[str]:
    course = await met.order(line)
    assert str(course.outcome) == "done", (line, course)
    return course.texts


@pytest.mark.parametrize("transport", ["tcp", "mosquitto"])
async def test_what_a_platform_renews_holds_at_once_and_after_a_restart(
    transport: str, tmp_path: Path, broker: Broker
) -> None:
    async with meeting(tmp_path, transport, "hj212-2025", broker) as met:
        await met.until_heard("2051")
        await done(met, f"1072 NewPW={NEW_PW}")
        await done(met, "1014")
        await done(met, "1062 RtdInterval=1200")
        assert await done(met, "1061") == ["RtdInterval=1200"]
        await done(met, "1064 MinInterval=15")
        assert await done(met, "1063") == ["MinInterval=15"]
        key = met.platform.roster.stations[MN].key
        assert key is not None
        assert key != KEY.encode()
        await met.until_heard("2051", len(met.right("2051")) + 2)
        assert await met.plant.agent.stop() == 0, met.plant.agent.said()
        await met.plant.run()
        before = len(met.right("2051"))
        await met.until_heard("2051", before + 2)
        assert await done(met, "1061") == ["RtdInterval=1200"]
        assert await done(met, "1063") == ["MinInterval=15"]
        assert [one for one in met.wrong() if not one.endswith(": PW: not the station's")] == []
        assert await met.plant.agent.stop() == 0, met.plant.agent.said()
        secrets = (NEW_PW.encode(), key, KEY.encode())
        written = [*met.plant.state.iterdir(), *(one.log for one in met.plant.agents)]
        found = [
            path.name
            for path in written
            if path.is_file() and any(secret in path.read_bytes() for secret in secrets)
        ]
        assert found == []
