"""The ring of a camera: what it holds, where a film can begin, and whose clock it runs on."""

from __future__ import annotations

from drivers.camera.ring import Form, Picture, Ring, Timeline

FORM = Form("avc1", 320, 240)


def filled(seconds: int, *, ring: Ring, fps: int = 5, size: int = 100) -> Ring:
    """A key frame each second."""
    for number in range(seconds * fps):
        key = number % fps == 0
        ring.add(Picture(number, 1000 + number / fps, key, b"x" * size, FORM))
    return ring


def test_ring_reaches_back_at_least_its_span_and_begins_with_a_key_frame() -> None:
    ring = filled(200, ring=Ring(span_s=60, limit_bytes=1 << 20))
    begin, end = ring.reach or (0, 0)
    assert 60 <= end - begin <= 62
    assert next(ring.pictures()).key


def test_ring_never_holds_more_than_its_bytes() -> None:
    ring = filled(200, ring=Ring(span_s=60, limit_bytes=10_000))
    assert ring.size <= 10_000
    assert ring.size == sum(len(one.data) for one in ring.pictures())


def test_stream_without_another_key_frame_does_not_fill_the_memory() -> None:
    ring = Ring(span_s=60, limit_bytes=10_000)
    ring.add(Picture(0, 0.0, True, b"x", FORM))
    for number in range(1, 500):
        ring.add(Picture(number, float(number), False, b"x" * 100, FORM))
    assert ring.size <= 10_000


def test_what_comes_before_the_first_key_frame_is_dropped() -> None:
    ring = Ring(span_s=60, limit_bytes=1000)
    ring.add(Picture(0, 0.0, False, b"x", FORM))
    assert ring.reach is None
    assert ring.newest_key is None


def test_picture_of_another_form_waits_for_its_key_frame() -> None:
    ring = Ring(span_s=60, limit_bytes=1000)
    ring.add(Picture(0, 0.0, True, b"x", FORM))
    ring.add(Picture(1, 1.0, False, b"x", Form("avc1", 640, 480)))
    assert [one.number for one in ring.pictures()] == [0]


def test_film_begins_with_the_key_frame_before_its_moment() -> None:
    ring = filled(10, ring=Ring(span_s=60, limit_bytes=1 << 20))
    start = ring.start(1004.7)
    assert start is not None
    assert (start.at, start.key) == (1004.0, True)


def test_film_that_should_begin_before_the_ring_begins_with_it() -> None:
    ring = filled(10, ring=Ring(span_s=60, limit_bytes=1 << 20))
    start = ring.start(0.0)
    assert start is not None
    assert start.number == 0


def test_pictures_go_on_behind_the_last_that_was_taken() -> None:
    ring = filled(3, ring=Ring(span_s=60, limit_bytes=1 << 20))
    assert [one.number for one in ring.pictures(after=11)] == [12, 13, 14]


def test_stall_and_the_burst_behind_it_do_not_move_the_pictures() -> None:
    line = Timeline()
    steady = [line.place(n / 10, 500 + n / 10) for n in range(10)]
    burst = [line.place(n / 10, 503.0) for n in range(10, 30)]
    found = [*steady, *burst]
    assert all(abs(at - (500 + n / 10)) < 0.01 for n, at in enumerate(found))


def test_camera_that_sets_its_clock_is_placed_anew_and_never_back_in_time() -> None:
    line = Timeline()
    before = line.place(100.0, 500.0)
    after = line.place(3.0, 500.1)
    assert before < after
    assert abs(after - 500.1) < 0.01


def test_clock_of_a_camera_may_be_slow_for_a_day() -> None:
    line = Timeline()
    worst = max(abs(line.place(n * 0.9999, float(n)) - n) for n in range(86_400))
    assert worst < 0.1
