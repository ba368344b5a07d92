import pytest
from site_texts import GOOD, PROFILES, look

from agent.settings.budget import bus_load, poll_s
from agent.settings.disk import expected_size
from agent.settings.storage import Storage
from drivers.plan import Span
from drivers.profile import load_profile
from drivers.settings import SerialBus, TcpBus

LINE = SerialBus(id="l", kind="serial", port="/dev/null")


@pytest.fixture
def site():
    found, findings = look(GOOD)
    assert found is not None, findings
    return found


@pytest.fixture
def profiles(site):
    devices = (*site.devices, *site.samplers)
    return {each.profile: load_profile(each.profile, [PROFILES]) for each in devices}


@pytest.mark.parametrize(
    ("count", "changes", "milliseconds"),
    [
        (2, {}, 45.0),  # one float at 9600 8N1: 25.0 on the wire, 20 of thinking
        (20, {}, 82.5),  # ten floats in one request
        (2, {"baud": 19200}, 32.5),
        (1, {"baud": 115200}, 24.8),
        (2, {"parity": "even"}, 47.5),  # eleven bits a character
        (125, {"baud": 2400}, 1145.0),
    ],
)
def test_poll_takes_what_the_wire_needs(count, changes, milliseconds):
    bus = LINE.model_copy(update=changes)
    assert poll_s(bus, Span("holding", 0, count, ())) * 1000 == pytest.approx(milliseconds, abs=0.1)


def test_eight_bits_take_one_byte():
    one, nine = (poll_s(LINE, Span("coil", 0, count, ())) for count in (8, 9))
    assert (nine - one) * 1000 == pytest.approx(10 / 9.6)


def test_network_has_no_characters():
    bus = TcpBus(id="n", kind="tcp", host="127.0.0.1")
    assert poll_s(bus, Span("holding", 0, 2, ())) == poll_s(bus, Span("holding", 0, 125, ()))


def test_busy_share_adds_up_every_unit_of_the_line(site, profiles):
    load = bus_load(site, site.bus("line1"), profiles)
    # cod: 0..2 and 8.. asked for every 10 s; ph: 0..5 every 5 s; 20 ms silence after each
    exchanges = (3, 10), (4, 10), (6, 5)
    wire = sum((poll_s(LINE, Span("holding", 0, n, ())) + 0.02) / period for n, period in exchanges)
    assert (load.devices, load.requests) == (2, 3)
    assert load.share == pytest.approx(wire)


def test_gap_of_the_site_counts_instead_of_the_profiles(site, profiles):
    slow = site.device("ph").model_copy(
        update={"timing": site.device("ph").timing.model_copy(update={"gap_ms": 1020})}
    )
    changed = site.model_copy(update={"devices": (site.device("cod"), slow)})
    bus = site.bus("line1")
    more = bus_load(changed, bus, profiles).share - bus_load(site, bus, profiles).share
    assert more == pytest.approx(1.0 / 5)


def test_size_follows_rows_a_day_and_days_kept(site, profiles):
    size = expected_size(site, profiles)
    # cod every 10 s: 8640 rows of one value; ph, cems every 5 s: 17280 rows of two and of three
    samples = 8640 * (18 + 13) + 17280 * (18 + 26) + 17280 * (18 + 39)
    real_time = 3 * 2880  # three stations, every 30 s, kept for a day
    assert size.samples == samples * 35 + real_time * 450
    # five continuous factors, minutes and ten minutes; cod is a batch and has none
    assert size.minutes == 5 * (1440 + 144) * 90 * 366
    assert size.yearly == (6 * 25 * 90 + 3 * (144 + 25) * 60) * 365
    # each upload of the three stations with what came back, packed; twelve values among them
    assert size.frames == (2880 + 144 + 25) * (3 * 265 + 12 * 9) * 35
    kept = size.samples + size.minutes + size.frames
    assert size.first_year == kept + size.yearly + 16_000_000
    assert size.full == size.first_year + 4 * size.yearly


def test_message_log_takes_no_more_than_its_share(site, profiles):
    small = site.model_copy(update={"storage": Storage(frames_mb=16)})
    assert expected_size(small, profiles).frames == 16_000_000
