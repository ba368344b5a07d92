"""The demo's site: two waste water outlets and a stack, six instruments and a sampler."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agent.clock import Clock, Pace
from agent.tools.broker import choose_program, free_port
from agent.tools.demo.camera import camera_program

COD_LIMIT = 50.0
COD_EXCEEDING = 86.4
CYCLE_S = 12.0
REAL_TIME_S = 5.0
POLL_S = 1.0
LONGEST_POLL_S = 60.0
"""Of what is measured without pause: a minute needs a value."""
BUNDLE_S = 2.0

STATIONS = {
    "DW001": "010000A8900016F000169DC0",
    "DW002": "010000A8900016F000169DC1",
    "DA001": "010000A8900016F000169DC2",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything of one demo lies, and the clock all of it goes by."""

    work_dir: Path
    pace: Pace
    broker_port: int
    camera: tuple[str, ...] = ()
    """The command that serves the camera's picture; empty: there is no camera."""
    camera_port: int = 0

    @property
    def site_file(self) -> Path:
        """The site file of the demo."""
        return self.work_dir / "site.yaml"

    @property
    def state_dir(self) -> Path:
        """The agent's state directory, with its store."""
        return self.work_dir / "state"

    @property
    def platform_log(self) -> Path:
        """What the platform received: one JSON line a frame."""
        return self.work_dir / "platform.jsonl"


def set_up(work_dir: Path, *, speed: float) -> Stage:
    """Choose ports and the demo's own clock, and write the site file.

    In real time the clock begins 25 s before a minute ends, so that even a short demo shows one;
    a faster one begins on the hour.
    """
    real = Clock()
    now = real.now()
    epoch = now - now % 60 + 35 if speed == 1.0 else now - now % 3600
    camera = camera_program()
    port = free_port() if camera else 0
    stage = Stage(work_dir, Pace(epoch, real.monotonic(), speed), free_port(), camera, port)
    text = yaml.safe_dump(_site(stage, speed), allow_unicode=True, sort_keys=False)
    stage.site_file.write_text(f"# 演示用站点文件\n{text}", encoding="utf-8")
    return stage


def _site(stage: Stage, speed: float) -> dict[str, Any]:
    """Give the site file. Intervals grow with the speed: the lines stay as fast as they are."""
    poll_s = POLL_S * max(1.0, speed / 2)
    live_s = min(poll_s, LONGEST_POLL_S)
    outlets = [_waste_water(), _workshop(), _stack()]
    today = datetime.datetime.now(datetime.UTC).year
    return {
        "unit": {"code": "91000000000000000X001P", "name": "演示企业"},
        "outlets": outlets,
        "buses": [
            {"id": "line1", "kind": "serial", "port": str(stage.work_dir / "line1")},
            {"id": "net1", "kind": "tcp", "host": "127.0.0.1", "port": free_port()},
        ],
        "devices": [
            _device("cod", "water/hach-codmax-ii", "line1", 1, poll_s),
            _device("nh3", "water/hach-amtax-compact-ii", "line1", 2, poll_s),
            _device("lead", "metals/labsun-phototek6000", "line1", 3, poll_s),
            _device("flow", "flow/em-flow-0x1010", "net1", 1, live_s),
            _device("ph", "water/ph", "net1", 2, live_s),
            _device("cems", "gas/fpi-cems2000", "net1", 3, live_s),
        ],
        "samplers": [
            {
                **_device("sampler", "sampler/dayue-v105", "line1", 9, poll_s),
                "outlet": "DW001",
                "interval_min": 60,
                "vessel_hold_min": 60,
            }
        ],
        "cameras": [_camera(stage)] if stage.camera else [],
        "destinations": [_platform(stage, speed)],
        # the bundle is made as soon as bottle and film are there
        "evidence": {"upload": ["exceedance"], "wait_s": round(min(3600.0, BUNDLE_S * speed))},
        "storage": {"directory": str(stage.state_dir), "ballast_mb": 4},
        "facilities": {"treatment": [{"id": "TW001", "name": f"污水处理站（{today}）"}]},
    }


def _device(name: str, profile: str, bus: str, address: int, poll_s: float) -> dict[str, Any]:
    return {"id": name, "profile": profile, "bus": bus, "address": address, "period_s": poll_s}


def _camera(stage: Stage) -> dict[str, Any]:
    """Give a camera whose film is short enough for a demo."""
    return {
        "id": "yard",
        "name": "排口摄像头",
        "url": f"rtsp://127.0.0.1:{stage.camera_port}/one",
        "outlet": "DW001",
        "before_s": 5,
        "after_s": 5,
        "still_s": 2,
    }


def _waste_water() -> dict[str, Any]:
    sampling = {"cycle_min": 60, "lag_min": 60}
    limit = {"high": COD_LIMIT, "on": "measurement", "retain": True, "source": "演示限值"}
    return {
        "id": "DW001",
        "name": "总排口",
        "medium": "water",
        "flow": "w00000",
        "treatment": ["TW001"],
        "factors": {
            "w00000": {"device": "flow"},
            "w01001": {"device": "ph", "range": [0, 14]},
            "w01018": {
                "device": "cod",
                "range": [0, 200],
                "sampling": sampling,
                "limits": [limit],
            },
            "w21003": {"device": "nh3", "range": [0, 60], "sampling": sampling},
        },
    }


def _workshop() -> dict[str, Any]:
    sampling = {"cycle_min": 60, "lag_min": 60}
    return {
        "id": "DW002",
        "name": "车间排口",
        "medium": "water",
        "factors": {"w20120": {"device": "lead", "sampling": sampling}},
    }


def _stack() -> dict[str, Any]:
    codes = ("a21026", "a21003", "a21004", "a21005", "a19001", "a01014")
    return {
        "id": "DA001",
        "name": "排气筒",
        "medium": "gas",
        "factors": {code: {"device": "cems"} for code in codes},
    }


def _platform(stage: Stage, speed: float) -> dict[str, Any]:
    return {
        "id": "province",
        "name": "省平台（演示）",
        "transport": "mqtt",
        "addresses": [f"mqtt://127.0.0.1:{stage.broker_port}"],
        "edition": "hj212-2017",
        "access": "fixed",
        "real_time_s": round(min(3600.0, REAL_TIME_S * max(1.0, speed))),
        "minutes": 1,
        "backlog_per_s": 50,
        "send_window_s": 0,
        # amqtt does not greet who asks for MQTT 5: each attempt would wait for its time-out
        "mqtt": {
            "reconnect_s": 4,
            "version": "3.1.1" if choose_program() == "amqtt" else "auto",
        },
        "stations": [
            {"id": outlet.lower(), "mn": mn, "pw": "default", "outlets": [outlet]}
            for outlet, mn in STATIONS.items()
        ],
    }
