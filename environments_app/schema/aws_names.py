"""Whether what an environment makes gets names that AWS takes and nothing else has: they are made of the system's.

Limits: IAM roles have 64 characters (CreateRole), buckets 63 (S3 user guide, "Bucket naming rules").
"""

from collections.abc import Iterator

from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.problems import Problem

LONGEST_NAME = 38
"""Of SYSTEM-ENVIRONMENT: its longest name is the bucket of that and -audit-trail-ACCOUNT."""
_ROLE, _BUCKET, _ACCOUNT = 64, 63, 12
TAKEN = frozenset({"load-balancer", "database", "cache", "file-system"})
"""Names that a service's security group would share with another one of the environment (modules/security_groups)."""


def name_problems(system: str, environment: str, config: EnvironmentConfig) -> list[Problem]:
    """What is too long or taken. Your own Terraform names what it makes itself."""
    return [] if config.terraform else [*_problems(f"{system}-{environment}", config)]


def _problems(whole: str, config: EnvironmentConfig) -> Iterator[Problem]:
    if len(whole) > LONGEST_NAME:
        yield Problem(
            "",
            f"{whole} has {len(whole)} characters, and names in AWS are made of it",
            f"names of system and environment with {LONGEST_NAME - 1} together at most",
        )
        return
    for name in config.services:
        if name in TAKEN:
            yield Problem(
                f"services.{name}", f"a security group {whole}-{name} is made for something else", f"{name}-service"
            )
        room = _ROLE - len(f"{whole}--execution")
        if len(name) > room:
            yield Problem(
                f"services.{name}",
                f"{name} is too long for a role named {whole}-{name}-execution",
                f"{room} characters",
            )
    for name, bucket in config.buckets.items():
        room = _BUCKET - len(f"{whole}--") - _ACCOUNT
        if bucket.name is None and len(name) > room:
            yield Problem(
                f"buckets.{name}", f"{name} is too long for a bucket {whole}-{name}-ACCOUNT", f"{room}, or a name"
            )
