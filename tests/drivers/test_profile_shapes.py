"""What a profile may say beyond plain registers: bits, masks, slots, bytes, parameters, checks."""

import pytest

from drivers.decode import Answer, readings_of, state_of
from drivers.device import Cause
from drivers.parameters import checks_of, parameters_of
from drivers.plan import Span, plan, plan_parameters
from drivers.profile import Profile
from drivers.profile_dialogue import Status
from drivers.profile_states import StateWord

HEAD = {
    "profile": "water/example",
    "name": "Example",
    "source": "made for a test",
    "confidence": "manual",
    "driver": "modbus",
}
POINT = {"id": "w01018", "register": "holding", "address": 0, "type": "float32", "unit": "mg/L"}


def profile(**more: object) -> Profile:
    return Profile.model_validate({**HEAD, "points": [POINT], **more})


def word(**more: object) -> StateWord:
    return StateWord.model_validate({"register": "holding", "address": 9, "other": "fault", **more})


def answered(spans: list[Span], registers: dict[int, int]) -> list[Answer]:
    return [
        Answer(span, tuple(registers.get(address, 0) for address in range(span.start, span.end)))
        for span in spans
    ]


def test_the_first_bit_in_the_order_of_the_profile_decides() -> None:
    state = word(
        bits=[{"bit": 1, "cause": "fault"}, {"bit": 0, "cause": "calibration", "text": "校准"}],
        values=[{"from": 0, "cause": "normal"}],
    )
    assert state.meaning(0b11)[0] is Cause.FAULT
    assert state.meaning(0b01) == (Cause.CALIBRATION, "校准")
    assert state.meaning(0)[0] is Cause.NORMAL
    assert state.meaning(0b100)[0] is Cause.FAULT


def test_a_mask_leaves_the_bits_that_count() -> None:
    state = word(mask=0xFF00, values=[{"from": 2, "cause": "maintenance"}])
    assert state.meaning(0x02AB)[0] is Cause.MAINTENANCE
    assert state.meaning(0x0302)[0] is Cause.FAULT


def test_a_contact_can_be_the_state() -> None:
    part = profile(
        state={
            "register": "discrete",
            "address": 5,
            "type": "bit",
            "values": [{"from": 1, "cause": "normal"}],
            "other": "fault",
        }
    )
    for raw, cause in ((1, Cause.NORMAL), (0, Cause.FAULT)):
        answers = [Answer(span, (raw,) * span.count) for span in plan(part)]
        state = state_of(part, answers)
        assert state is not None
        assert state.cause is cause


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "values or bits"),
        ({"type": "bit", "values": [{"from": 1, "cause": "normal"}]}, "cannot hold"),
    ],
)
def test_a_state_that_says_nothing_is_refused(more: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        word(**more)


AMONG = {
    "slots": 3,
    "step": 2,
    "code_at": 1,
    "mask": 255,
    "units": {0x0900: "mg/m3", 0x0200: "ppm"},
}


def gases() -> Profile:
    points = [
        {
            "id": id_,
            "register": "holding",
            "address": 1,
            "type": "uint16",
            "among": {**AMONG, "code": code},
        }
        for id_, code in (("a21026", 6), ("a21003", 7))
    ]
    return Profile.model_validate({**HEAD, "points": points})


@pytest.mark.parametrize(
    ("registers", "so2", "no"),
    [
        ((50, 0x0906, 30, 0x0907, 0, 0), (50.0, "mg/m3"), (30.0, "mg/m3")),
        ((30, 0x0907, 0, 0x0102, 50, 0x0206), (50.0, "ppm"), (30.0, "mg/m3")),
        ((30, 0x0907, 0, 0, 0, 0), (None, ""), (30.0, "mg/m3")),
        ((50, 0x0A06, 30, 0x0907, 0, 0), (None, ""), (30.0, "mg/m3")),
    ],
)
def test_a_gas_is_found_by_its_code_and_never_by_its_place(
    registers: tuple[int, ...], so2: tuple[float | None, str], no: tuple[float | None, str]
) -> None:
    part = gases()
    answers = answered(plan(part), dict(enumerate(registers, 1)))
    state = state_of(part, answers)
    assert state is not None
    readings = readings_of(part, answers, state, taken_at=0.0)
    assert [(one.value, one.unit) for one in readings] == [so2, no]
    for one in readings:
        assert (one.cause is Cause.NORMAL) == (one.value is not None)


def test_two_points_share_a_register_by_its_bytes() -> None:
    points = [
        {"id": id_, "register": "holding", "address": 7, "type": type_}
        for id_, type_ in (("alarm", "uint8-hi"), ("door", "uint8-lo"))
    ]
    part = Profile.model_validate({**HEAD, "points": points})
    answers = answered(plan(part), {7: 0x0201})
    state = state_of(part, answers)
    assert state is not None
    assert [one.value for one in readings_of(part, answers, state, taken_at=0.0)] == [2.0, 1.0]


SLOW = {
    "parameters": [
        {"id": "range", "register": "holding", "address": 20, "type": "uint16", "scale": 0.1,
         "unit": "mg/L"},
        {"id": "mode", "register": "holding", "address": 21, "type": "uint16",
         "values": {1: "continuous"}},
        {"id": "calibrated", "register": "holding", "address": 22, "time": "bcd6"},
    ],
    "checks": [
        {"kind": "span", "register": "holding", "address": 33, "order": "CDAB", "unit": "mg/L",
         "time_address": 30, "time_format": "bcd6"},
        {"kind": "zero", "register": "holding", "address": 43, "order": "CDAB", "unit": "mg/L",
         "time_address": 40, "time_format": "bcd6"},
    ],
}  # fmt: skip


def test_parameters_and_checks_come_by_a_plan_of_their_own() -> None:
    part = profile(**SLOW)
    spans = plan_parameters(part)
    assert [(span.start, span.count) for span in spans] == [(20, 5), (30, 5), (40, 5)]
    assert [(span.start, span.count) for span in plan(part)] == [(0, 2)]
    registers = {20: 1000, 21: 1, 22: 0x2603, 23: 0x1910, 24: 0x0000}
    registers |= {30: 0x2603, 31: 0x1910, 32: 0x0000, 33: 0x0000, 34: 0x4212}
    answers = answered(spans, registers)
    found = {one.id: one for one in parameters_of(part, answers)}
    assert (found["range"].value, found["range"].unit) == (100.0, "mg/L")
    assert found["mode"].text == "continuous"
    assert found["calibrated"].value == 1_773_885_600.0  # 2026-03-19 10:00 in China
    checks = checks_of(part, answers)
    assert [(one.kind, one.value, one.at) for one in checks] == [("span", 36.5, 1_773_885_600.0)]


OTHER = {
    **HEAD,
    "driver": "thermo-clink",
    "questions": [{"id": "so2", "send": "so2"}],
    "values": [{"id": "a21026", "question": "so2", "at": 0, "unit": "ppb"}],
}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"points": [POINT]}, "reads questions and values"),
        ({"values": []}, "there are none"),
        ({"questions": []}, "no question so2"),
        ({"frame": {"end": "x"}}, "the ascii driver needs it, no other"),
        ({"driver": "ascii"}, "the ascii driver needs it"),
        ({"driver": "modbus"}, "reads points"),
        ({"operations": {"zero": {"writes": [{"address": 1, "values": [1]}]}}}, "takes sends"),
        ({"operations": {"zero": {}}}, "has writes"),
        ({"operations": {"zero": {"sends": ["x"], "proof": {}}}}, "a proof is one of"),
        ({"operations": {"zero": {"sends": ["x"], "proof": {"renewed": "y"}}}}, "no point y"),
        ({"operations": {"dance": {"sends": ["x"]}}}, "measure"),
        ({"questions": [{"id": "so2", "answer": "("}]}, "question so2: answer"),
    ],
)
def test_a_profile_of_another_protocol_that_contradicts_itself_is_refused(
    more: dict[str, object], message: str
) -> None:
    assert Profile.model_validate(OTHER).quantity("a21026")
    with pytest.raises(ValueError, match=message):
        Profile.model_validate({**OTHER, **more})


def test_a_word_of_an_answer_says_the_state() -> None:
    status = Status.model_validate(
        {
            "question": "mode",
            "at": 0,
            "type": "text",
            "words": {"zero": {"cause": "calibration", "text": "零气"}},
            "bits": [{"bit": 2, "cause": "fault"}],
            "other": "normal",
        }
    )
    assert status.meaning("zero") == (Cause.CALIBRATION, "零气")
    assert status.meaning("sample")[0] is Cause.NORMAL
    assert status.meaning(0b100)[0] is Cause.FAULT
    assert status.meaning(0b011)[0] is Cause.NORMAL
