"""A CDN with a firewall before a load balancer and a private bucket: through the product, from plan to destroy."""

import pytest

from environments_app.models import Environment
from tests.environment_life import ROUTED, lives
from tests.sandbox_fixture import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_made_kept_changed_and_destroyed(environment: Environment, sandbox: SandboxProcess) -> None:
    made = lives(
        environment,
        {
            "services": {"api": ROUTED},
            "load_balancer": {},
            "buckets": {"assets": {"purpose": "Static files", "force_destroy": True}},
            "cdn": {"static_bucket": "assets", "static_paths": ["/assets/*"]},
            "waf": {"attach_to": "cdn", "blocked_countries": ["KP"]},
            "alarms": {
                "edge-errors": {"metric": "cdn_error_rate_percent", "threshold": 5, "severity": "critical"},
                "attacks": {"metric": "waf_blocked_requests", "threshold": 1000},
            },
            "alert_routes": [{"severity": "critical", "channel": "email", "target": "shop@example.com"}],
        },
    )
    assert made["aws_cloudfront_distribution"] == 1
    assert made["aws_wafv2_web_acl"] == 1
    assert made["aws_cloudwatch_metric_alarm"] == 2
    assert "aws_wafv2_web_acl_association" not in made, "the distribution names its firewall itself"
