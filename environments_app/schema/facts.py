"""Facts of AWS that validation needs: valid Fargate sizes and the memory of instance classes.

Sources: Amazon ECS developer guide ("Task CPU and memory"), the instance tables of Amazon RDS, Amazon
ElastiCache ("Supported node types") and Amazon EC2.
"""

from collections.abc import Mapping

# CPU units -> allowed memory in MiB
FARGATE_MEMORY_MIB: Mapping[int, range | tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}

_BURSTABLE = {"micro": 1.0, "small": 2.0, "medium": 4.0, "large": 8.0, "xlarge": 16.0, "2xlarge": 32.0}
_GENERAL = {
    "large": 8.0,
    "xlarge": 16.0,
    "2xlarge": 32.0,
    "4xlarge": 64.0,
    "8xlarge": 128.0,
    "12xlarge": 192.0,
    "16xlarge": 256.0,
}
_COMPUTE = {size: gib / 2 for size, gib in _GENERAL.items()}
_MEMORY = {size: gib * 2 for size, gib in _GENERAL.items()}
_CACHE_BURSTABLE = {"micro": 0.5, "small": 1.37, "medium": 3.09}
_CACHE_GENERAL = {"large": 6.38, "xlarge": 12.93, "2xlarge": 26.04, "4xlarge": 52.26, "12xlarge": 157.12}
_CACHE_MEMORY = {"large": 13.07, "xlarge": 26.32, "2xlarge": 52.82, "4xlarge": 105.81, "12xlarge": 317.77}


def _classes(prefix: str, families: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {
        f"{prefix}{family}.{size}": gib
        for names, sizes in families.items()
        for family in names.split()
        for size, gib in sizes.items()
    }


DATABASE_MEMORY_GIB: Mapping[str, float] = _classes(
    "db.", {"t3 t4g": _BURSTABLE, "m5 m6g m6i m7g": _GENERAL, "r5 r6g r6i r7g": _MEMORY}
)
CACHE_MEMORY_GIB: Mapping[str, float] = _classes(
    "cache.", {"t3 t4g": _CACHE_BURSTABLE, "m5 m6g m7g": _CACHE_GENERAL, "r5 r6g r7g": _CACHE_MEMORY}
)
INSTANCE_MEMORY_GIB: Mapping[str, float] = _classes(
    "",
    {
        "t3 t3a t4g": {"nano": 0.5, **_BURSTABLE},
        "m5 m5a m6g m6i m7g m7i": _GENERAL,
        "c5 c6g c6i c7g c7i": _COMPUTE,
        "r5 r6g r6i r7g r7i": _MEMORY,
    },
)
# Every size of these families has the vCPU of its name; burstable instances below xlarge all have two.
_VCPU = {"xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64}
INSTANCE_CPU_UNITS: Mapping[str, int] = {
    instance_type: 1024 * _VCPU.get(instance_type.partition(".")[2], 2) for instance_type in INSTANCE_MEMORY_GIB
}

GIB = 1024**3


def max_connections(instance_class: str) -> int:
    """The default max_connections of RDS for PostgreSQL: LEAST(DBInstanceClassMemory / 9531392, 5000).

    DBInstanceClassMemory is somewhat less than the class's memory, so this is an upper bound.
    """
    return min(int(DATABASE_MEMORY_GIB[instance_class] * GIB / 9_531_392), 5000)


def usable_instance_memory_mib(instance_type: str) -> int:
    """Memory that ECS can give to tasks: the agent and the system keep about 256 MiB, the kernel some 4 %."""
    return int(INSTANCE_MEMORY_GIB[instance_type] * 1024 * 0.96 - 256)
