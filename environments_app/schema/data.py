"""Stores of data: PostgreSQL on RDS, Redis on ElastiCache."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from environments_app.schema.base import DailyWindow, Section, WeeklyWindow


class Database(Section):
    """PostgreSQL on RDS. Its password is generated into a secret and never leaves AWS."""

    engine_version: Annotated[str, StringConstraints(pattern=r"^\d{2}(\.\d{1,2})?$")] = Field(
        description="PostgreSQL version: major (15), or major and minor (15.4)"
    )
    instance_class: Annotated[str, StringConstraints(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$")] = Field(
        description="RDS instance class"
    )
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")] = Field(
        description="Name of the database"
    )
    username: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,15}$")] = Field(
        description="Name of the master user"
    )
    password_generation: Annotated[int, Field(ge=1)] = Field(
        default=1, description="Raise it by one to have a new master password made by the next apply"
    )
    multi_az: bool = Field(default=False, description="Standby in a second zone with automatic failover")
    storage_type: Literal["gp2", "gp3", "io1", "io2"] = Field(default="gp3", description="EBS volume type")
    iops: Annotated[int, Field(ge=1000, le=256_000)] | None = Field(
        default=None, description="Provisioned I/O operations per second: with io1 and io2, or gp3 above its baseline"
    )
    storage_gib: Annotated[int, Field(ge=20, le=65_536)] = Field(description="Storage at the start, in GiB")
    max_storage_gib: Annotated[int, Field(ge=20, le=65_536)] | None = Field(
        default=None, description="Limit of storage autoscaling, in GiB; null: no growth"
    )
    backup_retention_days: Annotated[int, Field(ge=0, le=35)] = Field(
        description="Daily backups and point-in-time recovery, in days; 0: none"
    )
    backup_window: DailyWindow = Field(default="05:00-06:00", description="Daily backup window, UTC, hh:mm-hh:mm")
    maintenance_window: WeeklyWindow = Field(
        default="sun:03:00-sun:04:00", description="Weekly maintenance window, UTC, ddd:hh:mm-ddd:hh:mm"
    )
    apply_immediately: bool = Field(
        default=True,
        description="Whether changes that interrupt it are made by the apply; false: in the next maintenance window",
    )
    deletion_protection: bool = Field(default=False, description="Whether AWS refuses to delete the database")
    final_snapshot: bool = Field(default=False, description="Whether a snapshot is taken before deletion")
    log_exports: tuple[Literal["postgresql", "upgrade"], ...] = Field(
        default=("postgresql",), description="Logs sent to CloudWatch Logs"
    )
    performance_insights: bool = Field(default=False, description="RDS Performance Insights (7 days)")
    enhanced_monitoring_seconds: Literal[0, 1, 5, 10, 15, 30, 60] = Field(
        default=0, description="Interval of Enhanced Monitoring, in seconds; 0: off"
    )
    read_replicas: Annotated[int, Field(ge=0, le=15)] = Field(default=0, description="Number of read replicas")
    parameters: dict[str, str] = Field(
        default_factory=dict, description="Parameters beside rds.force_ssl, which is always 1"
    )


class Cache(Section):
    """Redis on ElastiCache, encrypted in transit and at rest. Its password is made as the database's is."""

    engine_version: Literal["6.2", "7.0", "7.1"] = Field(
        default="7.1", description="Redis version; users with passwords need 6 at least"
    )
    node_type: Annotated[str, StringConstraints(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$")] = Field(
        description="ElastiCache node type"
    )
    replicas: Annotated[int, Field(ge=0, le=5)] = Field(default=0, description="Replicas of each primary")
    shards: Annotated[int, Field(ge=1, le=500)] = Field(default=1, description="Shards; more than one: cluster mode")
    cluster_mode: bool = Field(default=False, description="Redis Cluster protocol")
    automatic_failover: bool = Field(default=False, description="A replica takes over by itself; needs a replica")
    snapshot_retention_days: Annotated[int, Field(ge=0, le=35)] = Field(
        default=0, description="Daily snapshots, in days; 0: none"
    )
    maintenance_window: WeeklyWindow = Field(
        default="sun:04:00-sun:05:00", description="Weekly maintenance window, UTC, ddd:hh:mm-ddd:hh:mm"
    )
    password_generation: Annotated[int, Field(ge=1)] = Field(
        default=1, description="Raise it by one to have a new password made by the next apply"
    )
    max_memory_policy: Literal["volatile-lru", "allkeys-lru", "volatile-ttl", "noeviction"] = Field(
        default="volatile-lru", description="What Redis does when its memory is full"
    )
