"""How often an upload goes out, and when one that was kept goes again."""

from __future__ import annotations

import pytest
from uplink_fakes import manners

from agent.store.outbox import Row
from agent.uplink.manners import LONGEST_WAIT_S, Confirmation, not_before

ROW = Row(1, "st1", "2051", "32", 0, 0, 1, 1, 7, 2, True, "", 0.0, 50.0, 0)
SILENT = Confirmation(silent=5)


@pytest.mark.parametrize(
    ("ack", "seen", "shows_delivery", "tries"),
    [
        ("9014", False, True, 4),
        ("puback", True, False, 0),
        ("none", True, False, 0),
        ("auto", False, True, 0),
        ("auto", True, True, 4),
        ("auto", False, False, 4),
    ],
)
def test_9014_is_waited_for_where_it_decides(
    ack: str, seen: bool, shows_delivery: bool, tries: int
) -> None:
    """Architecture §3.5: 3 resends behind the first time, or PUBACK alone."""
    confirmation = Confirmation(seen=seen)
    held = manners(ack=ack, resends=3)
    assert held.tries(confirmation, shows_delivery=shows_delivery) == tries


def test_who_does_not_confirm_gets_one_transmission_each() -> None:
    assert manners(ack="9014", resends=3).tries(SILENT, shows_delivery=False) == 1


@pytest.mark.parametrize(
    ("attempts", "at"),
    [(0, 50.0), (4, 50.0), (5, 104.0), (7, 116.0), (400, 100.0 + LONGEST_WAIT_S)],
)
def test_row_that_is_kept_again_and_again_waits_longer_each_time(attempts: int, at: float) -> None:
    assert not_before(ROW._replace(attempts=attempts), 100.0) == at
