"""`paikou probe --loop`: currents fed and read, and the error between them."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest
from agent_site import COD, site_with
from click.testing import CliRunner, Result

from agent.settings import Site
from agent.tools.loop_check import check_loop, shown


def site(**analogue: Any) -> Site:
    def change(given: dict[str, Any]) -> None:
        module = {"id": "ai", "profile": "modules/icpdas-m7017rc", "bus": "net1", "address": 31}
        given["devices"].append(module)
        rule = {"device": "ai", "point": "ai0", "analogue": {"span": [0, 200], "unit": "mg/L"}}
        rule["analogue"] |= analogue  # type: ignore[operator]
        given["outlets"][0]["factors"][COD] = rule

    return Site.model_validate(site_with(change))


def said(value: float | None, reason: str = "") -> dict[str, Any]:
    return {"readings": [{"point": "ai0", "value": value, "unit": "mA", "reason": reason}]}


def run(facts: list[dict[str, Any]], *, as_json: bool = False, of: Site | None = None) -> Result:
    @click.command()
    def command() -> None:
        left = iter(facts)
        fed = [4.0, 12.0, 20.0][: len(facts)]
        checked = check_loop(of or site(), "ai", "ai0", fed, read=lambda: next(left), lang="en")
        for one in checked:
            click.echo(shown(one, as_json=as_json, lang="en"))

    return CliRunner().invoke(command, input="\n" * 3)


def test_error_is_shown_in_per_mille_with_what_the_current_stands_for() -> None:
    done = run([said(4.0), said(12.016), said(19.984)])
    assert done.stdout.splitlines() == [
        "4 mA: read 4.000 mA, error +0.0 ‰, which is 0 mg/L",
        "12 mA: read 12.016 mA, error +1.0 ‰, which is 100.2 mg/L",
        "20 mA: read 19.984 mA, error -1.0 ‰, which is 199.8 mg/L",
    ]
    assert "feed 12 mA" in done.stderr


def test_switched_range_leaves_the_value_out() -> None:
    active = {"point": "ai1", "spans": {0: [0, 100]}}
    done = run([said(4.0)], of=site(active=active))
    assert done.stdout == "4 mA: read 4.000 mA, error +0.0 ‰\n"


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (said(None, "no answer"), "no answer"),
        ({"error": "the daemon does not answer"}, "the daemon does not answer"),
        ({"readings": []}, "no point ai0"),
    ],
)
def test_what_was_not_read_is_no_error_of_zero(facts: dict[str, Any], why: str) -> None:
    (line,) = run([facts], as_json=True).stdout.splitlines()
    one = json.loads(line)
    assert (one["read"], one["error"], one["why"]) == (None, None, why)
    assert run([facts]).stdout == f"4 mA: nothing was read: {why}\n"
