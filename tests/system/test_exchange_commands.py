"""Every command of every edition: the whole exchange, through TCP and through mosquitto."""

from __future__ import annotations

from pathlib import Path

import pytest
from exchange_bench import SERIAL, meeting

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
    ("3020 PolId=w01018 InfoId=i12001", "done", 1),
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
    ("3011 PolId=w01018 CalibrationType=0", "refused", 0),
    ("3022 PolId=w01018", "done", 0),
    ("3024 PolId=w01018", "refused", 0),
]
LINES = {
    "hj212-2005": [*COMMON, *OLD, PASSWORD],
    "hj212-2017": [*COMMON, *SINCE_2017, *ONLY_2017, PASSWORD],
    "hj212-2025": [*COMMON, *SINCE_2017, *ONLY_2025, PASSWORD],
}


def test_no_command_that_goes_down_is_left_out() -> None:
    for name, lines in LINES.items():
        known = {each.cn for each in COMMANDS if name in each.editions
                 and each.direction == "down" and each.kind != "interaction"}  # fmt: skip
        assert {line.split()[0] for line, _, _ in lines} == known, name


@pytest.mark.parametrize("name", list(LINES))
@pytest.mark.parametrize("transport", ["tcp", "mosquitto"])
async def test_every_command_of_an_edition_runs_its_whole_exchange(
    transport: str, name: str, tmp_path: Path, broker: Broker
) -> None:
    async with meeting(tmp_path, transport, name, broker) as met:
        for cn in ("2011", "2051", "2061", "2031"):  # so that there is a past to ask for
            await met.until_heard(cn)
        if name == "hj212-2025":
            await met.plant.until("SELECT 1 FROM measurements WHERE value IS NOT NULL")
        found = []
        for line, wanted, data in LINES[name]:
            course = await met.order(line)
            ended = str(course.outcome)
            right = ended in wanted.split(" or ") and course.data >= data and not course.wrong
            found.append((line, wanted if right else f"{ended}, {course.data} frames of data, "
                          f"{course.wrong} wrong, {course.qn_rtn}/{course.exe_rtn}"))  # fmt: skip
        assert found == [(line, wanted) for line, wanted, _ in LINES[name]], met.wrong()
        assert str((await met.order("1061")).outcome) == "done"
        # an upload under way when the 9012 came may bear the old password, and is sent again
        late = ": PW: not the station's"
        assert [one for one in met.wrong() if ";CN=9" in one or not one.endswith(late)] == []
        assert await met.plant.agent.stop() == 0, met.plant.said()
    told = [one.verdict.segment.cp for one in met.right("3019") if one.verdict.segment]
    assert all(SERIAL in area for area in told)
