"""Every template of `paikou new`: simulated and run as it is, its frames reach the platform."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from campaign_house import House, Line, pace_from
from campaign_store import body
from daemon_bench import free_port, until
from platform_bench import Require

from agent.tools.broker import Broker
from agent.tools.new import kinds, template
from drivers.profile import load_profile

pytestmark = pytest.mark.system

SPEED = 10.0
WITHIN_S = 60.0
GAS = ("thermal-power", "incineration", "cement")


def text_of(kind: str, folder: Path, broker: Broker) -> str:
    """Give a template with the places of this test, and 1-minute data so as not to wait long."""
    text = template(kind)
    for given, ours in (
        ("/tmp/paikou/line1", str(folder / "dev" / "line1")),
        ("port: 1502", f"port: {free_port()}"),
        ("mqtt://127.0.0.1:1883", broker.url),
        ("minutes: 10", "minutes: 1"),
    ):
        assert text.count(given) == 1, given
        text = text.replace(given, ours)
    return f"{text}storage: {{directory: {folder / 'state'}, ballast_mb: 4}}\n"


def fields(line: Line) -> dict[str, str]:
    """Read `factor-Field=value` out of a frame."""
    return dict(re.findall(r"([aw]\d{5}-\w+)=([^,;&]*)", body(line)))


def whole(frames: list[Line], wanted: set[str]) -> bool:
    """Say whether the frames of one time together have all these fields with a value."""
    by_time: dict[str, set[str]] = {}
    for line in frames:
        said = {key for key, value in fields(line).items() if value}
        by_time.setdefault(line["data_time"], set()).update(said)
    return any(wanted <= said for said in by_time.values())


async def reported(house: House, wanted: set[str], **like: str) -> None:
    """Wait until the platform has frames of one time that have all these fields."""
    await until(lambda: whole(house.frames(**like), wanted), within_s=WITHIN_S)


@pytest.mark.parametrize("kind", kinds())
async def test_template_is_simulated_run_and_reported(
    kind: str, tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    broker = Broker(free_port(), tmp_path / "broker", program="mosquitto")
    await broker.start()
    text = text_of(kind, tmp_path, broker)
    site: dict[str, Any] = yaml.load(text, yaml.BaseLoader)  # as strings: `on` stays a word
    medium = "gas" if kind in GAS else "water"
    async with House(tmp_path, site, pace_from(time.time(), SPEED), broker) as house:
        house.site_file.write_text(text, encoding="utf-8")
        await house.simulate()
        await house.listen()
        await house.run()
        for outlet in site["outlets"]:
            live, minutes = wanted_of(site, outlet, medium)
            mn = mn_of(site, outlet["id"])
            await reported(house, live, mn=mn, cn="2011")
            await reported(house, minutes, mn=mn, cn="2051")
        assert not house.frames(ok=False)
        assert not house.rows("SELECT ref FROM events WHERE kind = 'exceedance'")


def mn_of(site: dict[str, Any], outlet: str) -> str:
    [found] = [
        station["mn"]
        for station in site["destinations"][0]["stations"]
        if outlet in station["outlets"]
    ]
    return str(found)


def wanted_of(
    site: dict[str, Any], outlet: dict[str, Any], medium: str
) -> tuple[set[str], set[str]]:
    """Give the fields a real-time and a minute frame of an outlet must have."""
    sent = site["destinations"][0].get("factors") or list(outlet["factors"])
    factors = {code: rule for code, rule in outlet["factors"].items() if code in sent}
    profiles = {device["id"]: load_profile(device["profile"]) for device in site["devices"]}
    plain = {code for code, rule in factors.items() if profiles[rule["device"]].batch is None}
    corrected = {code for code in plain if "oxygen" in factors[code].get("conversions", ())}
    assert bool(corrected) == (medium == "gas")
    live = {f"{code}-Rtd" for code in plain} | {f"{code}-ZsRtd" for code in corrected}
    minutes = {f"{code}-Avg" for code in plain}
    minutes |= {f"{code}-{one}" for code in corrected for one in ("ZsMin", "ZsAvg", "ZsMax")}
    return live, minutes
