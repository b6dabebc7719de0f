"""Where tasks run: Fargate, or EC2 instances of our own behind a capacity provider."""

from typing import Annotated, Literal

from pydantic import Field

from environments_app.schema.base import Section

WholePercent = Annotated[float, Field(ge=0, le=100, multiple_of=1)]
"""Auto Scaling and capacity providers know whole percents only."""


class Ec2Capacity(Section):
    """An Auto Scaling group with a mixed-instances policy, behind an ECS capacity provider."""

    instance_types: tuple[str, ...] = Field(min_length=1, description="EC2 instance types, the preferred one first")
    min_instances: Annotated[int, Field(ge=0, le=1000)] = Field(description="Fewest instances")
    max_instances: Annotated[int, Field(ge=1, le=1000)] = Field(description="Most instances")
    on_demand_base: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0, description="Instances that are always on-demand, before the split applies"
    )
    spot_percent: WholePercent = Field(
        default=0, description="Share of the instances above the base that are spot, in whole percent"
    )
    target_capacity_percent: Annotated[float, Field(ge=1, le=100, multiple_of=1)] = Field(
        default=100, description="How full ECS managed scaling keeps the instances, in whole percent"
    )
    root_volume_gib: Annotated[int, Field(ge=30, le=16_384)] = Field(
        default=30, description="Size of an instance's volume, which holds the images, in GiB; ECS's own takes 30"
    )


class Compute(Section):
    """The ECS cluster."""

    launch_type: Literal["FARGATE", "EC2"] = Field(default="FARGATE", description="ECS launch type of all services")
    container_insights: bool = Field(default=True, description="CloudWatch Container Insights on the cluster")
    fargate_spot_percent: WholePercent = Field(
        default=0, description="Share of Fargate tasks on FARGATE_SPOT, in whole percent"
    )
    ec2: Ec2Capacity | None = Field(default=None, description="Instances; required with launch type EC2")
