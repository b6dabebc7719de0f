"""Rules about data (a part of rules.py): secrets that are renewed, and what lies twice."""

import re
from collections.abc import Iterator

from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.problems import Problem

RESERVED_NAMES = frozenset({"admin", "all", "public", "rdsadmin", "rds_superuser", "table", "user"})
_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}")
GP3_GIB = 400  # where gp3 on PostgreSQL takes more than its baseline
GP3_IOPS = (12_000, 64_000)  # baseline and most of gp3 from that size on
IO_GIB = 100  # where io1 and io2 begin
IOPS_PER_GIB = {"io1": 50, "io2": 1000}
RARE_DAYS = 30


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
        if bucket.name and (".." in bucket.name or _ADDRESS.fullmatch(bucket.name) or bucket.name.endswith("-s3alias")):
            yield Problem(f"buckets.{key}.name", f"S3 takes no bucket named {bucket.name}", "another name, or null")
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


def database(config: EnvironmentConfig) -> Iterator[Problem]:
    """What RDS asks of a PostgreSQL instance (RDS user guide: "DB instance storage", "Naming constraints")."""
    settings = config.database
    if settings is None:
        return
    if settings.username in RESERVED_NAMES or settings.username.startswith("pg_"):
        yield Problem(
            "database.username", f"{settings.username} is a reserved word of RDS", "another name, such as app"
        )
    kind, iops = settings.storage_type, settings.iops
    if kind in ("io1", "io2") and iops is None:
        yield Problem("database.iops", f"storage of type {kind} has as many as are asked for", "a figure, from 1000")
    if kind == "gp2" and iops is not None:
        yield Problem("database.iops", "storage of type gp2 has as many as its size gives", "null, or another type")
    if kind == "gp3" and iops is not None and settings.storage_gib < GP3_GIB:
        yield Problem("database.iops", f"gp3 has its baseline below {GP3_GIB} GiB", f"null, or {GP3_GIB} GiB at least")
    elif kind == "gp3" and iops is not None and not GP3_IOPS[0] <= iops <= GP3_IOPS[1]:
        yield Problem(
            "database.iops", "gp3 of that size has no such figure", f"null, or {GP3_IOPS[0]} to {GP3_IOPS[1]}"
        )
    if kind in ("io1", "io2") and settings.storage_gib < IO_GIB:
        yield Problem("database.storage_gib", f"storage of type {kind} begins at {IO_GIB} GiB", f"{IO_GIB} at least")
    most = IOPS_PER_GIB.get(kind, 0) * settings.storage_gib
    if iops is not None and most and iops > most:
        yield Problem("database.iops", f"{kind} has {IOPS_PER_GIB[kind]} for each GiB at most", f"at most {most}")


def lifecycles(config: EnvironmentConfig) -> Iterator[Problem]:
    """How objects may age (S3 user guide, "Lifecycle transition constraints")."""
    for name, bucket in config.buckets.items():
        rule = bucket.lifecycle
        if rule is None:
            continue
        path = f"buckets.{name}.lifecycle"
        steps = [d for d in (rule.infrequent_access_days, rule.glacier_days, rule.expire_days) if d is not None]
        if steps != sorted(set(steps)):
            yield Problem(path, f"the ages {steps} do not rise", "infrequent access, then glacier, then expiry")
            continue
        rare, cold = rule.infrequent_access_days, rule.glacier_days
        if rare is not None and cold is not None and cold - rare < RARE_DAYS:
            yield Problem(
                f"{path}.glacier_days",
                f"objects stay {RARE_DAYS} days where they moved",
                f"at least {rare + RARE_DAYS}",
            )
