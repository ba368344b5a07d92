"""The daemon's picture of itself as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.errors import Lang
from agent.tools.control import WHY
from agent.tools.evidence.said import words
from agent.tools.score_words import label_words
from agent.tools.status_words import BUNDLES, MEANS, SIGHTS, STANDS, say
from agent.tools.words import (
    GAP_KINDS,
    GAP_STATES,
    ORDER_STATES,
    ORDERS,
    cause,
    event_kind,
    factor_name,
    local_time,
    pad,
    pick,
)


def lines(answer: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    """Give the answer of the daemon in lines."""
    head = say("head", lang, unit=answer["unit"]["name"], since=local_time(answer["since"]))
    yield f"paikou {answer['version']}  {head}"
    clock = "trusted" if answer["clock"]["trusted"] else "untrusted"
    yield say(clock, lang, now=local_time(answer["now"]))
    yield say("disk", lang, **answer["disk"])
    yield from _standing(answer, lang)
    yield from _instruments(answer, lang)
    yield from _evidence(answer, lang)
    for station in answer["stations"]:
        yield from _station(station, lang)
    yield from _told(answer, lang)


def _standing(answer: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    """Say what a person has to know first: alarms, switches, orders, contacts."""
    for one in answer.get("alarms", ()):
        said = {**one, "sign": "■" if one["level"] == "urgent" else "▲"}
        said["times"] = f" ×{one['times']}" if one["times"] > 1 else ""
        said["kind"] = event_kind(one["kind"], lang)
        yield say("alarm", lang, **said, at=local_time(one["last_at"]), place=_place(one))
    for one in answer.get("maintenance", ()):
        place = "/".join(filter(None, (one["outlet"], one["factor"])))
        said = {**one, "kind": cause(one["kind"], lang), "until": local_time(one["until"])}
        yield say("switch", lang, **said, place=place)
    for one in answer.get("supervision", ()):
        yield say("supervision", lang, **one, due=local_time(one["deadline_at"], "%m-%d %H:%M"))
    for one in answer.get("inputs", ()):
        means = pick(MEANS.get(one["means"], (one["means"],) * 2), lang)
        said = {**one, "id": pad(one["id"], 12), "means": pad(means, 14)}
        yield say("input", lang, **{**said, "on": say(STANDS[one["on"]], lang)})
    for one in answer.get("out_of_control", ()):
        said = {**one, "since": local_time(one["since"]), "why": pick(WHY[one["why"]], lang)}
        yield say("control", lang, **{**said, "factor": factor_name(one["factor"], lang)})


def _instruments(answer: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    for device in answer["devices"]:
        yield from _device(device, lang)
    for line in answer.get("lines", ()):
        yield _exchanges("line", line, lang)
        for device, counts in line["devices"].items():
            if counts["answered"] != counts["asked"]:
                yield _exchanges("unit", {**counts, "id": device}, lang)


def _station(station: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    link = say("linked" if station["linked"] else "unlinked", lang, **station)
    link += say("unconfirmed", lang) if station["unconfirmed"] else ""
    yield say("station", lang, id=pad(station["id"], 20), link=link)
    if "link" in station:
        yield _link(station["link"], lang)
    yield from _gaps(station.get("gaps", {}), lang)
    for one in station.get("set", ()):
        yield say("set", lang, **one, at=local_time(one["set_at"]))


def _told(answer: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    for one in answer.get("scores", ()):
        yield say("score", lang, **{**one, "labels": label_words(one, lang)})
    for one in answer["actions"]:
        yield _order(one, lang)
    for one in answer["events"][:10]:
        said = {"id": one["id"], "at": local_time(one["at"]), "kind": event_kind(one["kind"], lang)}
        lasts = "" if one["ended_at"] else say("lasts", lang)
        yield say("event", lang, **said, place=_place(one), lasts=lasts)


def _order(order: Mapping[str, Any], lang: Lang) -> str:
    """Say how far an order to a device got, and what its outcome is."""
    kind, state = order["kind"], order["state"]
    said = {"kind": pick(ORDERS.get(kind, (kind, kind)), lang)}
    said["state"] = pick(ORDER_STATES.get(state, (state, state)), lang)
    told = order["outcome"] or {}
    outcome = words(told) if lang == "zh" else ", ".join(f"{k} {v}" for k, v in told.items())
    return say("action", lang, **{**order, **said, "outcome": outcome and f"  {outcome}"})


def _place(one: Mapping[str, Any]) -> str:
    return "".join(f" {name}" for name in (one["outlet"], one["factor"]) if name)


def _exchanges(word: str, counts: Mapping[str, Any], lang: Lang) -> str:
    """Say what became of the questions on a line, or to one device of it."""
    asked, good = counts["asked"], counts["answered"] + counts["refused"]
    slow = counts["mean_ms"] is not None
    took = say("took", lang, mean=counts["mean_ms"], slowest=counts["slowest_ms"]) if slow else ""
    faults = ", ".join(f"{name} {count}" for name, count in counts["faults"].items())
    return say(
        word,
        lang,
        **{**counts, "id": pad(counts["id"], 12)},
        share=_share(good / asked if asked else None),
        told=f" ({faults})" if faults else "",
        took=took,
    )


def _evidence(answer: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    """Say how the cameras do, what is frozen, and which bundles are on their way."""
    for one in answer.get("cameras", ()):
        sight = pick(SIGHTS.get(one["sight"], (one["sight"],) * 2), lang)
        reason = f" ({one['reason']})" if one["reason"] else ""
        said = {**one, "id": pad(one["id"], 12), "sight": sight, "reason": reason}
        yield say("camera", lang, **said)
    for one in answer.get("frozen", ()):
        until = local_time(one["end"]) or "…"
        yield say("frozen", lang, **{**one, "begin": local_time(one["start"]), "end": until})
    for one in answer.get("bundles", ()):
        state = pick(BUNDLES.get(one["state"], (one["state"],) * 2), lang)
        acked = max(0, one["acked"] - 1)
        yield say("bundle", lang, **{**one, "state": state, "acked": acked, "of": one["parts"]})


def _link(counts: Mapping[str, Any], lang: Lang) -> str:
    last = counts["last_return_s"]
    return say(
        "link",
        lang,
        online=_share(counts["online_rate"]),
        drops=counts["drops"],
        back="" if last is None else say("back", lang, last=last),
        success=_share(counts["frame_success"]),
        month=counts["month"],
        up=round(counts["sent_bytes"] / 1000),
        down=round(counts["received_bytes"] / 1000),
    )


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"


def _gaps(found: Mapping[str, Mapping[str, int]], lang: Lang) -> Iterator[str]:
    for kind, states in found.items():
        told = ", ".join(f"{pick(GAP_STATES[state], lang)} {n}" for state, n in states.items())
        name = pick(GAP_KINDS[kind], lang)
        yield say("gaps", lang, kind=name, total=sum(states.values()), states=told)


def _device(device: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    state = say("ok", lang)
    if not device["ok"]:
        last = local_time(device["last_good_at"]) or say("never", lang)
        state = say("silent", lang, cause=cause(device["cause"], lang), last=last)
    yield say("device", lang, id=pad(device["id"], 12), state=state)
    if device.get("stand_in"):
        yield say("stand_in", lang, **device)
    for one in device["readings"]:
        value = "—" if one["value"] is None else f"{one['value']:g} {one['unit']}"
        name = factor_name(one["factor"], lang) if one["factor"] else _point(one, lang)
        said = pad(cause(one["cause"], lang), 14)
        at = local_time(one["measured_at"] or one["taken_at"])
        yield f"        {pad(name, 18)}{value:<18}{said}{at}"


def _point(reading: Mapping[str, Any], lang: Lang) -> str:
    """Give what a point that is no factor is called: its Chinese name, in English its id."""
    known = str(reading.get("name", "")) if lang == "zh" else ""
    return known or str(reading["point"])
