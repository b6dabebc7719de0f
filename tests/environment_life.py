"""The life of an environment through the product: made, found as it was made, changed, taken away."""

import json
from typing import Any

from controlplane.core.actors import Actor
from environments_app.models import ConfigVersion, Environment, StateVersion
from environments_app.services import configs
from tests import factories
from tests.run_helpers import approve_and_apply, plan, text_of

ZONE = "shop.example.com"
ROUTED: dict[str, Any] = {
    **factories.SMALL_CONFIG["services"]["api"],
    "routing": {"container": "api", "health_check": {"path": "/up"}},
}


def lives(environment: Environment, sections: dict[str, Any]) -> dict[str, Any]:
    """Goes the whole way with the small configuration and these sections; what Terraform planned to make, by type."""
    document = factories.SMALL_CONFIG | sections
    save(environment, document)

    made = plan(environment)
    assert made.state == "awaiting_approval", text_of(made)
    planned = [item["type"] for item in made.summary["changes"]]
    made = approve_and_apply(made)
    assert made.state == "applied", text_of(made)
    assert StateVersion.objects.get(run=made).resources == made.summary["add"]

    again = plan(environment)
    assert again.state == "no_changes", json.dumps(again.summary)

    save(environment, document | {"logs": {"retention_days": 90}})
    changed = approve_and_apply(plan(environment))
    assert changed.state == "applied", text_of(changed)
    assert {item["action"] for item in changed.summary["changes"]} == {"update"}

    end = approve_and_apply(plan(environment, "destroy"))
    assert end.state == "applied", text_of(end)
    assert StateVersion.objects.get(run=end).resources == 0
    return {kind: planned.count(kind) for kind in set(planned)}


def save(environment: Environment, document: dict[str, Any]) -> None:
    newest = environment.config_versions.latest("number").number
    saved = configs.save_config(Actor.slipway("test"), environment, document, based_on=newest, reason="a test")
    assert isinstance(saved, ConfigVersion), saved
