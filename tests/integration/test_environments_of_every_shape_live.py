"""One environment of each shape, through the product: made, found as it was made, changed, taken away.

The whole reference systems go the same way with `make test-systems`.
"""

import json
from typing import Any

import pytest

from controlplane.core.actors import Actor
from environments_app.models import ConfigVersion, Environment, StateVersion
from environments_app.services import configs
from tests import factories
from tests.run_helpers import approve_and_apply, plan, text_of
from tests.sandbox_fixture import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)

ZONE = "shop.example.com"
SMALL = factories.SMALL_CONFIG
ROUTED = SMALL["services"]["api"] | {"routing": {"container": "api", "health_check": {"path": "/up"}}}
SHAPES: dict[str, dict[str, Any]] = {
    "fargate behind a load balancer with https": {
        "services": {"api": ROUTED},
        "load_balancer": {"access_logs": {"retention_days": 30}},
        "dns": {
            "zone": "shop.example.com",
            "domain": "shop.example.com",
            "alternative_names": ["www.shop.example.com"],
        },
    },
}


def change(environment: Environment, document: dict[str, Any], based_on: int) -> None:
    saved = configs.save_config(Actor.slipway("test"), environment, document, based_on=based_on, reason="a test")
    assert isinstance(saved, ConfigVersion), saved


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_made_kept_changed_and_destroyed(shape: str, environment: Environment, sandbox: SandboxProcess) -> None:
    sandbox.client("route53").create_hosted_zone(Name=ZONE, CallerReference="its owner")
    document = SMALL | SHAPES[shape]
    change(environment, document, based_on=1)

    made = plan(environment)
    assert made.state == "awaiting_approval", text_of(made)
    made = approve_and_apply(made)
    assert made.state == "applied", text_of(made)
    assert StateVersion.objects.get(run=made).resources == made.summary["add"]

    again = plan(environment)
    assert again.state == "no_changes", json.dumps(again.summary)

    change(environment, document | {"logs": {"retention_days": 90}}, based_on=2)
    changed = approve_and_apply(plan(environment))
    assert changed.state == "applied", text_of(changed)
    assert {item["action"] for item in changed.summary["changes"]} == {"update"}

    end = approve_and_apply(plan(environment, "destroy"))
    assert end.state == "applied", text_of(end)
    assert StateVersion.objects.get(run=end).resources == 0
