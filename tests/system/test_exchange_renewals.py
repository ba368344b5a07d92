"""Password, key and interval changed while data flows: all goes on, and holds after a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from exchange_bench import KEY, Meeting, Party, meetings

from agent.tools.broker import Broker

pytestmark = pytest.mark.system

NEW_PW = "q7Zk2P"


async def done(met: Meeting, line: str) -> list[str]:
    course = await met.order(line)
    assert str(course.outcome) == "done", (line, course)
    return course.texts


async def test_what_a_platform_renews_holds_at_once_and_after_a_restart(
    tmp_path: Path, broker: Broker
) -> None:
    parties = [Party("tcp", "hj212-2025", 0), Party("mosquitto", "hj212-2025", 1)]
    async with meetings(tmp_path, parties, broker) as met:
        plant = met[0].plant
        await asyncio.gather(*(renews(one) for one in met))
        assert await plant.agent.stop() == 0, plant.agent.said()
        await plant.run()
        await asyncio.gather(*(has_what_was_renewed(one) for one in met))
        assert await plant.agent.stop() == 0, plant.agent.said()
        keys = [one.platform.roster.stations[one.mn].key for one in met]
        assert None not in keys
        secrets = (NEW_PW.encode(), KEY.encode(), *(key for key in keys if key is not None))
        written = [*plant.state.iterdir(), *(one.log for one in plant.agents)]
        found = [
            path.name
            for path in written
            if path.is_file() and any(secret in path.read_bytes() for secret in secrets)
        ]
        assert found == []


async def renews(met: Meeting) -> None:
    await met.until_heard("2051")
    await done(met, f"1072 NewPW={NEW_PW}")
    await done(met, "1014")
    await done(met, "1062 RtdInterval=1200")
    assert await done(met, "1061") == ["RtdInterval=1200"]
    await done(met, "1064 MinInterval=15")
    assert await done(met, "1063") == ["MinInterval=15"]
    assert met.platform.roster.stations[met.mn].key != KEY.encode()
    await met.until_heard("2051", len(met.right("2051")) + 2)


async def has_what_was_renewed(met: Meeting) -> None:
    await met.until_heard("2051", len(met.right("2051")) + 2)
    assert await done(met, "1061") == ["RtdInterval=1200"]
    assert await done(met, "1063") == ["MinInterval=15"]
    assert [one for one in met.wrong() if not one.endswith(": PW: not the station's")] == []
