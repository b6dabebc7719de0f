"""Wrong settings of the network, of capacity and of services, with the one problem that each must give."""

from typing import Any

Wrong = list[tuple[dict[str, Any], tuple[str, str, str]]]

# change of the valid document -> the one problem it must give
WRONG: Wrong = [
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
]
