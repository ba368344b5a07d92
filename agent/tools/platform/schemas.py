"""The published schema of the JSON that goes beside HJ 212 on the topics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import create_model

from agent.bundling.courier import BundleManifest
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
