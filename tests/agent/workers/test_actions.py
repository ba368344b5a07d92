"""Orders to the sampler: at most once, never after their deadline, settled from its own record."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from agent_fakes import READY, EndOfScript, FakeSampler
from agent_house import House
from agent_site import COD, DAY, HOUR, T0, destination, plan_with
from test_exceedance import RESULT, judged

from agent.actions import LONGEST_PAUSE_S, DeviceActions
from agent.bells import Bells
from agent.orders import order_probe
from agent.store import actions
from drivers.device import Cause, NoAnswer, Refused, RetentionRecord
from drivers.sampler import TIMEOUT_S

KEPT = RetentionRecord(at=T0 + HOUR + 60, bottle=3, volume_ml=500.0, ok=True)
OLD = RetentionRecord(at=T0 - DAY, bottle=2, volume_ml=500.0, ok=True)
DEADLINE = RESULT.completed_at + HOUR
NEXT = replace(
    RESULT,
    sampled_at=RESULT.sampled_at + HOUR,
    completed_at=RESULT.completed_at + HOUR,
    received_at=RESULT.received_at + HOUR,
)


@pytest.fixture
async def ordered(house: House) -> House:
    """The house an hour on, with a bottle ordered."""
    house.clock.go(HOUR + 10)
    await judged(house)
    return house


@pytest.fixture
def sampler() -> FakeSampler:
    return FakeSampler()


def worker(house: House, sampler: FakeSampler | None) -> DeviceActions:
    async def probe() -> Mapping[str, Any]:
        return {"points": 7}

    return DeviceActions(
        "sampler", sampler, probe, house.plan, house.store, house.clock, house.bells
    )


async def work(house: House, sampler: FakeSampler | None, *, until: float = 0.0) -> None:
    """Let the worker of the sampler work until it has nothing to do, or until that time."""
    house.bells.until = until or float("inf")
    with pytest.raises(EndOfScript):
        await worker(house, sampler).run()


def state(house: House) -> str:
    return str(house.one("SELECT state FROM actions"))


def states(house: House) -> list[str]:
    return [state for (state,) in house.rows("SELECT state FROM actions ORDER BY id")]


class Watched(FakeSampler):
    """A silent sampler that notes when it was asked; it answers at the times in `answers_at`."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.clock = house.clock
        self.began = house.clock.now()
        self.answers_at: tuple[float, ...] = ()
        self.asked: list[float] = []

    def _speak(self) -> None:
        at = self.clock.now() - self.began
        if at not in self.asked:
            self.asked.append(at)
        self.silent = at not in self.answers_at
        super()._speak()


def outcome(house: House) -> dict[str, Any]:
    return dict(json.loads(house.one("SELECT outcome FROM actions")))


def failures(house: House) -> list[tuple[str, str]]:
    found = [json.loads(detail) for _, _, detail in house.events("retention_failed")]
    return [(one["state"], one["reason"]) for one in found]


async def killed(house: House, sampler: FakeSampler) -> None:
    """Let the process die while the order is on its way, and begin again."""

    def die() -> RetentionRecord:
        raise EndOfScript

    sampler.keep = die
    await work(house, sampler)
    assert state(house) == "running"
    assert await house.write(actions.doubt_running) == 1
    sampler.keep = lambda: KEPT


# --- the good way


async def test_bottle_is_kept_and_outcome_event_and_report_are_one_commit(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.record = OLD
    sampler.keep = lambda: KEPT
    statements: list[str] = []
    await ordered.write(lambda connection: connection.set_trace_callback(statements.append))
    await work(ordered, sampler)
    assert sampler.orders == [OLD]
    assert state(ordered) == "done"
    assert outcome(ordered)["bottle"] == 3
    ((_, _, detail),) = ordered.events("retention")
    told = json.loads(detail)
    assert (told["bottle"], told["factor"], told["value"], told["limit"]) == (3, COD, 61.5, 50)
    ((at, revision, text),) = ordered.uploads("3015")
    assert (at, revision, text) == (KEPT.at, 3, "DataTime=20260610110100;VaseNo=3")
    commits = "\n".join(statements).split("COMMIT")
    (own,) = [text for text in commits if "state = 'done'" in text]
    assert "INTO events " in own
    assert own.count("INTO outbox ") == 2, "the notice and 3015"
    assert "retention done" in own


async def test_order_is_on_disk_with_the_last_record_before_it_goes_out(
    ordered: House, sampler: FakeSampler
) -> None:
    seen = []

    def keep() -> RetentionRecord:
        seen.append(ordered.rows("SELECT state, before, started_at FROM actions"))
        return KEPT

    sampler.record, sampler.keep = OLD, keep
    await work(ordered, sampler)
    (((running, before, started_at),),) = seen
    assert (running, started_at) == ("running", T0 + HOUR + 10)
    assert json.loads(before)["at"] == OLD.at


async def test_order_told_twice_is_carried_out_once(ordered: House, sampler: FakeSampler) -> None:
    sampler.keep = lambda: KEPT
    await judged(ordered)
    await work(ordered, sampler)
    await judged(ordered)
    await work(ordered, sampler)
    assert len(sampler.orders) == 1


async def test_bottle_of_one_hour_is_inside_the_interval_of_the_last(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.keep = lambda: KEPT
    await work(ordered, sampler)
    second = replace(RESULT, completed_at=RESULT.completed_at + 60, value=70.0)
    await judged(ordered, second)
    ((_, _, detail),) = ordered.events("retention_blocked")
    assert json.loads(detail)["reason"] == "inside the retention interval"
    alarms = ordered.rows("SELECT kind FROM alarms ORDER BY id")
    assert alarms == [("exceedance",)], "the bottle is there: nobody needs to be called"


async def test_platform_without_a_message_for_bottles_gets_the_event_alone(
    house_with: Any, sampler: FakeSampler
) -> None:
    house = await house_with(destination(edition="hj212-2025"))
    house.clock.go(HOUR + 10)
    await judged(house)
    sampler.keep = lambda: KEPT
    await work(house, sampler)
    assert house.rows("SELECT DISTINCT cn FROM outbox") == [("event",)]


async def test_platform_that_wants_no_3015_gets_none(house_with: Any, sampler: FakeSampler) -> None:
    house = await house_with(destination(wire={"retained_upload": False}))
    house.clock.go(HOUR + 10)
    await judged(house)
    sampler.keep = lambda: KEPT
    await work(house, sampler)
    assert state(house) == "done"
    assert house.uploads("3015") == []


async def test_station_that_has_not_begun_is_sent_no_bottle(
    house_with: Any, sampler: FakeSampler
) -> None:
    def since_tomorrow(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0]["since"] = "2026-06-11"

    house = await house_with(since_tomorrow)
    house.clock.go(HOUR + 10)
    await judged(house)
    sampler.keep = lambda: KEPT
    await work(house, sampler)
    assert state(house) == "done"
    assert house.rows("SELECT * FROM outbox") == []


# --- the deadline


async def test_order_past_its_deadline_is_never_carried_out(
    ordered: House, sampler: FakeSampler
) -> None:
    ordered.clock.go(DEADLINE - ordered.clock.now() + 0.001)
    await work(ordered, sampler)
    assert sampler.orders == []
    assert state(ordered) == "expired"
    assert failures(ordered) == [("expired", "its deadline had passed")]


async def test_order_at_its_deadline_is_still_in_time(ordered: House, sampler: FakeSampler) -> None:
    sampler.keep = lambda: KEPT
    ordered.clock.go(DEADLINE - ordered.clock.now())
    await work(ordered, sampler)
    assert state(ordered) == "done"


async def test_deadline_that_passes_while_the_sampler_is_asked_counts(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.asking = lambda: ordered.clock.go(HOUR)
    await work(ordered, sampler)
    assert sampler.orders == []
    assert state(ordered) == "expired"


async def test_silent_sampler_keeps_its_order_waiting_until_the_deadline(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.silent = True
    await work(ordered, sampler, until=DEADLINE - 5)
    assert state(ordered) == "queued"
    await work(ordered, sampler, until=DEADLINE + 5)
    assert state(ordered) == "expired"
    assert sampler.orders == []


async def test_sampler_that_answers_again_in_time_keeps_the_bottle(
    ordered: House, sampler: FakeSampler
) -> None:
    def answer_again() -> None:
        sampler.silent = False

    sampler.silent = True
    sampler.keep = lambda: KEPT
    ordered.bells.waits = [lambda: None, lambda: None, answer_again]
    await work(ordered, sampler)
    assert state(ordered) == "done"
    assert len(sampler.orders) == 1


async def test_sampler_in_maintenance_is_waited_for(ordered: House, sampler: FakeSampler) -> None:
    def well() -> None:
        assert sampler.orders == []
        sampler.state = READY

    sampler.state = replace(READY, state=Cause.MAINTENANCE, text="暂停")
    sampler.keep = lambda: KEPT
    ordered.bells.waits = [lambda: None, well]
    await work(ordered, sampler)
    assert state(ordered) == "done"


async def test_deadline_holds_when_the_clock_is_set_back(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.keep = lambda: KEPT
    sampler.silent = True
    await work(ordered, sampler)
    ordered.clock.go(DEADLINE - ordered.clock.now() + 1)
    ordered.clock.jump(-2 * HOUR)
    sampler.silent = False
    await work(ordered, sampler)
    assert sampler.orders == []
    assert state(ordered) == "expired"


async def test_clock_set_back_before_the_order_was_first_seen_does_not_prolong_it(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.silent = True
    ordered.clock.jump(-2 * HOUR)
    await work(ordered, sampler, until=ordered.clock.now() + 5)
    ordered.clock.go(HOUR)
    sampler.silent = False
    await work(ordered, sampler)
    assert sampler.orders == []
    assert state(ordered) == "expired"


async def test_after_a_reboot_the_wall_clock_alone_tells_what_is_left(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.silent = True
    await work(ordered, sampler)
    ordered.clock.ticks += 30 * DAY
    sampler.silent, sampler.keep = False, lambda: KEPT
    ordered.bells.until = float("inf")
    with pytest.raises(EndOfScript):
        await replace(worker(ordered, sampler), boot="another").run()
    assert state(ordered) == "done"


async def test_order_behind_another_expires_at_its_own_deadline(
    ordered: House, sampler: FakeSampler
) -> None:
    await killed(ordered, sampler)
    sampler.silent = True
    await judged(ordered, NEXT)
    ordered.clock.go(NEXT.completed_at + HOUR - ordered.clock.now() + 1)
    await work(ordered, sampler, until=ordered.clock.now() + 10)
    assert states(ordered) == ["unknown", "expired"]
    assert failures(ordered) == [("expired", "its deadline had passed")]


# --- a sampler that does not answer


async def test_silent_sampler_is_asked_less_and_less_often(
    ordered: House, caplog: pytest.LogCaptureFixture
) -> None:
    sampler = Watched(ordered)
    with caplog.at_level(logging.INFO, logger="agent.actions"):
        await work(ordered, sampler, until=sampler.began + 250)
    assert sampler.asked == [0, 2, 6, 14, 30, 62, 122, 182, 242]
    assert len(caplog.records) == 1, "each change once"


async def test_sampler_that_falls_silent_again_is_asked_soon_again(ordered: House) -> None:
    sampler = Watched(ordered)
    sampler.state = replace(READY, state=Cause.MAINTENANCE, text="暂停")
    sampler.answers_at = (14,)
    await work(ordered, sampler, until=sampler.began + 24)
    assert sampler.asked == [0, 2, 6, 14, 16, 18, 22]


async def test_silent_sampler_is_left_alone_while_an_order_is_in_doubt(
    ordered: House, sampler: FakeSampler
) -> None:
    await killed(ordered, sampler)
    silent = Watched(ordered)
    await work(ordered, silent, until=silent.began + 70)
    assert silent.asked == [0, 2, 6, 14, 30, 62]


async def test_order_nobody_can_settle_is_told_once_and_stays_open(
    ordered: House, sampler: FakeSampler
) -> None:
    await killed(ordered, sampler)
    sampler.silent = True
    began = ordered.clock.now()
    await work(ordered, sampler, until=began + TIMEOUT_S - 1)
    assert ordered.events("retention_unknown") == []
    await work(ordered, sampler, until=began + 3 * TIMEOUT_S)
    ((_, _, detail),) = ordered.events("retention_unknown")
    told = json.loads(detail)
    assert (told["factor"], told["state"]) == (COD, "unknown")
    assert len(ordered.uploads("event")) == 2, "the exceedance and this"
    assert state(ordered) == "unknown"
    sampler.silent, sampler.record = False, KEPT
    await work(ordered, sampler, until=ordered.clock.now() + LONGEST_PAUSE_S + 5)
    assert state(ordered) == "done"


# --- refusals and failures


async def test_sampler_without_a_free_bottle_refuses_with_an_event(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.state = replace(READY, bottles_ml=(500, 500, 500))
    await work(ordered, sampler)
    assert sampler.orders == []
    assert state(ordered) == "refused"
    assert failures(ordered) == [("refused", "no free bottle")]


async def test_refusal_of_the_sampler_is_an_event(ordered: House, sampler: FakeSampler) -> None:
    sampler.keep = lambda: Refused("door open", code=4)
    await work(ordered, sampler)
    assert state(ordered) == "refused"
    assert failures(ordered) == [("refused", "door open")]
    assert len(sampler.orders) == 1


async def test_bottle_that_was_not_filled_is_a_failure_and_no_report(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.keep = lambda: replace(KEPT, ok=False, reason="泵故障")
    await work(ordered, sampler)
    assert state(ordered) == "failed"
    assert failures(ordered) == [("failed", "泵故障")]
    assert ordered.events("retention") == []
    assert ordered.uploads("3015") == []


async def test_device_that_keeps_no_bottles_refuses(ordered: House) -> None:
    await work(ordered, None)
    assert state(ordered) == "refused"


# --- not known, and settled


async def test_order_whose_process_died_is_settled_from_the_record_and_not_repeated(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.record = OLD
    await killed(ordered, sampler)
    sampler.record = KEPT
    await work(ordered, sampler)
    assert state(ordered) == "done"
    assert len(sampler.orders) == 1
    assert len(ordered.uploads("3015")) == 1
    assert len(ordered.events("retention")) == 1


async def test_order_whose_process_died_and_left_no_record_has_failed_after_the_time_out(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.record = OLD
    await killed(ordered, sampler)
    await work(ordered, sampler, until=T0 + HOUR + 10 + TIMEOUT_S - 5)
    assert state(ordered) == "unknown", "it may be filling the bottle right now"
    await work(ordered, sampler, until=T0 + HOUR + 10 + TIMEOUT_S + 5)
    assert state(ordered) == "failed"
    assert len(sampler.orders) == 1
    assert ordered.uploads("3015") == []
    ((failed, _),) = failures(ordered)
    assert failed == "failed"


async def test_bottle_that_is_being_filled_is_waited_for(
    ordered: House, sampler: FakeSampler
) -> None:
    def full() -> None:
        sampler.record = KEPT

    await killed(ordered, sampler)
    sampler.record = replace(KEPT, ok=False, reason="")
    ordered.bells.waits = [lambda: None, full]
    await work(ordered, sampler)
    assert state(ordered) == "done"
    assert len(sampler.orders) == 1


async def test_first_bottle_ever_is_settled_too(ordered: House, sampler: FakeSampler) -> None:
    await killed(ordered, sampler)
    sampler.record = KEPT
    await work(ordered, sampler)
    assert state(ordered) == "done"


async def test_lost_reply_is_not_known_and_then_settled_from_the_record(
    ordered: House, sampler: FakeSampler
) -> None:
    seen = []

    def lost() -> NoAnswer:
        sampler.silent = True
        return NoAnswer("line pulled")

    def back() -> None:
        seen.append(state(ordered))
        sampler.silent, sampler.record = False, KEPT

    sampler.record, sampler.keep = OLD, lost
    ordered.bells.waits = [lambda: None, back, lambda: None]
    await work(ordered, sampler)
    assert seen == ["unknown"]
    assert state(ordered) == "done"
    assert len(sampler.orders) == 1
    assert len(ordered.uploads("3015")) == 1


async def test_order_interrupted_by_a_reload_is_settled_as_well(
    ordered: House, sampler: FakeSampler
) -> None:
    await killed(ordered, sampler)
    await ordered.write(
        lambda connection: connection.execute("UPDATE actions SET state = 'running'") and None
    )
    sampler.record = KEPT
    await work(ordered, sampler)
    assert state(ordered) == "done"
    assert len(sampler.orders) == 1


async def test_bottle_kept_after_the_samplers_clock_was_set_back_is_proof(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.record = OLD
    await killed(ordered, sampler)
    sampler.record = replace(KEPT, at=OLD.at - DAY)
    await work(ordered, sampler)
    assert state(ordered) == "done"


async def test_time_of_an_interrupted_order_is_not_told_by_a_clock_that_is_set(
    ordered: House, sampler: FakeSampler
) -> None:
    await killed(ordered, sampler)
    ordered.clock.jump(2 * TIMEOUT_S)
    await work(ordered, sampler, until=ordered.clock.now() + 5)
    assert state(ordered) == "unknown", "it may be filling the bottle right now"
    ordered.clock.jump(-DAY)
    await work(ordered, sampler, until=ordered.clock.now() + TIMEOUT_S + 5)
    assert state(ordered) == "failed"


# --- a clock that cannot be right


async def test_order_from_before_a_power_off_waits_for_a_clock_that_can_be_right(
    ordered: House, sampler: FakeSampler
) -> None:
    sampler.keep = lambda: KEPT
    ordered.clock.jump(100.0 - ordered.clock.now())
    await work(ordered, sampler, until=200.0)
    assert sampler.orders == []
    assert state(ordered) == "queued"
    ordered.clock.jump(T0 + 30 * DAY - ordered.clock.now())
    await work(ordered, sampler)
    assert sampler.orders == []
    assert state(ordered) == "expired"


async def test_nothing_is_settled_under_a_false_time(ordered: House, sampler: FakeSampler) -> None:
    await killed(ordered, sampler)
    sampler.record = KEPT
    ordered.clock.jump(100.0 - ordered.clock.now())
    await work(ordered, sampler, until=200.0)
    assert state(ordered) == "unknown"
    assert ordered.uploads("3015") == []


# --- probes


@pytest.fixture
async def working(house: House) -> AsyncIterator[House]:
    """The house with a worker that hears real bells."""
    house.bells = Bells()  # type: ignore[assignment]  # the real ones
    task = asyncio.ensure_future(worker(house, FakeSampler()).run())
    yield house
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_probe_is_an_order_like_any_other_and_its_asker_hears_what_was_found(
    working: House,
) -> None:
    found = await order_probe("sampler", working.store, working.clock, working.bells)
    assert found == {"points": 7}
    assert working.rows("SELECT kind, cause, state FROM actions") == [("probe", "operator", "done")]
    assert working.events("retention_failed") == []


async def test_probe_nobody_takes_is_an_error_to_its_asker(house: House) -> None:
    house.bells.until = house.clock.now() + 1000
    found = await order_probe("ph", house.store, house.clock, house.bells)
    assert found == {"error": "ph: not asked within 60 s"}
    again = await order_probe("ph", house.store, house.clock, house.bells)
    assert "error" in again


async def test_probe_does_not_wait_for_an_order_in_doubt(
    ordered: House, sampler: FakeSampler
) -> None:
    await killed(ordered, sampler)
    sampler.silent = True
    now = ordered.clock.now()
    await ordered.write(
        lambda connection: actions.add(
            connection,
            ref="probe",
            device="sampler",
            kind="probe",
            cause="operator",
            request={},
            now=now,
            not_after=now + 60,
        )
    )
    await work(ordered, sampler, until=ordered.clock.now() + 1)
    assert states(ordered) == ["unknown", "done"]


async def test_probe_that_was_interrupted_has_failed(house: House, sampler: FakeSampler) -> None:
    house.bells.until = house.clock.now() + 1000
    await order_probe("sampler", house.store, house.clock, house.bells)
    await house.write(
        lambda connection: connection.execute("UPDATE actions SET state = 'unknown'") and None
    )
    await work(house, sampler)
    assert state(house) == "failed"


async def test_plan_rings_for_every_device_that_takes_orders() -> None:
    assert set(plan_with().action_bells()) == {
        "actions:flow",
        "actions:ph",
        "actions:cod",
        "actions:sampler",
    }
