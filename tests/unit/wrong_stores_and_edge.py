"""Wrong settings of stores, secrets, the edge, alarms and operation, with the one problem that each must give."""

from tests.unit.wrong_services import Wrong

# change of the valid document -> the one problem it must give
WRONG: Wrong = [
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
            "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653",
        ),
    ),
    (
        {"database.username": "admin"},
        ("database.username", "admin is a reserved word of RDS", "another name, such as app"),
    ),
    (
        {"database.storage_type": "io2", "database.storage_gib": 100, "database.max_storage_gib": None},
        ("database.iops", "storage of type io2 has as many as are asked for", "a figure, from 1000"),
    ),
    (
        {"database.storage_type": "gp2", "database.iops": 3000},
        ("database.iops", "storage of type gp2 has as many as its size gives", "null, or another type"),
    ),
    (
        {"database.storage_gib": 400, "database.max_storage_gib": None, "database.iops": 5000},
        ("database.iops", "gp3 of that size has no such figure", "null, or 12000 to 64000"),
    ),
    (
        {"database.storage_type": "io1", "database.iops": 1000},
        ("database.storage_gib", "storage of type io1 begins at 100 GiB", "100 at least"),
    ),
    (
        {
            "database.storage_type": "io1",
            "database.storage_gib": 100,
            "database.max_storage_gib": None,
            "database.iops": 6000,
        },
        ("database.iops", "io1 has 50 for each GiB at most", "at most 5000"),
    ),
    (
        {"database.iops": 4000},
        ("database.iops", "gp3 has its baseline below 400 GiB", "null, or 400 GiB at least"),
    ),
    ({"cache.engine_version": "5.0"}, ("cache.engine_version", "'5.0' is not valid", "'6.2', '7.0' or '7.1'")),
    (
        {"network.flow_logs": {"retention_days": 31}},
        (
            "network.flow_logs.retention_days",
            "31 is not valid",
            "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653",
        ),
    ),
    *(
        (
            {"buckets.files.name": name},
            ("buckets.files.name", f"S3 takes no bucket named {name}", "another name, or null"),
        )
        for name in ("a..b", "192.168.1.1", "shop-s3alias")
    ),
    (
        {"buckets.files.lifecycle": {"infrequent_access_days": 30, "glacier_days": 45}},
        ("buckets.files.lifecycle.glacier_days", "objects stay 30 days where they moved", "at least 60"),
    ),
]
