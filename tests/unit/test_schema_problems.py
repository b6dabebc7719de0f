"""A wrong configuration is refused with all of its problems at once, each saying what would be right."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments_app.schema import ConfigInvalid, Problem, canonical, parse
from tests.unit.schema_document import document

# change of the valid document -> the one problem it must give
WRONG: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
    (
        {"region": "Ireland"},
        ("region", "'Ireland' is not valid", "text of the form ^[a-z]{2}(-[a-z]+)+-\\d$"),
    ),
    ({"region": ...}, ("region", "is missing", "a value: this setting is required")),
    (
        {"account_role_arn": "deployer"},
        ("account_role_arn", "'deployer' is not valid", "text of the form ^arn:aws[a-z-]*:iam::\\d{12}:role/.+$"),
    ),
    ({"databse": {}}, ("databse", "there is no such setting", "'database', perhaps")),
    (
        {"services.web.cpu": 512},
        ("services.web.cpu", "there is no such setting", "'cpu_units', perhaps"),
    ),
    (
        {"network.cidr": "10.0.0.0/33"},
        ("network.cidr", "'10.0.0.0/33' is not an IPv4 CIDR block", "a block such as 10.0.1.0/24"),
    ),
    (
        {"network.cidr": "10.0.5.1/16"},
        ("network.cidr", "'10.0.5.1/16' is not the first address of its block", "10.0.0.0/16"),
    ),
    (
        {"network.cidr": "10.0.0.0/8"},
        ("network.cidr", "a VPC cannot be a /8", "a block between /16 and /28"),
    ),
    (
        {"network.zone_count": 4},
        ("network.zone_count", "4 is not valid", "2 or 3"),
    ),
    (
        {"network.subnets.public": ["10.0.1.0/24"]},
        ("network.subnets.public", "1 subnets for 2 zones", "2 blocks, one per zone"),
    ),
    (
        {"network.subnets.public.1": "10.1.2.0/24"},
        (
            "network.subnets.public.1",
            "10.1.2.0/24 lies outside the VPC's 10.0.0.0/16",
            "a block inside 10.0.0.0/16",
        ),
    ),
    (
        {"network.subnets.private.0": "10.0.2.0/24"},
        (
            "network.subnets.private.0",
            "10.0.2.0/24 overlaps 10.0.2.0/24 of network.subnets.public.1",
            "blocks that do not overlap",
        ),
    ),
    (
        {"network.subnets.private.1": "10.0.12.0/30"},
        ("network.subnets.private.1", "a subnet cannot be a /30", "a block between /16 and /28"),
    ),
    (
        {"network.zones": ["us-east-1a", "eu-west-1b"]},
        ("network.zones.0", "'us-east-1a' is no zone of eu-west-1", "eu-west-1a"),
    ),
    (
        {"services.web.min_count": 5},
        ("services.web.min_count", "the minimum 5 is above the maximum 4", "at most 4"),
    ),
    (
        {"services.web.desired_count": 9},
        ("services.web.desired_count", "9 lies outside min_count..max_count", "between 1 and 4"),
    ),
    (
        {"services.web.desired_count": -1},
        ("services.web.desired_count", "-1 is not valid", "at least 0"),
    ),
    (
        {"services.web.cpu_units": 300},
        (
            "services.web.cpu_units",
            "Fargate has no size of 300 CPU units",
            "one of 256, 512, 1024, 2048, 4096, 8192, 16384",
        ),
    ),
    (
        {"services.web.memory_mib": 512},
        (
            "services.web.memory_mib",
            "Fargate has no 512 MiB with 512 CPU units",
            "one of 1024, 2048, 3072, 4096",
        ),
    ),
    (
        {"services.web.memory_mib": "1024"},
        ("services.web.memory_mib", "'1024' is not valid", "a whole number"),
    ),
    (
        {"services.web.containers.web.memory_mib": 2048},
        ("services.web.memory_mib", "its containers ask for 2048, the task has 1024", "at least 2048"),
    ),
    (
        {"services.web.routing.health_check.path": "up"},
        ("services.web.routing.health_check.path", "the path 'up' does not begin with a slash", "/up"),
    ),
    (
        {"services.web.routing.health_check.timeout_seconds": 30},
        (
            "services.web.routing.health_check.timeout_seconds",
            "the time-out of 30 s is not below the interval of 30 s",
            "less than 30",
        ),
    ),
    (
        {"services.web.routing.health_check.matcher": "ok"},
        (
            "services.web.routing.health_check.matcher",
            "'ok' is not valid",
            "text of the form ^\\d{3}([-,]\\d{3})*$",
        ),
    ),
    (
        {"services.web.routing.container": "nginx"},
        ("services.web.routing.container", "no container 'nginx'", "one of web"),
    ),
    (
        {"services.web.containers.web.port": ...},
        ("services.web.containers.web.port", "requests go to it, but it has no port", "the port it listens on"),
    ),
    (
        {"services.web.containers.web.port": 70000},
        ("services.web.containers.web.port", "70000 is not valid", "at most 65535"),
    ),
    (
        {"services.web.containers.web.secrets.KEY": {"secret": "api-key"}},
        (
            "services.web.containers.web.secrets.KEY.secret",
            "no entry 'api-key' in secrets",
            "one of database-url",
        ),
    ),
    (
        {"services.web.containers.web.environment": {"DATABASE_URL": "postgres://"}},
        ("services.web.containers.web.secrets.DATABASE_URL", "the variable is also in environment", "one of the two"),
    ),
    (
        {"services.web.deployment.strategy": "big-bang"},
        (
            "services.web.deployment.strategy",
            "'big-bang' is not valid",
            "'rolling', 'blue_green', 'canary', 'linear' or 'stepped'",
        ),
    ),
    (
        {
            "services.web.deployment.strategy": "stepped",
            "services.web.deployment.stages": [{"weight_percent": 50, "pause_seconds": 300}],
        },
        ("services.web.deployment.stages", "the weights [50.0] do not rise to 100", "rising weights, the last one 100"),
    ),
    (
        {"services.web.deployment.maximum_percent": 100},
        (
            "services.web.deployment.maximum_percent",
            "no task may start and none may stop",
            "more than 100, or a lower minimum",
        ),
    ),
    (
        {"services.web.deployment.rollback_alarms": ["erors"]},
        ("services.web.deployment.rollback_alarms.0", "no entry 'erors' in alarms", "one of errors"),
    ),
    (
        {
            "services.web.autoscaling.steps": [
                {"metric": "cpu", "comparison": "above", "threshold_percent": 70, "adjustment_tasks": -1}
            ]
        },
        (
            "services.web.autoscaling.steps.0.adjustment_tasks",
            "-1 tasks when cpu is above the threshold",
            "tasks added above a threshold, removed below one",
        ),
    ),
    (
        {"services.web.autoscaling.target_tracking": [{"metric": "cpu", "target_percent": 170}]},
        ("services.web.autoscaling.target_tracking.0.target_percent", "170 is not valid", "at most 100.0"),
    ),
    ({"services": {}}, ("services", "{} is not valid", "at least 1 entries")),
    (
        {"database.instance_class": "db.t3.tiny"},
        (
            "database.instance_class",
            "'db.t3.tiny' is no known instance class",
            "a class such as db.t3.micro, db.t4g.small or db.m6g.large",
        ),
    ),
    ({"database.storage_gib": 5}, ("database.storage_gib", "5 is not valid", "at least 20")),
    (
        {"database.max_storage_gib": 20},
        (
            "database.max_storage_gib",
            "the limit 20 GiB is not above the start of 20 GiB",
            "more than 20, or null",
        ),
    ),
    (
        {"cache.node_type": "cache.t3.nano"},
        (
            "cache.node_type",
            "'cache.t3.nano' is no known node type",
            "a type such as cache.t3.micro or cache.m6g.large",
        ),
    ),
    (
        {"cache.automatic_failover": True},
        ("cache.automatic_failover", "there is no replica to fail over to", "false, or 1 replica or more"),
    ),
    (
        {"database.maintenance_window": "wed:05:30-wed:06:30"},
        (
            "database.maintenance_window",
            "wed:05:30-wed:06:30 meets the daily backups of 05:00-06:00",
            "windows that do not overlap: RDS refuses others",
        ),
    ),
    (
        {"alarms.errors.evaluation_periods": 3, "alarms.errors.datapoints_to_alarm": 4},
        (
            "alarms.errors.datapoints_to_alarm",
            "4 of 3 periods cannot cross the threshold",
            "at most 3, or null",
        ),
    ),
    (
        {
            "compute": {
                "launch_type": "EC2",
                "ec2": {"instance_types": ["t3.large"], "min_instances": 1, "max_instances": 2},
            },
            "services.web.cpu_units": 4096,
        },
        (
            "services.web.cpu_units",
            "a task of 4096 CPU units fits on none of t3.large",
            "at most 2048, or larger instances",
        ),
    ),
    ({"cache.shards": 2}, ("cache.shards", "2 shards without cluster mode", "1, or cluster_mode true")),
    (
        {"buckets.files.lifecycle.glacier_days": 10},
        (
            "buckets.files.lifecycle",
            "the ages [30, 10] do not rise",
            "infrequent access, then glacier, then expiry",
        ),
    ),
    (
        {"buckets.files.lifecycle.infrequent_access_days": 7},
        ("buckets.files.lifecycle.infrequent_access_days", "7 is not valid", "at least 30"),
    ),
    (
        {"secrets.database-url.value": "hunter2"},
        ("secrets.database-url.value", "the kind is database_url", "a value for the kind plain, and for no other"),
    ),
    (
        {"waf": {"attach_to": "cdn"}},
        ("waf.attach_to", "there is no CDN", "load_balancer, or a section cdn"),
    ),
    (
        {"waf": {"rate_window_seconds": 90}},
        ("waf.rate_window_seconds", "90 is not valid", "60, 120, 300 or 600"),
    ),
    (
        {"alarms.errors.service": "wbe"},
        ("alarms.errors.service", "no entry 'wbe' in services", "one of web"),
    ),
    (
        {"alarms.errors.metric": "cdn_hit_ratio_percent"},
        ("alarms.errors.metric", "cdn_hit_ratio_percent without a section cdn", "a section cdn"),
    ),
    (
        {"compute": {"launch_type": "EC2"}},
        ("compute.ec2", "launch type EC2 without instances", "instance types and their numbers"),
    ),
    (
        {
            "compute": {
                "launch_type": "EC2",
                "ec2": {"instance_types": ["t3.nano"], "min_instances": 1, "max_instances": 2},
            }
        },
        (
            "services.web.memory_mib",
            "a task of 1024 MiB fits on none of t3.nano",
            "at most 235 MiB, or larger instances",
        ),
    ),
    (
        {"load_balancer": None, "waf": None},
        ("services.web.routing", "there is no load balancer", "null, or a section load_balancer"),
    ),
    (
        {"schedule": {"timezone": "Brasil", "start": "07:00", "stop": "22:00"}},
        ("schedule.timezone", "'Brasil' is not a time zone", "a name such as UTC or America/Sao_Paulo"),
    ),
    (
        {"schedule": {"start": "07:00", "stop": "07:00"}},
        ("schedule.stop", "it scales down at 07:00, when it scales up", "another time"),
    ),
    (
        {"schedule": {"start": "07:00", "stop": 1320}},  # what YAML makes of 22:00 without quotes
        ("schedule.stop", "1320 is not valid", "text (in quotes, where it looks like a number)"),
    ),
    (
        {"schedule": {"start": "07:00", "stop": "22:00", "off_hours_count": 9}},
        ("schedule.off_hours_count", "9 tasks of web, which has 4 at most", "at most 4"),
    ),
    (
        {"change_windows": [{"change": "release", "days": ["mon"], "hours": "09:00-09:00"}]},
        ("change_windows.0.hours", "it closes when it opens, at 09:00", "a later end"),
    ),
    (
        {"database.engine_version": 15.1},  # what YAML makes of 15.10 without quotes
        ("database.engine_version", "15.1 is not valid", "text (in quotes, where it looks like a number)"),
    ),
    (
        {"compute": {"container_insights": "yes"}},
        ("compute.container_insights", "'yes' is not valid", "true or false"),
    ),
    (
        {"buckets.Logs": {"purpose": "Logs"}},
        ("buckets.Logs", "'Logs' is not valid", "text of the form ^[a-z][a-z0-9]*(-[a-z0-9]+)*$"),
    ),
    (
        {"network.nat_gateways": "none"},
        (
            "services.web.tier",
            "its tasks are in private subnets without a NAT gateway and could not fetch their images",
            "public, or network.nat_gateways single or per_zone",
        ),
    ),
    (
        {"backup": {"copy_region": "eu-west-1"}},
        ("backup.copy_region", "eu-west-1 is where the environment itself is", "another region, or null"),
    ),
    (
        {"buckets.files.replica_region": "eu-west-1"},
        ("buckets.files.replica_region", "eu-west-1 is where the environment itself is", "another region, or null"),
    ),
    (
        {"secrets": {name: {"kind": "generated", "path": "shop/key"} for name in ("database-url", "two")}},
        ("secrets.two.path", "shop/key is also that of secrets.database-url.path", "a name of its own"),
    ),
    (
        {"secrets.flag": {"kind": "plain", "value": "on"}},
        ("secrets.flag.store", "a plain value is no secret", "parameter_store"),
    ),
    (
        {"secrets.database-url.store": "parameter_store", "secrets.database-url.rotation": {"interval_days": 30}},
        ("secrets.database-url.rotation", "Parameter Store does not rotate", "null, or secrets_manager"),
    ),
    (
        {"services.web.receives_from": ["web"]},
        ("services.web.receives_from", "web calls itself", "other services only"),
    ),
    (
        {"alarms.errors.threshold": 500},
        ("alarms.errors.threshold", "500 percent is never reached", "at most 100"),
    ),
    (
        {"alarms.errors.metric": "custom"},
        ("alarms.errors.custom", "the metric is custom", "a section custom for the metric custom, and for no other"),
    ),
    (
        {"cdn": {"static_paths": ["/assets/*"]}},
        ("cdn.static_paths", "no bucket serves these paths", "a static_bucket, or no static_paths"),
    ),
    (
        {"cdn": {}, "load_balancer": {"scheme": "internal"}},
        ("load_balancer.scheme", "a CDN cannot reach an internal load balancer", "internet-facing"),
    ),
    (
        {"cdn": {}, "load_balancer": {"certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/x"}},
        ("cdn", "it cannot check the load balancer's certificate without a name", "a section dns"),
    ),
    (
        {"region": "eu-west-1", "cdn": {}, "alarms.errors": {"metric": "cdn_error_rate_percent", "threshold": 5}},
        (
            "services.web.deployment.rollback_alarms.0",
            "errors is an alarm in us-east-1, which ECS does not see from eu-west-1",
            "an alarm of the environment's region",
        ),
    ),
    (
        {"cdn": {"static_bucket": "assets"}},
        ("cdn.static_bucket", "no entry 'assets' in buckets", "one of files"),
    ),
    (
        {"dns": {"zone": "example.com", "domain": "shop.example.org"}},
        ("dns.domain", "shop.example.org is not in the zone example.com", "a name under example.com"),
    ),
    (
        {"dns": {"zone": "example.com", "domain": "a.example.com", "alternative_names": ["a.example.com"]}},
        ("dns.alternative_names", "a name stands twice on the certificate", "each name once"),
    ),
    (
        {"waf": {"blocked_countries": ["KP"], "allowed_countries": ["PT"]}},
        ("waf.allowed_countries", "countries are both blocked and allowed", "one of the two lists"),
    ),
    (
        {"database.read_replicas": 1, "database.backup_retention_days": 0},
        (
            "database.read_replicas",
            "RDS replicates only with automated backups",
            "backup_retention_days of 1 or more",
        ),
    ),
    (
        {"cache.cluster_mode": True},
        ("cache.automatic_failover", "cluster mode demands automatic failover", "true"),
    ),
    (
        {"services.web.migration": {"container": "worker", "command": ["migrate"]}},
        ("services.web.migration.container", "no container 'worker'", "one of web"),
    ),
    (
        {"links": {"grafana": "javascript:alert(1)"}},
        ("links.grafana", "'javascript:alert(1)' is not valid", "text of the form ^https?://[^\\s\\\"'<>]+$"),
    ),
    (
        {"logs": {"retention_days": 31}},
        (
            "logs.retention_days",
            "31 is not valid",
            "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557 or 3653",
        ),
    ),
]


@pytest.mark.parametrize(("changes", "expected"), WRONG, ids=[problem[0] + "~" + problem[1] for _, problem in WRONG])
def test_each_wrong_setting_gives_its_one_problem(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse(document(changes))

    assert refused.value.problems == [Problem(*expected)]


def test_the_document_that_the_cases_change_is_valid() -> None:
    assert parse(document()).services["web"].memory_mib == 1024


def test_problems_of_values_and_of_rules_come_together() -> None:
    changes = {
        "database.storage_gib": 5,
        "services.web.min_count": 5,
        "network.subnets.public.1": "10.1.2.0/24",
        "alarms.errors.treshold": 1,
    }

    with pytest.raises(ConfigInvalid) as refused:
        parse(document(changes))

    assert {problem.path for problem in refused.value.problems} == {
        "database.storage_gib",
        "services.web.min_count",
        "network.subnets.public.1",
        "alarms.errors.treshold",
    }


SECTIONS = ["region", "network", "compute", "services", "database", "cache", "waf", "buckets", "secrets", "alarms"]


@pytest.mark.parametrize("section", SECTIONS)
def test_an_unreadable_section_gives_no_problem_elsewhere(section: str) -> None:
    zones = {"network.zones": ["eu-west-1a", "eu-west-1b"]} if section != "network" else {}

    with pytest.raises(ConfigInvalid) as refused:
        parse(document(zones | {section: 7}))

    assert [problem.path for problem in refused.value.problems] == [section]


def test_several_wrong_values_in_one_list_are_each_named() -> None:
    routes = [{"severity": "high", "channel": "pigeon", "target": "x"}, {"severity": "info"}]

    with pytest.raises(ConfigInvalid) as refused:
        parse(document({"alert_routes": routes}))

    assert {problem.path for problem in refused.value.problems} == {
        "alert_routes.0.severity",
        "alert_routes.0.channel",
        "alert_routes.1.channel",
        "alert_routes.1.target",
    }


def _places(value: Any, path: tuple[str, ...] = ()) -> list[str]:
    """Dotted paths of everything in a document."""
    here = [".".join(path)] if path else []
    if isinstance(value, dict):
        return here + [place for key, part in value.items() for place in _places(part, (*path, key))]
    if isinstance(value, list):
        return here + [place for index, part in enumerate(value) for place in _places(part, (*path, str(index)))]
    return here


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    scalars, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3)
)


@given(st.dictionaries(st.sampled_from(_places(document())), anything, min_size=1, max_size=4))
def test_whatever_stands_in_a_document_it_is_read_or_refused_with_reasons(changes: dict[str, Any]) -> None:
    # shorter paths last, so that no change lands inside the value of another
    ordered = dict(sorted(changes.items(), key=lambda change: -len(change[0])))
    problems: list[Problem] = []
    config = None
    try:
        config = parse(document(ordered))
    except ConfigInvalid as refused:
        problems = refused.problems

    assert config is None or parse(canonical(config)) == config
    assert config is not None or (problems and all(problem.problem and problem.expected for problem in problems))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_are_finite(value: float) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse(document({"alarms.errors.threshold": value}))

    assert [problem.path for problem in refused.value.problems] == ["alarms.errors.threshold"]


def test_a_problem_reads_as_one_line() -> None:
    problem = Problem("network.cidr", "a VPC cannot be a /8", "a block between /16 and /28")

    assert str(problem) == "network.cidr: a VPC cannot be a /8; expected: a block between /16 and /28"
