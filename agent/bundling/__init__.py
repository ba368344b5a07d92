"""Evidence bundles for platforms: made by a child, sent in parts, gone on with after an outage."""

from agent.bundling.courier import Courier
from agent.bundling.terms import Terms, terms
from agent.bundling.worker import Bundling

__all__ = ["Bundling", "Courier", "Terms", "terms"]
