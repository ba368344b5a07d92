"""The profile-driven instrument: values, states, causes, and what is not there."""

import datetime

import pytest
from driver_fakes import FakeClock, FakeWire, Registers, bus_on, busy, device_settings

from drivers.device import BadAnswer, Cause, DeviceError, NoAnswer, Reading, Refused
from drivers.modbus import REASK_S, ModbusDevice
from drivers.profile import Profile, load_profile
from drivers.question import Question
from protocols.registers import encode_number, encode_time

MEASURED = datetime.datetime(2026, 6, 26, 9, 30, 5, tzinfo=datetime.UTC).timestamp()


def device(
    profile: str | Profile, registers: Registers, *, points: object = None
) -> tuple[ModbusDevice, FakeWire, FakeClock]:
    loaded = load_profile(profile) if isinstance(profile, str) else profile
    bus, wire = bus_on(registers)
    clock = FakeClock()
    settings = device_settings(loaded.profile, points=points or {})
    return ModbusDevice(settings, loaded, bus=bus, clock=clock), wire, clock


def made(*points: dict[str, object]) -> Profile:
    return Profile.model_validate(
        {
            "profile": "gas/made",
            "name": "made",
            "source": "test",
            "confidence": "manual",
            "driver": "modbus",
            "points": points,
        }
    )


def codmax(value: float = 36.5, state: int = 0, alarm: int = 0) -> Registers:
    registers = Registers()
    registers.put(0, encode_number(value, "float32", "CDAB"))
    registers.put(6, [120])
    registers.put(7, [alarm])
    registers.put(0x16, [1])
    registers.put(0x2F, encode_time(MEASURED, "hach"))
    registers.put(0x33, [state])
    return registers


def by_point(readings: list[Reading]) -> dict[str, Reading]:
    return {reading.point: reading for reading in readings}


async def test_a_batch_result_carries_the_time_of_the_instrument() -> None:
    it, _, clock = device("water/hach-codmax-ii", codmax())
    cod = by_point(await it.read())["w01018"]
    assert cod == Reading(
        "w01018", 36.5, "mg/L", clock.now(), Cause.NORMAL, "", MEASURED, (0, 0x4212)
    )


async def test_parameters_of_a_batch_analyzer_have_no_time_of_their_own() -> None:
    it, _, _ = device("water/hach-codmax-ii", codmax())
    readings = by_point(await it.read())
    assert readings["digestion_time"].measured_at is None
    assert readings["digestion_time"].value == 120


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        (0x0000, Cause.NORMAL),
        (0x0101, Cause.NORMAL),
        (0x0120, Cause.NORMAL),
        (0x2020, Cause.NORMAL),
        (0x0002, Cause.NORMAL),
        (0x4004, Cause.CALIBRATION),
        (0x0102, Cause.CALIBRATION),
        (0x0080, Cause.MAINTENANCE),
    ],
)
async def test_the_state_of_the_instrument_is_the_cause_of_its_points(
    state: int, cause: Cause
) -> None:
    it, _, _ = device("water/hach-codmax-ii", codmax(state=state))
    cod = by_point(await it.read())["w01018"]
    assert (cod.value, cod.cause) == (36.5, cause)


async def test_an_alarm_word_outweighs_the_state() -> None:
    it, _, _ = device("water/hach-codmax-ii", codmax(state=0, alarm=2))
    cod = by_point(await it.read())["w01018"]
    assert (cod.cause, cod.reason) == (Cause.FAULT, "故障")


async def test_a_state_sent_as_a_float_is_a_whole_number() -> None:
    registers = Registers()
    for address in (0x132, 0x15A, 0x1AA, 0x1D2, 0x1E6, 0x1F0, 0x1FA, 0x204, 0x20E):
        registers.put(address, encode_number(1.0, "float32", "CDAB"))
    registers.put(0x212, encode_number(6.9999, "float32", "CDAB"))
    it, wire, _ = device("gas/fpi-cems2000", registers)
    readings = await it.read()
    assert {reading.cause for reading in readings} == {Cause.CALIBRATION}
    assert {reading.reason for reading in readings} == {"反吹"}
    assert [question.count for question in wire.asked] == [2] * 10


@pytest.mark.parametrize("bits", [[0, 0x7FC0], [0, 0x7F80], [0, 0xFF80]])
async def test_no_number_is_no_value_and_a_fault_never_zero(bits: list[int]) -> None:
    registers = codmax()
    registers.put(0, bits)
    it, _, _ = device("water/hach-codmax-ii", registers)
    cod = by_point(await it.read())["w01018"]
    assert (cod.value, cod.cause) == (None, Cause.FAULT)
    assert "hold no float32" in cod.reason


async def test_no_number_during_maintenance_is_maintenance() -> None:
    registers = codmax(state=0x0080)
    registers.put(0, [0, 0x7FC0])
    it, _, _ = device("water/hach-codmax-ii", registers)
    cod = by_point(await it.read())["w01018"]
    assert (cod.value, cod.cause) == (None, Cause.MAINTENANCE)


async def test_a_sentinel_means_not_available() -> None:
    profile = made({"id": "no3", "register": "input", "address": 0, "type": "uint16",
                    "scale": 0.1, "unavailable": [0xFFFF]})  # fmt: skip
    it, _, _ = device(profile, Registers({0: 0xFFFF}))
    assert (await it.read())[0].value is None
    assert (await it.read())[0].cause is Cause.FAULT
    assert (await it.read())[0].reason == "65535 means not available"


async def test_the_unit_is_what_the_meter_says() -> None:
    registers = Registers()
    registers.put(0x1010, encode_number(12.5, "float32"))
    registers.put(0x1018, encode_number(123456, "uint32"))
    registers.put(0x1020, [0, 2])
    it, wire, _ = device("flow/em-flow-0x1010", registers)
    readings = by_point(await it.read())
    assert (readings["w00000"].value, readings["w00000"].unit) == (12.5, "L/s")
    assert (readings["total"].value, readings["total"].unit) == (123456, "km3")
    assert len(wire.asked) == 1


async def test_an_unknown_unit_gives_no_value() -> None:
    registers = Registers()
    registers.put(0x1010, encode_number(12.5, "float32"))
    registers.put(0x1020, [9, 1])
    it, _, _ = device("flow/em-flow-0x1010", registers)
    flow = by_point(await it.read())["w00000"]
    assert (flow.value, flow.unit, flow.cause) == (None, "", Cause.FAULT)
    assert flow.reason == "unit code 0009 is not known"


async def test_scale_and_order_of_the_site_are_used() -> None:
    registers = Registers()
    registers.put(0, encode_number(0.5, "float32", "ABCD"))
    override = {"metal": {"order": "ABCD", "scale": 0.001, "unit": "mg/L"}}
    it, _, _ = device("metals/ruiquan-metals", registers, points=override)
    metal = by_point(await it.read())["metal"]
    assert (metal.value, metal.unit) == (0.0005, "mg/L")


async def test_a_time_that_is_no_time_leaves_the_value_standing() -> None:
    registers = codmax()
    registers.put(0x2F, [2026, 1350, 9999, 0])
    it, _, _ = device("water/hach-codmax-ii", registers)
    cod = by_point(await it.read())["w01018"]
    assert (cod.value, cod.measured_at, cod.cause) == (36.5, None, Cause.NORMAL)


async def test_a_result_that_changes_while_it_is_read_gives_no_reading_this_time() -> None:
    registers = codmax()
    it, wire, _ = device("water/hach-codmax-ii", registers)
    fresh = registers.registers | {0x30: 627}

    def moving(question: Question) -> list[int]:
        if len(wire.asked) == 3:
            registers.registers = fresh
        return registers(question)

    wire._answer = moving
    readings = by_point(await it.read())
    assert "w01018" not in readings
    assert "digestion_time" in readings
    assert by_point(await it.read())["w01018"].measured_at == MEASURED + 86_400


async def test_value_and_time_come_in_one_request_where_that_is_possible() -> None:
    registers = Registers()
    registers.put(0x1005, encode_time(MEASURED, "bcd6"))
    registers.put(0x1008, encode_number(0.5, "float32", "CDAB"))
    registers.put(0x100A, encode_number(ord("N"), "char-le"))
    it, wire, _ = device("metals/labsun-phototek6000", registers)
    lead = by_point(await it.read())["w20120"]
    assert (lead.value, lead.measured_at, lead.cause) == (0.5, MEASURED, Cause.NORMAL)
    assert (wire.asked[0].start, wire.asked[0].count) == (0x1005, 6)


CEMS = (0x132, 0x15A, 0x1AA, 0x1D2, 0x1E6, 0x1F0, 0x1FA, 0x204, 0x20E)


def cems() -> Registers:
    registers = Registers()
    for place, address in enumerate(CEMS):
        registers.put(address, encode_number(place, "float32", "CDAB"))
    registers.put(0x212, encode_number(1, "float32", "CDAB"))
    return registers


@pytest.mark.parametrize(
    ("error", "cause", "text"),
    [
        (Refused("exception 2: no such address", code=2), Cause.FAULT, "no such address"),
        (Refused("exception 4: device failure", code=4), Cause.FAULT, "device failure"),
        (Refused("exception 11: target silent", code=11), Cause.NO_LINK, "target silent"),
    ],
)
async def test_a_failed_span_is_bad_and_its_neighbours_right(
    error: DeviceError, cause: Cause, text: str
) -> None:
    registers = cems()
    registers.errors[0x1D2] = error
    it, _, _ = device("gas/fpi-cems2000", registers)
    readings = by_point(await it.read())
    assert (readings["a21005"].value, readings["a21005"].cause) == (None, cause)
    assert text in readings["a21005"].reason
    others = [reading for reading in readings.values() if reading.point != "a21005"]
    assert [reading.value for reading in others] == [0, 1, 2, 4, 5, 6, 7, 8]
    assert {reading.cause for reading in others} == {Cause.NORMAL}


@pytest.mark.parametrize("error", [NoAnswer("no answer in time"), BadAnswer("wrong CRC")])
async def test_a_silent_span_ends_the_cycle_where_a_late_answer_could_be_mistaken(
    error: DeviceError,
) -> None:
    registers = cems()
    registers.errors[0x1D2] = error
    it, wire, _ = device("gas/fpi-cems2000", registers)
    readings = by_point(await it.read())
    assert len(wire.asked) == 4
    assert [readings[point].value for point in ("a21026", "a21003", "a19001")] == [0, 1, 2]
    assert readings["a21005"].cause is Cause.NO_LINK
    assert readings["a21024"].value is None
    assert "not asked" in readings["a21024"].reason


async def test_the_next_cycle_begins_with_what_was_not_asked() -> None:
    registers = cems()
    registers.errors[0x1D2] = NoAnswer("no answer in time")
    it, wire, _ = device("gas/fpi-cems2000", registers)
    await it.read()
    del wire.asked[:]
    readings = by_point(await it.read())
    assert wire.asked[0].start == 0x1E6
    assert readings["a21024"].value == 8
    assert readings["a19001"].value == 2
    assert readings["a21005"].value is None


async def test_after_a_silence_a_question_of_another_length_is_asked_first() -> None:
    registers = codmax()
    registers.errors[0x00] = NoAnswer("no answer in time")
    it, wire, _ = device("water/hach-codmax-ii", registers)
    readings = by_point(await it.read())
    assert readings["w01018"].cause is Cause.NO_LINK
    assert readings["digestion_time"].value == 120
    assert [question.count for question in wire.asked] == [46, 2, 4]


async def test_a_value_whose_state_is_not_known_is_never_called_normal() -> None:
    registers = cems()
    registers.errors[0x212] = NoAnswer("no answer in time")
    it, _, _ = device("gas/fpi-cems2000", registers)
    so2 = by_point(await it.read())["a21026"]
    assert (so2.value, so2.cause) == (0, Cause.NO_LINK)
    assert so2.reason == "state not known: no answer in time"


async def test_busy_gives_no_reading_and_no_zero() -> None:
    registers = cems()
    registers.errors[0x1D2] = busy()
    it, _, _ = device("gas/fpi-cems2000", registers)
    readings = by_point(await it.read())
    assert "a21005" not in readings
    assert len(readings) == 8


async def test_a_busy_state_gives_no_reading_at_all() -> None:
    registers = cems()
    registers.errors[0x212] = busy()
    it, _, _ = device("gas/fpi-cems2000", registers)
    assert await it.read() == []


@pytest.mark.parametrize("error", [NoAnswer("no answer in time"), BadAnswer("wrong CRC")])
async def test_nothing_at_all_raises(error: DeviceError) -> None:
    registers = codmax()
    registers.errors = dict.fromkeys(range(0x100), error)
    it, wire, _ = device("water/hach-codmax-ii", registers)
    with pytest.raises(type(error)):
        await it.read()
    assert len(wire.asked) == 2


async def test_a_refusal_is_not_silence_and_does_not_raise() -> None:
    registers = codmax()
    registers.errors = dict.fromkeys(range(0x100), Refused("exception 1", code=1))
    it, _, _ = device("water/hach-codmax-ii", registers)
    assert {reading.cause for reading in await it.read()} == {Cause.FAULT}


async def test_a_joined_block_is_split_after_exception_2_and_that_is_remembered() -> None:
    registers = codmax()
    registers.errors[0x20] = Refused("exception 2: no such address", code=2)
    it, wire, _ = device("water/hach-codmax-ii", registers)
    readings = by_point(await it.read())
    assert readings["w01018"].value == 36.5
    assert {reading.cause for reading in readings.values()} == {Cause.NORMAL}
    refused = [question for question in wire.asked if question.count == 46]
    assert len(refused) == 1
    del wire.asked[:]
    await it.read()
    assert all(not (q.start <= 0x20 < q.start + q.count) for q in wire.asked)


async def test_one_missing_register_among_many_ends_up_alone() -> None:
    points = [
        {"id": f"p{n}", "register": "holding", "address": n, "type": "uint16"} for n in range(8)
    ]
    registers = Registers({n: n for n in range(8)})
    registers.errors[5] = Refused("exception 2: no such address", code=2)
    it, wire, _ = device(made(*points), registers)
    await it.read()
    del wire.asked[:]
    readings = await it.read()
    assert [reading.value for reading in readings] == [0, 1, 2, 3, 4, None, 6, 7]
    assert [(question.start, question.count) for question in wire.asked] == [(0, 4), (4, 1), (6, 2)]


async def test_a_point_the_instrument_does_not_have_is_not_asked_every_cycle(
    caplog: pytest.LogCaptureFixture,
) -> None:
    registers = cems()
    registers.errors[0x1D2] = Refused("exception 2: no such address", code=2)
    it, wire, clock = device("gas/fpi-cems2000", registers)
    for _ in range(3):
        assert by_point(await it.read())["a21005"].cause is Cause.FAULT
    assert sum(question.start == 0x1D2 for question in wire.asked) == 1
    assert sum("no such address" in record.message for record in caplog.records) == 1
    clock.at += REASK_S
    registers.errors.clear()
    assert by_point(await it.read())["a21005"].value == 3


async def test_coils_are_ones_and_zeros() -> None:
    profile = made(
        {"id": "a", "register": "coil", "address": 4, "type": "bit"},
        {"id": "b", "register": "discrete", "address": 4, "type": "bit", "scale": 2},
    )
    it, wire, _ = device(profile, Registers({4: 1}))
    readings = by_point(await it.read())
    assert (readings["a"].value, readings["b"].value) == (1, 2)
    assert [question.function for question in wire.asked] == [1, 2]
