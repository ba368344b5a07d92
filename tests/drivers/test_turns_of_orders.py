"""What is ordered is a few exchanges in a row: no poll comes in between, and none starves."""

from __future__ import annotations

import asyncio

from drivers.turns import ORDERS_IN_A_ROW, Turns


class Line:
    """A line on which everybody's exchanges are written down in their order."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.log: list[str] = []

    async def exchange(self, name: str, *, order: bool) -> None:
        async with self.turns.turn(order=order):
            self.log.append(name)
            await asyncio.sleep(0)

    async def sequence(self, count: int) -> None:
        """Order one thing after the other, as a driver does that thinks in between."""
        for number in range(count):
            await self.exchange(f"order {number}", order=True)
            await asyncio.sleep(0)
            await asyncio.sleep(0)


async def test_no_poll_comes_between_the_exchanges_of_an_order() -> None:
    line = Line()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(line.sequence(3))
        group.create_task(line.exchange("poll", order=False))
    assert line.log == ["order 0", "order 1", "order 2", "poll"]


async def test_waiting_poll_gets_its_turn_after_four_orders() -> None:
    line = Line()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(line.sequence(ORDERS_IN_A_ROW + 2))
        group.create_task(line.exchange("poll", order=False))
    assert line.log.index("poll") == ORDERS_IN_A_ROW


async def test_line_that_was_kept_free_for_nobody_goes_on() -> None:
    line = Line()
    async with asyncio.timeout(5):
        await line.exchange("order", order=True)
        await line.exchange("poll", order=False)
        await line.exchange("poll", order=False)
    assert line.log == ["order", "poll", "poll"]


async def test_order_that_is_given_up_leaves_the_line_to_others() -> None:
    line = Line()
    async with asyncio.timeout(5):
        async with line.turns.turn(order=False):
            waiting = asyncio.ensure_future(line.exchange("order", order=True))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await line.exchange("poll", order=False)
    assert line.log == ["poll"]
