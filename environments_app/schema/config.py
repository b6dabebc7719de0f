"""The configuration of one environment: the root of the schema."""

from pydantic import Field

from environments_app.schema.access import ApiGateway, UserPool
from environments_app.schema.accounts import AccountRoles
from environments_app.schema.base import Name, Region, RoleArn, Section
from environments_app.schema.compute import Compute
from environments_app.schema.data import Cache, Database
from environments_app.schema.edge import Cdn, Dns, LoadBalancer, Waf
from environments_app.schema.network import Network
from environments_app.schema.observability import (
    Alarm,
    AlertRoute,
    AuditTrail,
    Dashboard,
    Logs,
    ObservabilityLinks,
    Tracing,
)
from environments_app.schema.operations import Backup, Budget, ChangeWindow, Recovery, Schedule
from environments_app.schema.own_terraform import OwnTerraform
from environments_app.schema.people import PeopleRoles
from environments_app.schema.secrets import Secret
from environments_app.schema.services import Service
from environments_app.schema.storage import Bucket, FileSystem, Registry


class EnvironmentConfig(Section):
    """What an environment is. Immutable; a change is a new version."""

    region: Region = Field(description="AWS region")
    account_role_arn: RoleArn | None = Field(
        default=None, description="Role that Slipway takes in the target account; null: its own credentials"
    )
    account_roles: AccountRoles = Field(default=AccountRoles(), description="Roles of their own per kind of work")
    tags: dict[str, str] = Field(default_factory=dict, description="Tags beside slipway:system, :environment, :managed")
    terraform: OwnTerraform | None = Field(
        default=None, description="Your own root module in place of the bundled stack; null: the bundled stack"
    )
    network: Network | None = Field(default=None, description="VPC, subnets, ways out; the bundled stack needs one")
    compute: Compute = Field(default=Compute(), description="ECS cluster and its capacity")
    services: dict[Name, Service] = Field(
        default_factory=dict, description="ECS services, by name; the bundled stack needs one at least"
    )
    database: Database | None = Field(default=None, description="PostgreSQL; null: none")
    cache: Cache | None = Field(default=None, description="Redis; null: none")
    buckets: dict[Name, Bucket] = Field(default_factory=dict, description="S3 buckets, by key")
    file_system: FileSystem | None = Field(default=None, description="EFS; null: none")
    registry: Registry = Field(default=Registry(), description="ECR repositories")
    load_balancer: LoadBalancer | None = Field(default=LoadBalancer(), description="Load balancer; null: none")
    dns: Dns | None = Field(default=None, description="Route 53 and certificate; null: none")
    cdn: Cdn | None = Field(default=None, description="CloudFront; null: none")
    waf: Waf | None = Field(default=None, description="Web application firewall; null: none")
    api_gateway: ApiGateway | None = Field(default=None, description="API Gateway; null: none")
    user_pool: UserPool | None = Field(default=None, description="Cognito user pool; null: none")
    secrets: dict[Name, Secret] = Field(
        default_factory=dict, description="Secrets and parameters, by key; never values"
    )
    logs: Logs = Field(default=Logs(), description="Service logs")
    alarms: dict[Name, Alarm] = Field(default_factory=dict, description="CloudWatch alarms, by name")
    dashboard: Dashboard | None = Field(default=None, description="CloudWatch dashboards; null: none")
    tracing: Tracing | None = Field(default=None, description="X-Ray; null: none")
    audit_trail: AuditTrail | None = Field(default=None, description="CloudTrail; null: none")
    alert_routes: tuple[AlertRoute, ...] = Field(default=(), description="Whom alerts reach, by severity")
    links: ObservabilityLinks | None = Field(default=None, description="Links to tools elsewhere; null: none")
    budget: Budget | None = Field(default=None, description="Monthly budget; null: none")
    schedule: Schedule | None = Field(default=None, description="Scaling down at night and on weekends; null: none")
    people_roles: PeopleRoles | None = Field(default=None, description="IAM roles for people; null: none")
    backup: Backup = Field(default=Backup(), description="Copies beside the database's own")
    recovery: Recovery | None = Field(default=None, description="Recovery targets; null: none")
    change_windows: tuple[ChangeWindow, ...] = Field(default=(), description="When changes may happen; empty: always")
