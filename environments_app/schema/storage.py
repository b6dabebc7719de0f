"""Files and images: S3 buckets, EFS, the ECR registry."""

from typing import Annotated, Literal

from pydantic import Field

from environments_app.schema.base import AbsolutePath, BucketName, Days, DomainName, Name, Region, Section


class Lifecycle(Section):
    """Ages at which objects move or go, in days since their creation."""

    infrequent_access_days: Annotated[int, Field(ge=30, le=3650)] | None = Field(
        default=None, description="Move to STANDARD_IA after so many days; S3 allows no less than 30"
    )
    glacier_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        default=None, description="Move to GLACIER after so many days"
    )
    expire_days: Annotated[int, Field(ge=1, le=3653)] | None = Field(
        default=None, description="Delete after so many days"
    )
    noncurrent_expire_days: Annotated[int, Field(ge=1, le=3653)] | None = Field(
        default=None, description="Delete replaced versions after so many days"
    )


class Bucket(Section):
    """A private S3 bucket: public access blocked, TLS demanded, encrypted."""

    name: BucketName | None = Field(
        default=None, description="Global name; null: SYSTEM-ENVIRONMENT-KEY-ACCOUNT, which is unique"
    )
    purpose: str = Field(description="What it holds, for people")
    versioning: bool = Field(default=True, description="Whether replaced objects are kept")
    lifecycle: Lifecycle | None = Field(default=None, description="Lifecycle rules; null: objects stay")
    cors_origins: tuple[DomainName, ...] = Field(
        default=(),
        description="Sites whose pages may read it, and write it where it is one of user_pool.identity_buckets",
    )
    replica_region: Region | None = Field(default=None, description="Region that objects are copied to; null: none")
    force_destroy: bool = Field(default=False, description="Whether a destroy may delete it with its objects")


class FileSystem(Section):
    """Shared files on EFS: one folder, which all services that mount it see."""

    mounts: dict[Name, AbsolutePath] = Field(
        default_factory=dict, description="Services that see the files, and the path at which their containers do"
    )

    performance_mode: Literal["generalPurpose", "maxIO"] = Field(
        default="generalPurpose", description="EFS performance mode"
    )
    throughput_mode: Literal["bursting", "elastic", "provisioned"] = Field(
        default="bursting", description="EFS throughput mode"
    )
    provisioned_mibps: Annotated[float, Field(ge=1, le=1024)] | None = Field(
        default=None, description="Provisioned throughput, in MiB/s; for the throughput mode provisioned only"
    )
    infrequent_access_days: Literal[7, 14, 30, 60, 90] | None = Field(
        default=None, description="Move files that were not read for so many days; null: never"
    )
    backups: bool = Field(default=True, description="Daily backups by AWS Backup")


class Registry(Section):
    """ECR: one repository per container."""

    scan_on_push: bool = Field(default=True, description="Scan images for known vulnerabilities")
    immutable_tags: bool = Field(default=False, description="Whether a tag may never be moved")
    keep_images: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=10, description="Images kept by the lifecycle policy"
    )
    untagged_days: Days | None = Field(
        default=7, description="Delete untagged images after so many days; null: with the rest"
    )
    replica_region: Region | None = Field(default=None, description="Region that images are copied to; null: none")
    force_delete: bool = Field(default=False, description="Whether a destroy may delete repositories with images")
