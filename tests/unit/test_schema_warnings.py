"""What is allowed but should be known is said as a warning, and refuses nothing."""

from typing import Any

import pytest

from environments_app.schema import parse, unprovisioned, warnings
from tests.unit.schema_document import document

CERTIFICATE = {"load_balancer": {"certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"}}


def warned(changes: dict[str, Any], tier: str | None = None) -> list[tuple[str, str]]:
    found = warnings(parse(document(CERTIFICATE | changes)), tier=tier)
    return [(warning.path, warning.problem) for warning in found]


def test_a_sound_development_environment_has_no_warnings() -> None:
    assert warned({}, tier="development") == []


@pytest.mark.parametrize(
    ("tier", "problem"),
    [("production", "production without backups"), ("development", "the database has no backups")],
)
def test_no_backups(tier: str, problem: str) -> None:
    assert ("database.backup_retention_days", problem) in warned({"database.backup_retention_days": 0}, tier)


def test_a_rotated_database_password_asks_for_new_tasks() -> None:
    assert warned({"secrets.database-url.rotation": {"interval_days": 30}}) == [
        (
            "secrets.database-url.rotation",
            "after a rotation, running tasks keep their connections and open no new ones",
        )
    ]


def test_production_without_a_standby_is_allowed_with_a_warning() -> None:
    paths = [path for path, _ in warned({}, tier="production")]

    assert "database.multi_az" in paths
    assert "database.deletion_protection" in paths


def test_a_minor_version_may_be_withdrawn() -> None:
    [(path, problem)] = warned({"database.engine_version": "15.4"})

    assert path == "database.engine_version"
    assert "15.4 may no longer be offered" in problem


def test_plain_http() -> None:
    found = warnings(parse(document()))

    assert [warning.path for warning in found] == ["load_balancer.certificate_arn"]


def test_pools_that_exceed_the_databases_connections_while_a_deployment_doubles_the_tasks() -> None:
    # db.t3.micro: 1 GiB / 9531392 = 112 connections; 4 tasks x 15 x 200 % = 120
    assert warned({"services.web.database_connections_per_task": 14}) == []
    [(path, problem)] = warned({"services.web.database_connections_per_task": 15})

    assert path == "database.instance_class"
    assert problem == "at full scale, tasks open 120 connections; db.t3.micro takes about 112"


def test_an_alarm_that_reaches_nobody() -> None:
    assert warned({"alarms.errors.severity": "warning"}) == [
        ("alert_routes", "alarms of severity warning reach nobody")
    ]


def test_an_instance_type_that_a_task_does_not_fit() -> None:
    compute = {
        "launch_type": "EC2",
        "ec2": {"instance_types": ["t3.small", "t3.medium"], "min_instances": 1, "max_instances": 3},
    }
    found = warned({"compute": compute, "services.web.memory_mib": 3072, "services.web.cpu_units": 1536})

    assert ("compute.ec2.instance_types", "a task of web (3072 MiB) does not fit on t3.small") in found


def test_instances_that_have_no_room_for_a_deployment_at_full_scale() -> None:
    def compute(most: int) -> dict[str, Any]:
        ec2 = {"instance_types": ["t3.medium"], "min_instances": 1, "max_instances": most}
        return {"compute": {"launch_type": "EC2", "ec2": ec2}}

    # 4 tasks x 200 % x 1024 MiB = 8192; a t3.medium has 4096 x 96 % - 256 = 3676
    assert warned(compute(3)) == []
    assert warned(compute(2)) == [
        (
            "compute.ec2.max_instances",
            "at full scale, a deployment runs tasks of 8192 MiB; 2 instances have 7352 MiB",
        )
    ]


def test_what_the_stack_does_not_make_is_named() -> None:
    config = parse(document({"backup.drill": "monthly"}))

    assert [gap.path for gap in unprovisioned(config)] == ["backup.drill"]


def test_what_an_api_gateway_does_not_keep_out_or_tell_apart_is_said() -> None:
    named = {"dns": {"zone": "example.com", "domain": "shop.example.com"}, "waf": ...}
    plans = {"free": {"requests_per_minute": 60}}

    assert warned(named | {"api_gateway": {"cache_ttl_seconds": 300, "cache_query_parameters": ["page"]}}) == []
    assert warned(named | {"api_gateway": {"usage_plans": plans, "cache_ttl_seconds": 300}}) == [
        ("api_gateway.usage_plans", "who knows the environment's own address calls it without a key"),
        (
            "api_gateway.cache_query_parameters",
            "no query parameter is named: /list?page=1 and /list?page=2 get the same answer from the cache",
        ),
    ]
    assert [path for path, _ in warned(named | {"waf": {}, "api_gateway": {}})] == ["waf.attach_to"]
    assert warned(named | {"waf": {"attach_to": "api_gateway"}, "api_gateway": {}}) == []


def test_a_bucket_that_users_have_credentials_for_and_no_page_reaches_is_said() -> None:
    users = {"user_pool": {"identity_pool": True, "identity_buckets": ["files"]}}

    assert [path for path, _ in warned(users)] == ["buckets.files.cors_origins"]
    assert warned(users | {"buckets.files.cors_origins": ["shop.example.com"]}) == []
    assert warned({"user_pool": {"identity_pool": True}}) == []


def test_what_a_destroy_of_production_would_take_along_is_said() -> None:
    kept = {"audit_trail": {"force_destroy": True}, "backup": {"force_destroy": True}}
    paths = {"audit_trail.force_destroy", "backup.force_destroy"}
    assert paths <= {path for path, _ in warned(kept, tier="production")}
    assert not paths & {path for path, _ in warned(kept, tier="staging")}
