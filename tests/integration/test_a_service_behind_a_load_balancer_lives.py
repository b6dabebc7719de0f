"""Fargate behind a load balancer with HTTPS under names of its own: through the product, from plan to destroy."""

import pytest

from environments_app.models import Environment
from tests.environment_life import ROUTED, ZONE, lives
from tests.sandbox_fixture import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_made_kept_changed_and_destroyed(environment: Environment, sandbox: SandboxProcess) -> None:
    sandbox.client("route53").create_hosted_zone(Name=ZONE, CallerReference="its owner")
    made = lives(
        environment,
        {
            "services": {"api": ROUTED},
            "load_balancer": {"access_logs": {"retention_days": 30}},
            "dns": {"zone": ZONE, "domain": ZONE, "alternative_names": [f"www.{ZONE}"]},
        },
    )
    assert made["aws_lb_listener"] == 2
    assert made["aws_acm_certificate"] == 1
    assert made["aws_route53_record"] == 2 + 4, "one record validates each name; A and AAAA for each"
