"""Rules about data (a part of rules.py): secrets that are renewed, and what lies twice."""

from collections.abc import Iterator

from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.problems import Problem


def rotation(config: EnvironmentConfig) -> Iterator[Problem]:
    """What can be renewed by itself, and each password by one entry only."""
    families = {"database_credentials": "the database", "database_url": "the database", "redis_url": "Redis"}
    first: dict[str, str] = {}
    for name, secret in config.secrets.items():
        if secret.rotation is None:
            continue
        path = f"secrets.{name}.rotation"
        if secret.kind in ("plain", "external"):
            yield Problem(path, f"nobody knows how to renew a value of the kind {secret.kind}", "null")
        if (family := families.get(secret.kind)) and first.setdefault(family, name) != name:
            yield Problem(path, f"{first[family]} rotates the same password of {family}", "null; it follows")


def copies(config: EnvironmentConfig) -> Iterator[Problem]:
    """What lies twice: one second region for all that Terraform makes there."""
    regions = {f"buckets.{key}.replica_region": bucket.replica_region for key, bucket in config.buckets.items()}
    regions |= {"registry.replica_region": config.registry.replica_region}
    regions |= {"backup.copy_region": config.backup.copy_region}
    asked = {path: region for path, region in regions.items() if region is not None}
    for path, region in asked.items():
        if region != next(iter(asked.values())):
            yield Problem(
                path,
                f"copies go to {region} here and to {next(iter(asked.values()))} elsewhere",
                "one region for all copies",
            )
    for key, bucket in config.buckets.items():
        if bucket.replica_region and not bucket.versioning:
            yield Problem(f"buckets.{key}.versioning", "S3 copies versions, and there are none", "true")
    if config.backup.weekly_export and config.database is None:
        yield Problem("backup.weekly_export", "there is no database", "false, or a section database")
    files = config.file_system
    if files and (files.throughput_mode == "provisioned") != (files.provisioned_mibps is not None):
        yield Problem(
            "file_system.provisioned_mibps",
            f"the throughput mode is {files.throughput_mode}",
            "a figure for the throughput mode provisioned, and for no other",
        )
