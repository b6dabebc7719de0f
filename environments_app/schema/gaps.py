"""What a configuration may ask for and the bundled stack does not make yet, with what that means for its owner."""

from collections.abc import Callable
from dataclasses import dataclass

from environments_app.schema.config import EnvironmentConfig


@dataclass(frozen=True)
class Gap:
    """A setting that is kept, but not made.

    asked: whether a configuration asks for it; means: how things are without it, a sentence.
    """

    path: str
    asked: Callable[[EnvironmentConfig], bool]
    means: str


_GAPS = [
    Gap(
        "network.network_acls",
        lambda c: c.network.network_acls,
        "Subnets keep AWS's own network ACL, which lets everything through; security groups hold all the same.",
    ),
    Gap(
        "database.read_replicas",
        lambda c: c.database is not None and c.database.read_replicas > 0,
        "There is no replica; every read goes to the primary.",
    ),
    Gap(
        "database.enhanced_monitoring_seconds",
        lambda c: c.database is not None and c.database.enhanced_monitoring_seconds > 0,
        "The database has CloudWatch's ordinary metrics only.",
    ),
    Gap("file_system", lambda c: c.file_system is not None, "Containers have no shared file system."),
    Gap("registry.replica_region", lambda c: c.registry.replica_region is not None, "Images are in one region only."),
    Gap(
        "load_balancer.access_logs",
        lambda c: c.load_balancer is not None and c.load_balancer.access_logs is not None,
        "The load balancer keeps no record of its requests.",
    ),
    Gap("audit_trail", lambda c: c.audit_trail is not None, "CloudTrail keeps no trail of the account's calls."),
    Gap("logs.encrypted", lambda c: c.logs.encrypted, "Logs are encrypted with AWS's key, not with one of yours."),
    Gap("dns", lambda c: c.dns is not None, "No name points here; the load balancer answers under its AWS name."),
    Gap("cdn", lambda c: c.cdn is not None, "There is no CDN; requests go straight to the load balancer."),
    Gap(
        "waf.attach_to",
        lambda c: c.waf is not None and c.waf.attach_to == "cdn",
        "There is no CDN that the WAF could stand before, so there is no WAF.",
    ),
    Gap("api_gateway", lambda c: c.api_gateway is not None, "There is no API Gateway."),
    Gap("user_pool", lambda c: c.user_pool is not None, "There is no Cognito user pool, so nobody signs in by one."),
    Gap("backup.copy_region", lambda c: c.backup.copy_region is not None, "Backups stay in one region."),
    Gap(
        "buckets.*.replica_region",
        lambda c: any(bucket.replica_region for bucket in c.buckets.values()),
        "What is in these buckets is in one region only.",
    ),
    Gap(
        "secrets.*.rotation",
        lambda c: any(secret.rotation for secret in c.secrets.values()),
        "Secrets are not renewed by themselves.",
    ),
]


def unprovisioned(config: EnvironmentConfig) -> list[Gap]:
    """What the configuration asks for and the bundled stack does not make."""
    return [gap for gap in _GAPS if gap.asked(config)]
