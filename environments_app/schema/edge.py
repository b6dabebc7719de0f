"""What stands between the internet and the services: load balancer, DNS, CDN, WAF."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from environments_app.schema.base import AbsolutePath, Cidr, Days, DomainName, LogDays, Name, Section


class AccessLogs(Section):
    """Access logs of the load balancer, in a bucket of their own."""

    retention_days: Days = Field(default=90, description="How long access logs are kept, in days")


class LoadBalancer(Section):
    """The Application Load Balancer. Without a certificate it serves plain HTTP, which is warned of."""

    scheme: Literal["internet-facing", "internal"] = Field(default="internet-facing", description="Scheme")
    allowed_cidrs: tuple[Cidr, ...] = Field(
        default=("0.0.0.0/0",),
        description="Who may connect; with a CDN, who may do so beside it (0.0.0.0/0: everybody, through the CDN)",
    )
    idle_timeout_seconds: Annotated[int, Field(ge=1, le=4000)] = Field(
        default=60, description="Idle time-out of a connection, in seconds"
    )
    certificate_arn: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:acm:.+")] | None = Field(
        default=None,
        description="ACM certificate that exists already; null: the one of the section dns, or plain HTTP",
    )
    ssl_policy: Annotated[str, StringConstraints(pattern=r"^ELBSecurityPolicy-")] = Field(
        default="ELBSecurityPolicy-TLS13-1-2-2021-06",
        description="TLS policy of the HTTPS listener (TLS 1.2 and later)",
    )
    deletion_protection: bool = Field(default=False, description="Whether AWS refuses to delete it")
    access_logs: AccessLogs | None = Field(default=None, description="Access logs; null: none")


class Dns(Section):
    """Route 53 and the certificate for the environment's names."""

    zone: DomainName = Field(description="Hosted zone")
    create_zone: bool = Field(default=False, description="Whether the zone is made here; false: it exists")
    domain: DomainName = Field(description="Name under which the environment is reached")
    alternative_names: tuple[DomainName, ...] = Field(default=(), description="Further names on the certificate")


class Cdn(Section):
    """A CloudFront distribution in front of the load balancer and the static bucket."""

    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"] = Field(
        default="PriceClass_100", description="Edge locations in use"
    )
    static_bucket: Name | None = Field(
        default=None, description="Bucket of the section buckets that serves static paths"
    )
    static_paths: tuple[AbsolutePath, ...] = Field(default=(), description="Path patterns served from the bucket")
    default_ttl_seconds: Annotated[int, Field(ge=0, le=31_536_000)] = Field(
        default=0, description="How long answers are cached that do not say so themselves, in seconds"
    )
    compress: bool = Field(default=True, description="Whether answers are compressed at the edge (gzip, Brotli)")


class Waf(Section):
    """A web ACL with a rate limit and AWS managed rule groups."""

    attach_to: Literal["load_balancer", "cdn", "api_gateway"] = Field(
        default="load_balancer", description="What it protects; who calls is seen there, not behind it"
    )
    rate_limit: Annotated[int, Field(ge=10, le=2_000_000_000)] | None = Field(
        default=2000, description="Requests per client address in the window; null: no limit"
    )
    rate_window_seconds: Literal[60, 120, 300, 600] = Field(
        default=300, description="Window of the rate limit, in seconds"
    )
    managed_rule_groups: tuple[
        Literal[
            "AWSManagedRulesCommonRuleSet",
            "AWSManagedRulesSQLiRuleSet",
            "AWSManagedRulesKnownBadInputsRuleSet",
            "AWSManagedRulesAmazonIpReputationList",
            "AWSManagedRulesAnonymousIpList",
            "AWSManagedRulesLinuxRuleSet",
        ],
        ...,
    ] = Field(
        default=("AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet"),
        description="AWS managed rule groups; the common rule set holds the cross-site scripting rules",
    )
    blocked_countries: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")], ...] = Field(
        default=(), description="Countries to block (ISO 3166-1 alpha-2)"
    )
    allowed_countries: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")], ...] = Field(
        default=(), description="The only countries to let in; empty: all"
    )
    log_retention_days: LogDays | None = Field(default=None, description="WAF logs kept, in days; null: not logged")
