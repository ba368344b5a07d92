"""Conversions of a gas outlet: refused twice, refused without what they are calculated of."""

from __future__ import annotations

import math

import pytest

from agent.errors import ConfigError, Finding
from agent.plan import make_plan
from agent.settings import parse_site

SITE = """\
unit: {{code: 91000000000000000X001P, name: 示例}}
outlets:
  - id: DA001
    medium: gas
    gas: {{{gas}}}
    factors:
      a21026: {{device: cems, {so2}}}
      a19001: {{device: cems{oxygen}}}
      a01014: {{device: cems{moisture}}}
      a21004: {{device: cems}}
      a00000: {{device: flow, point: w00000, {flow}}}
buses: [{{id: net1, kind: tcp, host: 127.0.0.1, port: 1502}}]
devices:
  - id: cems
    profile: gas/fpi-cems2000
    bus: net1
    address: 1
    points: {{{points}}}
  - {{id: flow, profile: flow/krohne-ifc050, bus: net1, address: 2{velocity}}}
"""
FULL = "reference_oxygen: 6, temperature: 90, pressure: -0.5, duct_area_m2: 7.07"


def site(**parts: str) -> str:
    usual = dict.fromkeys(("gas", "so2", "oxygen", "moisture", "flow", "points", "velocity"), "")
    return SITE.format(**{**usual, "gas": FULL, **parts})


def findings(text: str) -> list[Finding]:
    try:
        found = parse_site(text.encode(), lang="en")[1]
    except ConfigError as error:
        found = list(error.findings)
    return [one for one in found if one.kind != "outlet_unsent"]


def kinds(text: str) -> list[tuple[str, str, str]]:
    return [(one.kind, one.found, one.allowed) for one in findings(text)]


def test_whole_chain_is_accepted_and_planned() -> None:
    text = site(so2="conversions: [oxygen, dry, standard]")
    assert kinds(text) == []
    one = make_plan(parse_site(text.encode())[0]).outlets["DA001"].factors["a21026"]
    assert one.chain is not None and one.period.correction is not None
    assert one.chain.steps == ("standard", "dry", "oxygen")
    assert (one.period.correction.oxygen, one.period.correction.reference) == ("a19001", 6.0)
    assert one.period.inputs == ("a01014",)
    assert one.corrected


def test_share_of_the_volume_is_taken_in_ppm_and_its_mass_is_standard_already() -> None:
    ppm = "a21026: {unit: ppm}"
    text = site(so2="conversions: [mass]", points=ppm)
    assert kinds(text) == []
    one = make_plan(parse_site(text.encode())[0]).outlets["DA001"].factors["a21026"]
    assert one.judge.unit == "ppm"
    assert one.chain is not None and one.chain.molar_mass == 64.0
    twice = kinds(site(so2="conversions: [mass, standard]", points=ppm))
    assert [kind for kind, _, _ in twice] == ["converted_twice"]
    assert [kind for kind, _, _ in kinds(site(so2="range: [0, 9]", points=ppm))] == [
        "needs_conversion"
    ]
    # mg/m3 is no share
    assert [kind for kind, _, _ in kinds(site(so2="conversions: [mass]"))] == ["needs_conversion"]


def test_velocity_becomes_a_dry_standard_flow() -> None:
    text = site(
        flow="conversions: [field, area, standard, dry]", velocity=", points: {w00000: {unit: m/s}}"
    )
    assert kinds(text) == []
    plan = make_plan(parse_site(text.encode())[0])
    one = plan.outlets["DA001"].factors["a00000"]
    assert one.judge.unit == "m/s"
    assert one.chain is not None and one.chain.is_flow
    assert plan.outlets["DA001"].chained == ("a00000",)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            {"so2": "conversions: [standard, standard]"},
            ("converted_twice", "standard", "[standard, dry, oxygen]"),
        ),
        ({"so2": "conversions: [pitot]"}, ("conversion_factor", "a21026: pitot", "[curve, dry")),
        ({"so2": "conversions: [area]"}, ("conversion_factor", "a21026: area", "")),
        ({"oxygen": ", conversions: [oxygen]"}, ("conversion_factor", "a19001: oxygen", "[dry]")),
        (
            {"so2": "conversions: [standard]", "gas": "pressure: -1"},
            ("conversion_input", "standard: a01012", "a21026, a19001"),
        ),
        (
            {"so2": "conversions: [dry, oxygen]", "gas": "oxygen: a19002"},
            ("conversion_input", "oxygen: a19002", ""),
        ),
        (
            {"so2": "conversions: [dry, oxygen]", "gas": ""},
            ("conversion_number", "oxygen", "gas.reference_oxygen"),
        ),
        (
            {"so2": "conversions: [curve]"},
            ("conversion_number", "curve", "curve"),
        ),
        (
            {
                "flow": "conversions: [area]",
                "gas": "",
                "velocity": ", points: {w00000: {unit: m/s}}",
            },
            ("conversion_number", "area", "gas.duct_area_m2"),
        ),
        (
            {"moisture": ", conversions: [oxygens]", "oxygen": ", conversions: [dry]"},
            ("conversion_circle", "oxygens, a19001: dry", ""),
        ),
        ({"so2": "conversions: [oxygen]"}, ("oxygen_wet", "basis actual", "standard, dry")),
        (
            {"gas": "reference_oxygen: 6, excess_air: 1.4"},
            ("reference_twice", "reference_oxygen 6, excess_air 1.4", ""),
        ),
        ({"gas": "reference_oxygen: 21"}, ("bounds", "21", "")),
    ],
)
def test_conversion_that_cannot_be_is_refused(
    parts: dict[str, str], expected: tuple[str, str, str]
) -> None:
    (found, *more) = kinds(site(**parts))
    kind, said, allowed = expected
    assert found[0] == kind, (found, more)
    assert said in found[1]
    assert allowed in found[2]


@pytest.mark.parametrize(
    ("gas", "rule", "reference"),
    [
        ("reference_oxygen: 6", "", 6.0),
        ("excess_air: 1.4", "", 6.0),
        ("reference_oxygen: 6", ", reference_oxygen: 11", 11.0),
    ],
)
def test_reference_oxygen_of_the_factor_goes_before_that_of_the_outlet(
    gas: str, rule: str, reference: float
) -> None:
    text = site(gas=gas, so2=f"conversions: [dry, oxygen]{rule}")
    plan = make_plan(parse_site(text.encode())[0])
    chain = plan.outlets["DA001"].factors["a21026"].chain
    assert chain is not None and math.isclose(chain.reference, reference)


def test_rules_of_validity_come_from_the_site_file() -> None:
    text = site().replace(
        "    factors:", "    statistics: {minute_share: 1, minutes: 50}\n    factors:"
    )
    needs = make_plan(parse_site(text.encode())[0]).outlets["DA001"].factors["a21026"].period.needs
    assert (needs.minute_share, needs.minutes, needs.hours) == (1.0, 50, 20)


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ("range: [0, 9], volume: counter", ("counter_missing", "counter", "integral")),
        ("counter: {points: [total]}", ("counter_range", "", "range")),
        ("range: [0, 9], counter: {points: [totl]}", ("unknown_point", "totl", "total")),
        ("range: [0, 9], counter: {points: [w00000]}", ("no_way", "w00000: m3/s", "m3")),
    ],
)
def test_counter_that_cannot_be_is_refused(flow: str, expected: tuple[str, str, str]) -> None:
    ((kind, found, allowed),) = kinds(site(flow=flow))
    assert kind == expected[0]
    assert expected[1] in found
    assert expected[2] in allowed


def test_counter_can_never_grow_faster_than_twice_the_range() -> None:
    text = site(flow="range: [0, 9], volume: counter, counter: {points: [total], rollover_m3: 1e6}")
    assert kinds(text) == []
    one = make_plan(parse_site(text.encode())[0]).outlets["DA001"].factors["a00000"]
    assert one.period.by_counter and one.period.counter is not None
    assert (one.period.counter.flow_max, one.period.counter.rollover) == (18.0, 1e6)
    assert one.counter_points == ("total",)
