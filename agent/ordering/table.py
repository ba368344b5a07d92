"""The table of kinds. A new one is a line here (docs/orders.md)."""

from __future__ import annotations

from collections.abc import Mapping

from agent.agency import AgencyOrder, ordered
from agent.bottle_orders import BottleOrder, release_ordered
from agent.freezing import EvidenceOrder, FreezeOrder, ReleaseOrder, ask_evidence, freeze, release
from agent.ordering.kinds import Kind, plain, planned
from agent.ordering.supervision import StateOrder, SupervisionOrder, supervise, take_state

KINDS: Mapping[str, Kind] = {
    "supervision": planned(SupervisionOrder, supervise),
    "supervision_state": planned(StateOrder, take_state),
    "freeze": plain(FreezeOrder, freeze),
    "release": plain(ReleaseOrder, release),
    "evidence": plain(EvidenceOrder, ask_evidence),
    "agency": planned(AgencyOrder, ordered),
    "bottle_release": planned(BottleOrder, release_ordered),
}
