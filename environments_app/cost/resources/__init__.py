"""One module per family of AWS resources; each holds pure pricers and its part of the table PRICERS."""

from __future__ import annotations

from collections.abc import Mapping

from environments_app.cost.pricing import Pricer, costs_nothing
from environments_app.cost.resources import (
    cache,
    containers,
    database,
    edge,
    instances,
    messaging,
    network,
    observability,
    security,
    serverless,
    storage,
)
from environments_app.cost.resources.free import FREE

PRICERS: Mapping[str, Pricer] = {
    **dict.fromkeys(FREE, costs_nothing),
    **cache.PRICERS,
    **containers.PRICERS,
    **database.PRICERS,
    **edge.PRICERS,
    **instances.PRICERS,
    **messaging.PRICERS,
    **network.PRICERS,
    **observability.PRICERS,
    **security.PRICERS,
    **serverless.PRICERS,
    **storage.PRICERS,
}
"""Resource type -> pricer. A type that is not here is unknown, never free."""
