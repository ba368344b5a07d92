"""The published schema of the JSON that goes beside HJ 212 on the topics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import create_model

from agent.bundling.courier import BundleManifest
from agent.ops import orders as ops
from agent.ordering.envelope import Envelope
from agent.ordering.table import KINDS
from agent.report.notices import EventNotice, Health, State

TOPICS = {"state": State, "health": Health, "event": EventNotice, "evidence": BundleManifest}
SCHEMA_URL = "https://json-schema.org/draft/2020-12/schema"


def notice_schema() -> Mapping[str, Any]:
    """Give the JSON schema of every payload, as `config/schema/notices.json` holds it.

    `properties` names the level behind the MN; of `evidence` it is the manifest, part 0.
    """
    made = create_model("Notices", **{topic: (model, ...) for topic, model in TOPICS.items()})  # type: ignore[call-overload]  # pydantic's
    schema = made.model_json_schema()
    return {
        "$schema": SCHEMA_URL,
        "title": "paikou notices",
        "description": "What a station publishes beside its frames, by the last level of the topic",
        "properties": schema["properties"],
        "$defs": schema["$defs"],
    }


def order_schema() -> Mapping[str, Any]:
    """Give the JSON schema of what comes down on `order`, as `config/schema/orders.json` holds it.

    `properties` names the `kind`, and says what its `body` is; `ops` are those of an ops server.
    """
    bodies = {kind: (one.model, ...) for kind, one in KINDS.items()}
    made = create_model("Orders", **bodies)  # type: ignore[call-overload]  # pydantic's
    asked = create_model("Ops", **{kind: (model, ...) for kind, model in ops.KINDS.items()})  # type: ignore[call-overload]  # as above
    orders, questions = made.model_json_schema(), asked.model_json_schema()
    return {
        "$schema": SCHEMA_URL,
        "title": "paikou orders",
        "description": "What a station takes on its topic `order`: envelope, and bodies by kind",
        "envelope": Envelope.model_json_schema(),
        "properties": orders["properties"],
        "ops": questions["properties"],
        "$defs": orders.get("$defs", {}) | questions.get("$defs", {}),
    }
