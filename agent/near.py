"""What stands beside a value: the newest samples of every outlet, whichever line they came by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.model import Sample
from agent.plan import OutletPlan, Plan
from agent.quality.chain import converted


@dataclass(slots=True)
class Near:
    """The newest sample of each continuous factor, with the monotonic time it was heard at.

    The lines share one of these; it is a memory of the present, and nothing is lost with it.
    """

    pace: float = 1.0
    """How much more often than usual instruments are asked: while an interval is frozen."""
    _heard: dict[tuple[str, str], tuple[Sample, float]] = field(default_factory=dict)

    def keep_pace(self, pace: float) -> None:
        """Have the lines ask so much more often from their next cycle on."""
        self.pace = pace

    def converted(self, plan: Plan, samples: Iterable[Sample], *, mono: float) -> list[Sample]:
        """Give the samples of one cycle with the conversions asked of us done, inputs first.

        What the cycle itself says goes before what was heard earlier; what is older than its
        factor's `max_age_s` does not stand for now.
        """
        waiting: dict[tuple[str, str], Sample] = {}
        done: dict[tuple[str, str], Sample] = {}
        for sample in samples:
            key = (sample.outlet, sample.factor)
            one = plan.outlets[sample.outlet].factors[sample.factor]
            if one.chain is not None:
                waiting[key] = sample
                continue
            done[key] = sample
            if not one.batch:
                self._heard[key] = (sample, mono)
        for outlet in {plan.outlets[outlet_id].id for outlet_id, _ in waiting}:
            self._chain(plan.outlets[outlet], waiting, done, mono=mono)
        return list(done.values())

    def _chain(
        self,
        outlet: OutletPlan,
        waiting: dict[tuple[str, str], Sample],
        done: dict[tuple[str, str], Sample],
        *,
        mono: float,
    ) -> None:
        for code in outlet.chained:
            key, chain = (outlet.id, code), outlet.factors[code].chain
            if key in waiting and chain is not None:
                done[key] = converted(chain, waiting[key], self._of(outlet, mono))
                self._heard[key] = (done[key], mono)

    def _of(self, outlet: OutletPlan, mono: float) -> dict[str, Sample]:
        """Give what of an outlet is young enough."""
        found = {}
        for code, one in outlet.factors.items():
            sample, heard = self._heard.get((outlet.id, code), (None, 0.0))
            if sample is not None and mono - heard <= one.max_age_s:
                found[code] = sample
        return found
