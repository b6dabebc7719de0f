"""The network of an environment: address space, zones, subnets, ways out, flow logs."""

from typing import Literal

from pydantic import Field

from environments_app.schema.base import Cidr, LogDays, Section


class Subnets(Section):
    """One CIDR block per zone and tier; every tier that is given has as many blocks as there are zones."""

    public: tuple[Cidr, ...] = Field(description="Subnets of load balancers and NAT gateways, one per zone")
    private: tuple[Cidr, ...] = Field(description="Subnets of tasks (and of data, without a database tier)")
    database: tuple[Cidr, ...] = Field(
        default=(), description="Isolated subnets of databases and caches; empty: they share the private ones"
    )


class FlowLogs(Section):
    """VPC Flow Logs to CloudWatch Logs."""

    traffic: Literal["ALL", "ACCEPT", "REJECT"] = Field(default="ALL", description="Which traffic is recorded")
    retention_days: LogDays = Field(default=30, description="How long flow logs are kept, in days")


class Network(Section):
    """A VPC of its own for the environment."""

    cidr: Cidr = Field(description="Address block of the VPC")
    zone_count: Literal[2, 3] = Field(description="Number of availability zones in use")
    zones: tuple[str, ...] = Field(
        default=(), description="Names of the zones (us-east-1a, ...); empty: the region's first ones"
    )
    subnets: Subnets = Field(description="Address blocks of the subnets")
    nat_gateways: Literal["none", "single", "per_zone"] = Field(
        default="single",
        description="How private subnets reach the internet: not, by one NAT gateway, or by one per zone",
    )
    network_acls: bool = Field(default=False, description="Network ACLs around each tier, beside the security groups")
    flow_logs: FlowLogs | None = Field(default=None, description="VPC Flow Logs; null: none")
