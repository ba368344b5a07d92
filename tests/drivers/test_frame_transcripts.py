"""Recorded frames of every instrument that does not talk Modbus, through its own driver."""

import itertools

import pytest
from driver_fakes import SETTINGS, FakeClock, FrameWire, device_settings
from test_transcripts import same, text
from transcript_files import CASES, Case

from drivers.bus import Bus
from drivers.device import Reading
from drivers.frame_device import FrameDevice
from drivers.hj212_serial import Hj212Device
from drivers.profile import load_profile
from drivers.registry import open_device

READS = [
    case
    for case in CASES
    if not load_profile(case.profile).modbus and not case.operation and case.expected
]
REFUSED = "exception = "


def answers_of(case: Case) -> dict[bytes, bytes]:
    """Give the recorded answer to each recorded question."""
    frames = case.frames
    return {
        asked: answer
        for (mark, asked), (after, answer) in itertools.pairwise(frames)
        if (mark, after) == (">", "<")
    }


@pytest.mark.parametrize("case", READS, ids=str)
async def test_a_recorded_conversation_means_what_is_expected(case: Case) -> None:
    answers = answers_of(case)
    wire = FrameWire(answers.get)
    settings = device_settings(case.profile, address=case.address)
    profile = load_profile(case.profile)
    bus = Bus(SETTINGS, wire=wire)
    device = open_device(settings, profile, bus=bus, clock=FakeClock())
    assert isinstance(device, FrameDevice)
    if isinstance(device, Hj212Device):
        await pushed_twice(device, wire, case)
    look = await device.look()
    slow = await device.look_slow()
    assert look.state is not None
    readings: dict[str, Reading] = {one.point: one for one in (*slow.readings, *look.readings)}
    said = [text(one) for one in readings.values()] + [f"state = {look.state.cause}"]
    known = {line.partition(" =")[0]: line for line in said}
    wanted = [line.partition(" =")[0] for line in case.expected]
    ours = [known[name] for name in wanted if name in known]
    assert same(ours, case.expected), f"{ours} came, {case.expected} expected"
    assert set(answers) <= set(wire.requests), "a recorded question was not asked"


async def pushed_twice(device: Hj212Device, wire: FrameWire, case: Case) -> None:
    """Let what stands alone in the transcript come unasked, twice: one is no proof."""
    await device.read()
    assert wire.overhear is not None
    for mark, frame in case.frames:
        if mark == "<" and frame not in answers_of(case).values():
            wire.overhear(frame)
            wire.overhear(frame)


def test_there_are_cases_of_every_protocol() -> None:
    drivers = {load_profile(case.profile).driver for case in READS}
    assert drivers >= {
        "thermo-clink", "siemens-elan", "mewtocol", "dcon", "megatec", "isco", "dlt645",
        "hj212-serial", "ascii", "kesheng-sampler", "shijiazhuang-sampler",
    }  # fmt: skip
