"""What a camera's picture is judged to be."""

from __future__ import annotations

import random

import pytest

from drivers.camera.sight import FROZEN_S, HIGH, LOOKS, RELEARN_S, WIDE, Eyes, Sight


def scene(seed: int, *, light: float = 1.0, noise: int = 3) -> bytes:
    """Blocks of different grey, with the noise of a sensor."""
    blocks = random.Random(seed)
    tones = [[blocks.randrange(40, 220) for _ in range(8)] for _ in range(5)]
    sensor = random.Random(f"{seed}/{light}")
    found = []
    for row in range(HIGH):
        for column in range(WIDE):
            tone = tones[row // 4][column // 4] * light + sensor.randint(-noise, noise)
            found.append(max(0, min(255, round(tone))))
    return bytes(found)


BLACK = bytes([4] * WIDE * HIGH)
TAPE = bytes([120] * WIDE * HIGH)


def looked(eyes: Eyes, grey: bytes, *, at: float, times: int = LOOKS, digest: str = "") -> Eyes:
    for number in range(times):
        eyes.look(grey, digest or f"{at}/{number}", at=at + 10 * number)
    return eyes


@pytest.fixture
def eyes() -> Eyes:
    """Eyes that know their scene."""
    return looked(Eyes(), scene(1), at=0.0, times=LOOKS + 1)


def test_a_good_picture_is_learnt_once(eyes: Eyes) -> None:
    assert eyes.state is Sight.GOOD
    assert eyes.learnt == scene(1)
    assert not eyes.look(scene(1), "other", at=99.0)


@pytest.mark.parametrize(("grey", "said"), [(BLACK, Sight.BLACK), (TAPE, Sight.COVERED)])
def test_picture_that_shows_nothing(eyes: Eyes, grey: bytes, said: Sight) -> None:
    assert looked(eyes, grey, at=100.0).state is said


def test_other_scene_is_a_moved_camera(eyes: Eyes) -> None:
    assert looked(eyes, scene(2), at=100.0).state is Sight.MOVED


@pytest.mark.parametrize("light", [0.3, 0.6, 1.15])
def test_other_light_is_no_moved_camera(eyes: Eyes, light: float) -> None:
    assert looked(eyes, scene(1, light=light), at=100.0).state is Sight.GOOD


def test_one_look_says_nothing(eyes: Eyes) -> None:
    eyes.look(BLACK, "dark", at=100.0)
    assert eyes.state is Sight.GOOD


def test_same_picture_for_a_minute_is_frozen_until_it_changes(eyes: Eyes) -> None:
    looks = int(FROZEN_S / 10) + LOOKS
    looked(eyes, scene(1), at=100.0, times=looks, digest="same")
    assert eyes.state is Sight.FROZEN
    assert looked(eyes, scene(1), at=300.0).state is Sight.GOOD


def test_what_came_before_a_break_is_not_counted_as_frozen(eyes: Eyes) -> None:
    eyes.look(scene(1), "same", at=100.0)
    eyes.lost()
    assert eyes.state is Sight.OFFLINE
    assert looked(eyes, scene(1), at=500.0, digest="same").state is Sight.GOOD


def test_view_that_stood_for_a_day_is_learnt_anew(eyes: Eyes) -> None:
    looked(eyes, scene(2), at=100.0)
    looked(eyes, scene(2), at=110.0 + RELEARN_S)
    assert eyes.learnt == scene(2)
    assert looked(eyes, scene(2), at=200.0 + RELEARN_S).state is Sight.GOOD
