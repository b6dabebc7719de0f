"""A whole, valid configuration document that tests change in one place."""

import copy
from typing import Any

_DOCUMENT: dict[str, Any] = {
    "region": "eu-west-1",
    "network": {
        "cidr": "10.0.0.0/16",
        "zone_count": 2,
        "subnets": {"public": ["10.0.1.0/24", "10.0.2.0/24"], "private": ["10.0.11.0/24", "10.0.12.0/24"]},
    },
    "services": {
        "web": {
            "containers": {
                "web": {"port": 8080, "secrets": {"DATABASE_URL": {"secret": "database-url"}}},
            },
            "cpu_units": 512,
            "memory_mib": 1024,
            "desired_count": 2,
            "min_count": 1,
            "max_count": 4,
            "buckets": ["files"],
            "routing": {"container": "web", "health_check": {"path": "/up"}},
            "autoscaling": {"target_tracking": [{"metric": "cpu", "target_percent": 70}]},
            "deployment": {"strategy": "rolling", "rollback_alarms": ["errors"]},
        }
    },
    "database": {
        "engine_version": "15",
        "instance_class": "db.t3.micro",
        "name": "shop",
        "username": "shop",
        "storage_gib": 20,
        "max_storage_gib": 100,
        "backup_retention_days": 7,
    },
    "cache": {"node_type": "cache.t3.micro"},
    "buckets": {"files": {"purpose": "Files", "lifecycle": {"infrequent_access_days": 30, "glacier_days": 90}}},
    "waf": {},
    "secrets": {"database-url": {"kind": "database_url"}},
    "alarms": {"errors": {"metric": "error_rate_percent", "service": "web", "threshold": 5, "severity": "critical"}},
    "alert_routes": [{"severity": "critical", "channel": "email", "target": "team@example.com"}],
}


def document(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The document with values replaced by dotted path; a value of `...` removes the setting."""
    result = copy.deepcopy(_DOCUMENT)
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        holder: Any = result
        for part in parents:
            holder = holder[int(part)] if isinstance(holder, list) else holder.setdefault(part, {})
        if isinstance(holder, list):
            holder[int(last)] = value
        elif value is ...:
            del holder[last]
        else:
            holder[last] = value
    return result
