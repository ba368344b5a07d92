"""Every command of every edition: the whole exchange, through TCP and through mosquitto.

One daemon talks to all of them at the same time, and to platforms of two dialects.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from exchange_bench import SERIAL, Meeting, Party, meetings

from agent.tools.broker import Broker
from protocols.hj212.commands import COMMANDS

pytestmark = pytest.mark.system

RANGE = "BeginTime=20261122000000 EndTime=20261124000000"
# line typed, how it ends, frames of data at least
COMMON = [
    ("1011", "done", 1),
    ("1061", "done", 1),
    ("2031 " + RANGE, "done", 1),
    ("2041 " + RANGE, "no data", 0),
    ("2051 " + RANGE, "done", 3),
    ("2061 " + RANGE, "done", 1),
    ("2012", "done", 0),
    ("2011", "done", 0),
    ("2022", "done", 0),
    ("1012", "done or failed", 0),  # ours differs: a second here is minutes of its clock
    ("1000 OverTime=5 ReCount=3", "done", 0),
    ("1062 RtdInterval=1200", "done", 0),
]
PASSWORD = ("1072 NewPW=654321", "done", 0)
OLD = [
    ("1001 WarnTime=60", "refused", 0),
    ("1021", "done", 1),
    ("1022 011-LowValue=0,011-UpValue=50", "refused", 0),
    ("1031", "no data", 0),
    ("1032 AlarmTarget=13800000000", "refused", 0),
    ("1041", "no data", 0),
    ("1042 ReportTime=0830", "refused", 0),
    ("2021", "refused", 0),
    ("2071 " + RANGE, "no data", 0),
    ("3011 PolID=011", "refused", 0),
    ("3012 PolID=011", "refused", 0),
    ("3013", "refused", 0),
    ("3014 PolID=011", "refused", 0),
]
SINCE_2017 = [
    ("1063", "done", 1),
    ("1064 MinInterval=20", "done", 0),
    ("2021", "no data", 0),
    ("3012 PolId=w01018", "refused", 0),
    ("3013 PolId=w01018", "refused", 0),
    ("3018 PolId=w01018", "done", 1),
    ("3019 PolId=w01018", "done", 1),
    ("3020 PolId=w01001 InfoId=i12001", "done", 1),
    ("3020 InfoId=i21001 " + RANGE, "done", 1),
    ("3021 PolId=w01018 InfoId=i13004 i13004-Info=168", "refused", 0),
]
ONLY_2017 = [
    ("3011 PolId=w01018", "refused", 0),
    ("3014 PolId=w01018", "refused", 0),
    ("3015", "done", 1),
    ("3016 PolId=w01018 CstartTime=000000 Ctime=2", "refused", 0),
    ("3017 PolId=w01018", "done", 1),
]
ONLY_2025 = [
    ("1002 i23005-Info=SOMEBODY", "refused", 0),
    ("1014", "done", 0),
    ("2013 " + RANGE, "done", 1),
    ("2052 " + RANGE, "no data", 0),
    ("2062 " + RANGE, "no data", 0),
    ("2111 " + RANGE, "no data", 0),
    ("3011 PolId=w01018 CalibrationType=0", "refused", 0),
    ("3022 PolId=w01018", "done", 0),
    ("3024 PolId=w01018", "refused", 0),
]
DIALECTS = (("tcp", "hebei"), ("mosquitto", "shandong"))
EDITIONS = ("hj212-2005", "hj212-2017", "hj212-2025")
SETTINGS = ("1000", "1062", "1064", "1072")
"""What alters how all the rest goes, and comes last."""
BOTTLES = ("3015", "3022")
LINES = {
    "hj212-2005": [*COMMON, *OLD, PASSWORD],
    "hj212-2017": [*COMMON, *SINCE_2017, *ONLY_2017, PASSWORD],
    "hj212-2025": [*COMMON, *SINCE_2017, *ONLY_2025, PASSWORD],
    **{name: [*COMMON, *SINCE_2017, *ONLY_2017, PASSWORD] for _, name in DIALECTS},
}


def test_no_command_that_goes_down_is_left_out() -> None:
    for name in EDITIONS:
        lines = LINES[name]
        known = {each.cn for each in COMMANDS if name in each.editions
                 and each.direction == "down" and each.kind != "interaction"}  # fmt: skip
        assert {line.split()[0] for line, _, _ in lines} == known, name


async def test_every_command_of_an_edition_runs_its_whole_exchange(
    tmp_path: Path, broker: Broker
) -> None:
    ways = [(way, name) for way in ("tcp", "mosquitto") for name in EDITIONS]
    parties = [Party(*way, number) for number, way in enumerate([*ways, *DIALECTS])]
    bottles = asyncio.Lock()
    async with meetings(tmp_path, parties, broker) as met:
        found = await asyncio.gather(*(exchanges(one, bottles) for one in met))
        wrong = {one.party.id: said for one, said in zip(met, found, strict=True) if said}
        assert wrong == {}, [one.wrong() for one in met]
        for one in met:
            # an upload under way when the 9012 came may bear the old password, and is sent again
            late = ": PW: not the station's"
            assert [each for each in one.wrong()
                    if ";CN=9" in each or not each.endswith(late)] == []  # fmt: skip
        assert await met[0].plant.agent.stop() == 0, met[0].plant.said()
    for one in met:
        told = [each.verdict.segment.cp for each in one.right("3019") if each.verdict.segment]
        assert all(SERIAL in area for area in told)


async def exchanges(met: Meeting, bottles: asyncio.Lock) -> list[str]:
    """Have one station do all that can be asked of it; give what went otherwise than expected."""
    lines = LINES[met.party.name]
    first = [one for one in lines if RANGE not in one[0] and one[0][:4] not in SETTINGS]
    past = [one for one in lines if RANGE in one[0]]
    await met.until_heard("2011")
    wrong = await said_otherwise(met, first, bottles)
    for cn in ("2051", "2061"):  # so that there is a past to ask for
        await met.until_heard(cn)
    if met.party.name == "hj212-2025":
        await met.plant.until("SELECT 1 FROM measurements WHERE value IS NOT NULL")
    days = [one for one in past if one[0].startswith("2031")]
    wrong += await said_otherwise(met, [one for one in past if one not in days], bottles)
    await met.until_heard("2031")
    wrong += await said_otherwise(met, days, bottles)
    settings = [one for one in lines if one not in first + past]
    return wrong + await said_otherwise(met, [*settings, ("1061", "done", 1)], bottles)


async def said_otherwise(
    met: Meeting, lines: list[tuple[str, str, int]], bottles: asyncio.Lock
) -> list[str]:
    found = []
    for line, wanted, data in lines:
        # there is one sampler, and an order waits a second and a half of ours at most
        async with bottles if line[:4] in BOTTLES else contextlib.nullcontext():
            course = await met.order(line)
        ended = str(course.outcome)
        if ended not in wanted.split(" or ") or course.data < data or course.wrong:
            found.append(f"{line}: {ended}, {course.data} frames of data, {course.wrong} wrong, "
                         f"{course.qn_rtn}/{course.exe_rtn}")  # fmt: skip
    return found
