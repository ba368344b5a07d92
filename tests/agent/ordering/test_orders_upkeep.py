"""Orders and supervision outlive their five years no longer than the hold on their interval."""

from __future__ import annotations

from agent_house import House
from agent_site import DAY
from order_post import STATION, OrderPost

from agent.ordering.answering import answer, attached
from agent.store import holds, supervision
from agent.upkeep import upkeep

YEARS = 5 * 366 + 2
TABLES = ("orders", "supervision", "supervision_answers", "supervision_files")


async def counts(house: House, *, after_days: float) -> dict[str, int]:
    house.clock.go(after_days * DAY)
    await upkeep(house.plan, house.store, house.clock, house.metrics)
    return {name: house.one(f"SELECT count(*) FROM {name}") for name in TABLES}


async def ordered(house: House, ref: str) -> OrderPost:
    post = OrderPost(house)
    body = {"number": ref, "level": "handling", "outlet": "DW001", "content": "x"}
    assert (await post.order(ref, "supervision", **body))["state"] == "done"
    return post


async def test_answered_order_goes_with_its_answers_and_files(house: House) -> None:
    await ordered(house, "a")

    def job(connection: object) -> None:
        one = supervision.find(connection, STATION, "a")  # type: ignore[arg-type]
        assert one is not None
        files = [attached("f", b"x")]
        answer(connection, one, by="z", why="w", text="t", files=files, now=house.clock.now())  # type: ignore[arg-type]

    await house.write(job)
    assert await counts(house, after_days=YEARS + 2) == dict.fromkeys(TABLES, 1), "it is frozen"
    (hold,) = await house.store.read(holds.open_ones)
    now = house.clock.now()
    await house.write(lambda c: holds.release(c, hold.ref, at=now, by="z", why="结案"))
    assert await counts(house, after_days=1) == dict.fromkeys(TABLES, 0)


async def test_order_that_waits_for_its_answer_stays(house: House) -> None:
    await ordered(house, "a")
    assert (await counts(house, after_days=YEARS + 2))["supervision"] == 1
