"""Terraform gets what it owns: no secret, nothing of the release controller's, CloudWatch's own units."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from environments_app.schema import parse, render_variables
from tests.unit.schema_document import document

STACK = Path(__file__).parents[2] / "infrastructure/terraform/stack"


def rendered(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    return render_variables(system="shop", environment="staging", config=parse(document(changes)))


def test_the_variables_are_those_that_the_stack_declares() -> None:
    declared = set(re.findall(r'^variable "(\w+)"', (STACK / "variables.tf").read_text(), re.MULTILINE))

    assert set(rendered()) == declared


@pytest.mark.parametrize(
    "changes",
    [
        {"services.web.deployment.strategy": "blue_green"},
        {"services.web.deployment.bake_time_minutes": 30},
        {"services.web.migration": {"container": "web", "command": ["migrate"]}},
        {"services.web.database_connections_per_task": 5},
        {"budget": {"monthly_usd": 100}},
        {"recovery": {"database": {"time_minutes": 15}}},
    ],
)
def test_what_the_release_controller_uses_makes_no_plan(changes: dict[str, Any]) -> None:
    assert rendered(changes) == rendered()


@pytest.mark.parametrize(
    ("metric", "threshold", "expected"),
    [
        ("database_connections_percent", 80, 89),  # of 112 on a db.t3.micro
        ("database_free_storage_percent", 20, 4 * 1024**3),  # of 20 GiB
        ("database_free_memory_percent", 25, 1024**3 // 4),  # of 1 GiB
        ("database_cpu_percent", 80, 80),
        ("error_rate_percent", 5, 5),
    ],
)
def test_shares_of_a_limit_become_cloudwatchs_units(metric: str, threshold: float, expected: float) -> None:
    variables = rendered({"alarms.errors.metric": metric, "alarms.errors.threshold": threshold})

    assert variables["alarms"]["errors"]["threshold"] == expected


def test_only_channels_that_sns_can_serve_are_subscribed() -> None:
    routes = [
        {"severity": "critical", "channel": "pagerduty", "target": "oncall"},
        {"severity": "critical", "channel": "sms", "target": "+351900000000"},
    ]

    assert [route["channel"] for route in rendered({"alert_routes": routes})["alert_routes"]] == ["sms"]


def test_the_variables_are_json() -> None:
    assert json.loads(json.dumps(rendered())) == rendered()
