"""One row per fault: the good file with a line or two spoilt, and what must be said of it."""

import pytest
from site_texts import GOOD, look, with_lines

DUP = "once (already on line {})"

# spoilt lines, level and kind, line, key, found, part of allowed
FAULTS = [
    # the faults that the issue names
    (
        {18: "        rang: [0, 100]"},
        "error unknown_key",
        18,
        "outlets[0].factors.w00000.rang",
        "rang",
        "(did you mean range?)",
    ),
    ({61: "  - id: cod"}, "error id_twice", 61, "devices[1].id", "cod", DUP.format(56)),
    (
        {64: "    address: 1"},
        "error address_twice",
        64,
        "devices[1].address",
        "line1 1",
        "one unit per address (line 59: cod; 2 is free)",
    ),
    (
        {72: "    bus: line1", 73: "    address: 2"},
        "error address_twice",
        73,
        "samplers[0].address",
        "line1 2",
        "line 64: ph",
    ),
    (
        {62: "    profile: water/phh"},
        "error unknown_profile",
        62,
        "devices[1].profile",
        "water/phh",
        "(did you mean water/ph?)",
    ),
    (
        {41: "      a99999:"},
        "error unknown_factor",
        41,
        "outlets[1].factors.a99999",
        "a99999",
        "a factor code of hj212-2017, hj212-2025",
    ),
    ({46: ""}, "error missing", 44, "buses[0].port", "", "a text"),
    (
        {22: "          - {low: 9, high: 6, on: hour}"},
        "error limits_reversed",
        22,
        "outlets[0].factors.w01001.limits[0].low",
        "low 9, high 6",
        "low < 6",
    ),
    (
        {40: "        conversions: [dry]"},
        "error converted_twice",
        40,
        "outlets[1].factors.a21003.conversions[0]",
        "dry (gas/cems a21003: basis standard_dry)",
        "[oxygen]",
    ),
    # names
    ({32: "  - id: DW001"}, "error id_twice", 32, "outlets[1].id", "DW001", DUP.format(10)),
    ({48: "  - id: line1"}, "error id_twice", 48, "buses[1].id", "line1", DUP.format(44)),
    ({70: "  - id: ph"}, "error id_twice", 70, "samplers[0].id", "ph", DUP.format(61)),
    (
        {8: "    - {id: MF0001, serves: [MF0001]}", 12: "    treatment: []"},
        "error id_twice",
        8,
        "facilities.treatment[0].id",
        "MF0001",
        DUP.format(6),
    ),
    (
        {94: "  - id: province"},
        "error id_twice",
        94,
        "destinations[1].id",
        "province",
        DUP.format(76),
    ),
    (
        {90: "      - id: water"},
        "error id_twice",
        90,
        "destinations[0].stations[1].id",
        "water",
        DUP.format(86),
    ),
    (
        {91: "        mn: 010000A8900016F000169DC0"},
        "error mn_twice",
        91,
        "destinations[0].stations[1].mn",
        "010000A8900016F000169DC0",
        DUP.format(87),
    ),
    (
        {58: "    bus: line3"},
        "error unknown_bus",
        58,
        "devices[0].bus",
        "line3",
        "line1, line2, net1 (did you mean",
    ),
    (
        {20: "        device: phh"},
        "error unknown_device",
        20,
        "outlets[0].factors.w01001.device",
        "phh",
        "cod, ph, cems, keeper (did you mean ph?)",
    ),
    (
        {74: "    outlet: DW002", 31: "            retain: false"},
        "error unknown_outlet",
        74,
        "samplers[0].outlet",
        "DW002",
        "DW001, DA001",
    ),
    (
        {100: "        outlets: [DW001, DA002]"},
        "error unknown_outlet",
        100,
        "destinations[1].stations[0].outlets[1]",
        "DA002",
        "DW001, DA001",
    ),
    (
        {12: "    treatment: [TW002]"},
        "error unknown_facility",
        12,
        "outlets[0].treatment[0]",
        "TW002",
        "TW001",
    ),
    (
        {8: "    - {id: TW001, serves: [MF0002]}"},
        "error unknown_facility",
        8,
        "facilities.treatment[0].serves[0]",
        "MF0002",
        "MF0001",
    ),
    (
        {24: "        device: cod\n        point: w01019"},
        "error unknown_point",
        25,
        "outlets[0].factors.w01018.point",
        "w01019",
        "(did you mean w01018?)",
    ),
    (
        {60: "    points: {cod: {order: CDAB}}"},
        "error unknown_point",
        60,
        "devices[0].points.cod",
        "cod",
        "w01018, digestion_min",
    ),
    (
        {96: "    edition: hj212-2026"},
        "error unknown_edition",
        96,
        "destinations[1].edition",
        "hj212-2026",
        "hj212-2017, hj212-2025",
    ),
    (
        {103: "time_source: provinc"},
        "error unknown_destination",
        103,
        "time_source",
        "provinc",
        "system, province, city",
    ),
    (
        {14: "    flow: w00001"},
        "error factor_not_here",
        14,
        "outlets[0].flow",
        "w00001",
        "w00000, w01001, w01018",
    ),
    (
        {13: "    permit_totals: {w0108: 12.5}"},
        "error unknown_factor",
        13,
        "outlets[0].permit_totals.w0108",
        "w0108",
        "(did you mean w01018?)",
    ),
    (
        {95: '    addresses: ["mqtt://localhost"]\n    factors: [w01018, x]'},
        "error unknown_factor",
        96,
        "destinations[1].factors[1]",
        "x",
        "hj212-2025",
    ),
    (
        {57: "    profile: sampler/keeper", 24: "        device: ph\n        point: w01001"},
        "error wrong_kind",
        58,
        "devices[0].profile",
        "sampler/keeper",
        "water/cod",
    ),
    (
        {57: "    profile: water/broken"},
        "error bad_profile",
        57,
        "devices[0].profile",
        "broken.yaml:",
        "",
    ),
    # lines
    (
        {50: "    port: /dev/null"},
        "error port_twice",
        50,
        "buses[1].port",
        "/dev/null",
        "one bus per port (already on line 46)",
    ),
    (
        {51: "  - {id: net2, kind: tcp, host: 127.0.0.1, port: 1502}\n  - id: net1"},
        "warning endpoint_twice",
        54,
        "buses[3].host",
        "127.0.0.1:1502",
        "already on line 51",
    ),
    (
        {50: "    port: /dev/serial/by-path/not-there"},
        "warning no_port",
        50,
        "buses[1].port",
        "/dev/serial/by-path/not-there",
        "",
    ),
    (
        {47: "    baud: 19200"},
        "warning line_differs",
        47,
        "buses[0].baud",
        "19200",
        "cod 9600, ph 9600",
    ),
    (
        {60: "    period_s: 0.2"},
        "error bounds",
        60,
        "devices[0].period_s",
        "0.2",
        "a number 0.5..3600",
    ),
    ({54: "    port: 65536"}, "error bounds", 54, "buses[2].port", "65536", "an integer 1..65535"),
    ({45: "    kind: modbus"}, "error choice", 45, "buses[0].kind", "modbus", "serial, tcp"),
    ({45: ""}, "error missing", 44, "buses[0].kind", "", "serial | tcp"),
    # values
    (
        {25: "        range: [300, 0]"},
        "error range_reversed",
        25,
        "outlets[0].factors.w01018.range",
        "[300, 0]",
        "low below high",
    ),
    (
        {25: "        range: [0, 300, 1]"},
        "error count",
        25,
        "outlets[0].factors.w01018.range",
        "3 entries",
        "a list of 2 entries",
    ),
    (
        {28: "          - high: 400"},
        "warning limit_outside",
        28,
        "outlets[0].factors.w01018.limits[0].high",
        "400",
        "0..300",
    ),
    (
        {22: "          - {on: hour}"},
        "error no_limit",
        22,
        "outlets[0].factors.w01001.limits[0]",
        "",
        "high, low",
    ),
    (
        {37: "        conversions: [dry, dry]"},
        "error converted_twice",
        37,
        "outlets[1].factors.a21026.conversions[1]",
        "dry (gas/cems a21026: basis actual)",
        "[standard, dry, oxygen]",
    ),
    (
        {42: "        device: cems\n        conversions: [oxygen]"},
        "error converted_twice",
        43,
        "outlets[1].factors.a21002.conversions[0]",
        "oxygen (gas/cems a21002: basis converted)",
        "[]",
    ),
    (
        {20: "        device: ph\n        conversions: [standard]"},
        "error conversion_medium",
        21,
        "outlets[0].factors.w01001.conversions",
        "water: standard",
        "[]",
    ),
    (
        {17: "        device: ph\n        point: total"},
        "error no_way",
        18,
        "outlets[0].factors.w00000.point",
        "water/ph total: m3",
        "L/s",
    ),
    (
        {60: "    points: {w01018: {unit: degC}}"},
        "error no_way",
        23,
        "outlets[0].factors.w01018",
        "water/cod w01018: degC",
        "mg/L",
    ),
    (
        {41: "      a21005:"},
        "error needs_conversion",
        41,
        "outlets[1].factors.a21005",
        "gas/cems a21005: ppm",
        "mg/m3",
    ),
    (
        {41: "      w21003:", 42: "        device: cod\n        point: w01018"},
        "error wrong_medium",
        41,
        "outlets[1].factors.w21003",
        "w21003 氨氮 (water)",
        "gas",
    ),
    (
        {20: "        device: ph\n        sampling: {cycle_min: 60}"},
        "warning not_batch",
        21,
        "outlets[0].factors.w01001.sampling",
        "water/ph w01001",
        "",
    ),
    (
        {
            21: "        limits:",
            22: "          - {high: 9, retain: true}",
            74: "    outlet: DA001",
            31: "",
        },
        "warning no_sampler",
        22,
        "outlets[0].factors.w01001.limits[0].retain",
        "DW001",
        "keeper (DA001)",
    ),
    (
        {30: "            since: 20260101"},
        "error iso_date",
        30,
        "outlets[0].factors.w01018.limits[0].since",
        "20260101",
        "2026-01-31",
    ),
    (
        {30: "            since: 2026-02-30"},
        "error type",
        30,
        "outlets[0].factors.w01018.limits[0].since",
        "2026-02-30",
        "2026-01-31",
    ),
    (
        {28: "          - high: inf"},
        "error not_finite",
        28,
        "outlets[0].factors.w01018.limits[0].high",
        "inf",
        "",
    ),
    (
        {11: "    medium: watter"},
        "error choice",
        11,
        "outlets[0].medium",
        "watter",
        "(did you mean water?)",
    ),
    (
        {32: "  - id: DA0001", 93: "        outlets: [DA0001]", 100: "        outlets: [DA0001]"},
        "warning unusual_id",
        32,
        "outlets[1].id",
        "DA0001",
        "DA001",
    ),
    (
        {93: "        outlets: [DW001]", 100: "        outlets: [DW001]"},
        "warning outlet_unsent",
        32,
        "outlets[1].id",
        "DA001",
        "",
    ),
    (
        {42: "        device: cod\n        point: digestion_min"},
        "error no_way",
        43,
        "outlets[1].factors.a21002.point",
        "water/cod digestion_min: min",
        "mg/m3",
    ),
    (
        {63: "    bus: line1\n    period_s: 2\n    timing: {gap_ms: 2000}"},
        "warning budget",
        44,
        "buses[0]",
        "%",
        "<= 70%",
    ),
    # destinations
    (
        {80: "    real_time_s: 29"},
        "warning interval_short",
        80,
        "destinations[0].real_time_s",
        "29",
        "30..3600",
    ),
    (
        {80: "    real_time_s: 0"},
        "error bounds",
        80,
        "destinations[0].real_time_s",
        "0",
        "an integer 1..3600",
    ),
    (
        {80: "    real_time_s: 3601"},
        "error bounds",
        80,
        "destinations[0].real_time_s",
        "3601",
        "an integer 1..3600",
    ),
    (
        {81: "    minutes: 7"},
        "error choice",
        81,
        "destinations[0].minutes",
        "7",
        "1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30",
    ),
    (
        {95: '    addresses: ["mqtt://broker.example"]'},
        "warning plain_mqtt",
        95,
        "destinations[1].addresses[0]",
        "mqtt://broker.example",
        "mqtts://",
    ),
    (
        {95: '    addresses: ["tcp://127.0.0.1:1883"]'},
        "error address_scheme",
        95,
        "destinations[1].addresses[0]",
        "tcp://127.0.0.1:1883",
        "mqtt://host:port",
    ),
    (
        {95: '    addresses: ["mqtt://localhost:port"]'},
        "error address_form",
        95,
        "destinations[1].addresses[0]",
        "mqtt://localhost:port",
        "mqtt://host:port",
    ),
    (
        {95: '    addresses: ["mqtts://me:secret@broker.example"]'},
        "error secret_in_url",
        95,
        "destinations[1].addresses[0]",
        "mqtts://***@broker.example",
        "mqtt.username",
    ),
    (
        {68: "    address: 1\n    period_s: 90"},
        "error slow_poll",
        69,
        "devices[2].period_s",
        "90",
        "<= 60",
    ),
    (
        {77: "    transport: tcp", 78: '    addresses: ["tcp://platform.example:9000"]'},
        "warning plain_tcp",
        78,
        "destinations[0].addresses[0]",
        "tcp://platform.example:9000",
        "tls://",
    ),
    (
        {77: "    transport: tcp", 78: '    addresses: ["tls://platform.example"]'},
        "error address_form",
        78,
        "destinations[0].addresses[0]",
        "tls://platform.example",
        "tls://host:port",
    ),
    (
        {88: "        pw: default"},
        "warning default_pw",
        88,
        "destinations[0].stations[0].pw",
        "default",
        "{file",
    ),
    (
        {88: "        pw: 123456"},
        "error secret_form",
        88,
        "destinations[0].stations[0].pw",
        "***",
        "default",
    ),
    (
        {88: "        pw: Geheim1"},
        "error secret_form",
        88,
        "destinations[0].stations[0].pw",
        "***",
        "{file",
    ),
    ({88: ""}, "error missing", 86, "destinations[0].stations[0].pw", "", "default"),
    (
        {84: "      password: broker1"},
        "error secret_form",
        84,
        "destinations[0].mqtt.password",
        "***",
        "{credential: …}",
    ),
    (
        {84: "      password: default"},
        "error secret_form",
        84,
        "destinations[0].mqtt.password",
        "***",
        "{credential: …}",
    ),
    (
        {88: "        pw: {file: /not/there}"},
        "warning secret_missing",
        88,
        "destinations[0].stations[0].pw",
        "/not/there",
        "",
    ),
    (
        {84: "      ca: /not/there.pem"},
        "warning file_missing",
        84,
        "destinations[0].mqtt.ca",
        "/not/there.pem",
        "",
    ),
    (
        {87: "        mn: A110000_0001"},
        "warning mn_form",
        87,
        "destinations[0].stations[0].mn",
        "A110000_0001",
        "24 characters 0-9 A-F",
    ),
    (
        {87: "        mn: 010000a8900016f000169dc0"},
        "warning mn_form",
        87,
        "destinations[0].stations[0].mn",
        "010000a8900016f000169dc0",
        "0-9 A-F",
    ),
    (
        {87: "        mn: a/b"},
        "error form",
        87,
        "destinations[0].stations[0].mn",
        "a/b",
        "of digits and letters",
    ),
    ({87: ""}, "error missing", 86, "destinations[0].stations[0].mn", "", "24 characters 0-9 A-F"),
    (
        {98: '      - mn: ""'},
        "warning mn_empty",
        98,
        "destinations[1].stations[0].mn",
        "",
        "24 characters",
    ),
    (
        {93: "        outlets: [DA001, DW001]"},
        "warning outlet_twice",
        93,
        "destinations[0].stations[1].outlets[1]",
        "DW001",
        "one station (already on line 89)",
    ),
    (
        {93: "        outlets: []"},
        "error count",
        93,
        "destinations[0].stations[1].outlets",
        "0 entries",
        "a list of 1.. entries",
    ),
    # the shape
    ({3: ""}, "error missing", 1, "unit.name", "", "a text"),
    ({3: "  name: [a]"}, "error type", 3, "unit.name", "1 entries", "a text"),
    ({2: "  code: 123-456"}, "error form", 2, "unit.code", "123-456", "of digits and letters"),
    ({3: "  name: a\n  name: b"}, "error key_twice", 4, "unit.name", "name", DUP.format(3)),
    (
        {102: "  samples_days: many"},
        "error type",
        102,
        "storage.samples_days",
        "many",
        "an integer 2..366",
    ),
    (
        {102: "  samples_days: 1.5"},
        "error type",
        102,
        "storage.samples_days",
        "1.5",
        "an integer 2..366",
    ),
    ({102: "  samples_days:"}, "error type", 102, "storage.samples_days", "nothing", "an integer"),
    (
        {96: "    edition: hj212-2025\n    revisions: maybe"},
        "error type",
        97,
        "destinations[1].revisions",
        "maybe",
        "true, false",
    ),
    (
        {96: "    period_flag: {oil: dominant}"},
        "error choice",
        96,
        "destinations[1].period_flag.oil",
        "oil",
        "water, gas, noise",
    ),
    (
        {96: "    events: [door, dor]"},
        "error choice",
        96,
        "destinations[1].events[1]",
        "dor",
        "(did you mean door?)",
    ),
    (
        {77: "    type: platfrm"},
        "error choice",
        77,
        "destinations[0].type",
        "platfrm",
        "(did you mean platform?)",
    ),
]


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def test_good_file_has_no_findings():
    site, findings = look(GOOD)
    assert site is not None
    assert findings == []


@pytest.mark.parametrize(
    ("lines", "what", "line", "key", "found", "allowed"),
    FAULTS,
    ids=[f"{fault[1].split()[1]}-{fault[2]}-{number}" for number, fault in enumerate(FAULTS)],
)
def test_fault_is_named_by_line_and_key(lines, what, line, key, found, allowed):
    level, kind = what.split()
    site, findings = look(with_lines(lines))
    said = [finding for finding in findings if finding.kind == kind]
    assert [(each.level, each.line, each.key) for each in said] == [(level, line, key)]
    assert found in said[0].found
    assert allowed in said[0].allowed
    assert (site is None) == (level == "error")


# What follows of itself when a thing loses its name or its last user.
CONSEQUENCES = {
    "unused_device",
    "outlet_twice",
    "unusual_id",
    "not_batch",
    "no_way",
    "unknown_outlet",
    "unknown_bus",
    "unknown_device",
    "unknown_point",
    "later",
}


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_one_fault_is_told_once(number):
    lines, what, *_ = FAULTS[number]
    kinds = [finding.kind for finding in look(with_lines(lines))[1]]
    assert [kind for kind in kinds if kind not in CONSEQUENCES - {what.split()[1]}] == [
        what.split()[1]
    ]


def test_usb_port_by_number_is_warned_of():
    _, findings = look(with_lines({50: "    port: /dev/ttyUSB77"}))
    assert [(finding.kind, finding.line, finding.found) for finding in findings] == [
        ("port_by_number", 50, "/dev/ttyUSB77"),
        ("no_port", 50, "/dev/ttyUSB77"),
    ]


def test_port_by_two_names_is_one_port(tmp_path):
    link = tmp_path / "by-path"
    link.symlink_to("/dev/null")
    _, findings = look(with_lines({50: f"    port: {link}"}))
    assert [(finding.kind, finding.found) for finding in findings] == [("port_twice", "/dev/null")]


def test_two_outlets_of_one_kind_in_a_station_may_share_no_factor():
    _, findings = look(
        with_lines(
            {
                32: "  - id: DW002",
                33: "    medium: water",
                35: "      w01018:",
                36: "        device: cod",
                37: "",
                38: "      w00000:",
                39: "        device: ph",
                40: "",
                41: "",
                42: "",
                93: "        outlets: [DW002]",
                100: "        outlets: [DW001, DW002]",
            }
        )
    )
    shared = [finding for finding in findings if finding.level == "error"]
    assert [(each.kind, each.key) for each in shared] == [
        ("factor_shared", "destinations[1].stations[0].outlets[1]")
    ]
    assert shared[0].found == "DW001, DW002: ST 32, w01018, w00000"


def test_second_sampler_of_an_outlet_is_warned_of():
    text = GOOD.replace(
        "destinations:",
        "  - {id: spare, profile: sampler/keeper, bus: line2, address: 10, outlet: DW001}\n"
        "destinations:",
    )
    _, findings = look(text)
    assert [(each.kind, each.line, each.found, each.allowed) for each in findings] == [
        ("sampler_twice", 75, "DW001", "keeper")
    ]


def test_certificate_needs_its_key():
    _, findings = look(with_lines({84: "      client_cert: /dev/null"}))
    assert ("missing", "destinations[0].mqtt.client_key") in {
        (finding.kind, finding.key) for finding in findings
    }


def test_instrument_that_nothing_uses_is_warned_of():
    _, findings = look(
        with_lines({68: "    address: 1\n  - {id: x, profile: water/ph, bus: net1, address: 2}"})
    )
    assert [(each.kind, each.line, each.found) for each in findings] == [("unused_device", 69, "x")]


def test_factor_that_an_edition_lacks_is_fine_where_no_such_platform_takes_it():
    _, findings = look(
        with_lines({95: '    addresses: ["mqtt://localhost"]\n    factors: [w01018]'})
    )
    assert findings == []
