"""Against libmodbus, its unit-test-server: an independent slave, with its own kinds of mischief."""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from libmodbus_bench import EXAMPLES, PACE, UNIT, Serving, build, missing, rtu, tcp

from drivers.bus import Bus, Pace
from drivers.device import BadAnswer, Fault, NoAnswer, Refused

pytestmark = pytest.mark.system

BROADCAST_UNIT = 255
"""The unit that the server's hand-made TCP answers carry."""
PATIENT = Pace(timeout_s=5.0, gap_s=0.0, retries=0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("libmodbus"))


@contextlib.asynccontextmanager
async def bus_to(server: Path, over: Serving) -> AsyncIterator[Bus]:
    async with over(server) as settings, Bus(settings) as bus:
        yield bus


BOTH = pytest.mark.parametrize("over", [rtu, tcp])


@BOTH
async def test_registers_and_bits_of_the_standards_examples(server: Path, over: Serving) -> None:
    async with bus_to(server, over) as bus:
        assert await bus.read(UNIT, 4, 0x108, 1, timing=PACE) == [0x000A]
        bits = await bus.read(UNIT, 2, 0x1C4, 22, timing=PACE)
        assert bits == [int(bit) for byte in (0xAC, 0xDB, 0x35) for bit in f"{byte:08b}"[::-1]][:22]


@BOTH
async def test_what_was_written_is_read_back(server: Path, over: Serving) -> None:
    async with bus_to(server, over) as bus:
        await bus.write(UNIT, 0x160, [0x022B, 0x0001, 0x0064], timing=PACE)
        assert await bus.read(UNIT, 3, 0x160, 3, timing=PACE) == [0x022B, 0x0001, 0x0064]
        await bus.write(UNIT, 0x161, [0x1234], timing=PACE, single=True)
        assert await bus.read(UNIT, 3, 0x160, 3, timing=PACE) == [0x022B, 0x1234, 0x0064]


@BOTH
async def test_an_answer_of_wrong_length_is_refused_and_the_next_poll_is_good(
    server: Path, over: Serving
) -> None:
    async with bus_to(server, over) as bus:
        await bus.write(UNIT, 0x160, [1, 2, 3], timing=PACE)
        with pytest.raises(BadAnswer) as caught:
            await bus.read(UNIT, 3, 0x160, 2, timing=PACE)
        assert caught.value.fault is Fault.LENGTH
        assert await bus.read(UNIT, 3, 0x160, 3, timing=PACE) == [1, 2, 3]


@BOTH
async def test_busy_is_an_exception_to_ask_again_after(server: Path, over: Serving) -> None:
    async with bus_to(server, over) as bus:
        with pytest.raises(Refused, match="busy") as caught:
            await bus.read(UNIT, 3, 0x170, 1, timing=PACE)
        assert caught.value.code == 6


@BOTH
async def test_an_address_it_does_not_have_is_exception_2(server: Path, over: Serving) -> None:
    async with bus_to(server, over) as bus:
        with pytest.raises(Refused, match="no such address") as caught:
            await bus.read(UNIT, 3, 0x15F, 1, timing=PACE)
        assert caught.value.code == 2


async def test_another_unit_is_called_wrong_unit(server: Path) -> None:
    async with bus_to(server, rtu) as bus:
        with pytest.raises(BadAnswer, match="WRONG UNIT: 18 answered for 17") as caught:
            await bus.read(UNIT, 3, 0x171, 1, timing=PACE)
        assert caught.value.fault is Fault.UNIT
        await bus.write(UNIT, 0x160, [1, 2, 3], timing=PACE)
        assert await bus.read(UNIT, 3, 0x160, 3, timing=PACE) == [1, 2, 3]


async def test_another_transaction_is_not_the_answer(server: Path) -> None:
    async with bus_to(server, tcp) as bus:
        await bus.write(BROADCAST_UNIT, 0x160, [1, 2, 3], timing=PACE)
        with pytest.raises(BadAnswer, match="another question") as caught:
            await bus.read(BROADCAST_UNIT, 3, 0x171, 1, timing=PACE)
        assert caught.value.fault is Fault.TRANSACTION
        assert await bus.read(BROADCAST_UNIT, 3, 0x160, 3, timing=PACE) == [1, 2, 3]


@BOTH
async def test_a_late_answer_does_not_answer_the_next_poll(server: Path, over: Serving) -> None:
    async with bus_to(server, over) as bus:
        await bus.write(UNIT, 0x172, [0x7272], timing=PACE)
        await bus.write(UNIT, 0x160, [0x1616], timing=PACE)
        with pytest.raises(NoAnswer):
            await bus.read(UNIT, 3, 0x172, 1, timing=PACE)
        assert await bus.read(UNIT, 3, 0x160, 1, timing=PACE) == [0x1616]


@BOTH
async def test_with_patience_the_slow_register_is_read(server: Path, over: Serving) -> None:
    async with bus_to(server, over) as bus:
        await bus.write(UNIT, 0x172, [0x7272], timing=PACE)
        assert await bus.read(UNIT, 3, 0x172, 1, timing=PATIENT) == [0x7272]


async def test_an_answer_with_pauses_between_its_bytes_is_one_answer(server: Path) -> None:
    """Made by hand for TCP only; see the RTU slave of our own for the serial line."""
    async with bus_to(server, tcp) as bus:
        assert await bus.read(BROADCAST_UNIT, 3, 0x173, 1, timing=PACE) == [0]


@BOTH
async def test_the_largest_read_and_what_is_beyond_it(server: Path, over: Serving) -> None:
    async with bus_to(server, over) as bus:
        assert len(await bus.read(UNIT, 3, 0x160, 0x20, timing=PACE)) == 0x20
        with pytest.raises(Refused):
            await bus.read(UNIT, 3, 0x160, 0x21, timing=PACE)


def test_the_examples_still_have_what_these_tests_change() -> None:
    if not EXAMPLES.is_dir():
        missing("the examples of libmodbus-dev")
    source = (EXAMPLES / "unit-test-server.c").read_text(encoding="utf-8")
    assert re.search(r'modbus_new_rtu\("/dev/ttyUSB0", 115200', source)
    assert 'modbus_new_tcp("127.0.0.1", 1502)' in source
