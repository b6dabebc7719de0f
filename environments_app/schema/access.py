"""Who may call the services, and how often: the API gateway with its plans, and the users who sign in."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from environments_app.schema.base import Name, Section, WebAddress

ParameterName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._$-]+$", max_length=100)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", max_length=100)]


class UsagePlan(Section):
    """One tier of API keys."""

    requests_per_minute: Annotated[int, Field(ge=1)] = Field(
        description="Rate limit per API key, in requests per minute"
    )
    burst: Annotated[int, Field(ge=1)] = Field(default=100, description="Requests that may come at once")
    requests_per_month: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Monthly quota; null: none"
    )


class ApiGateway(Section):
    """An API Gateway (REST API) that passes every request on to the environment's address.

    With usage plans, callers need an API key of one of them. People make keys in AWS: none passes through Slipway.
    """

    usage_plans: dict[Name, UsagePlan] = Field(
        default_factory=dict, description="Usage plans, by tier; none: no key is asked for"
    )
    cache_ttl_seconds: Annotated[int, Field(ge=0, le=3600)] = Field(
        default=0, description="Cache time of GET requests, in seconds; 0: no cache"
    )
    cache_size_gb: Literal["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"] = Field(
        default="0.5", description="Size of the cache, in GB; charged by the hour"
    )
    cache_query_parameters: tuple[ParameterName, ...] = Field(
        default=(), description="Query parameters that tell cached answers apart; others do not"
    )
    cache_headers: tuple[HeaderName, ...] = Field(
        default=("Authorization", "Cookie"), description="Headers that tell cached answers apart; others do not"
    )


class SocialProvider(Section):
    """Sign-in with an account elsewhere."""

    provider: Literal["Google", "Facebook"] = Field(description="Whose accounts")
    secret: Name = Field(
        description="Entry of the section secrets (kind external) that holds JSON with client_id and client_secret"
    )
    version_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{32,64}$")] | None = Field(
        default=None, description="Version of the secret to take; null: the one that is current when it is first taken"
    )


class UserPool(Section):
    """A Cognito user pool: people sign in by e-mail address and password, or with accounts elsewhere."""

    mfa: Literal["OFF", "OPTIONAL", "ON"] = Field(default="OPTIONAL", description="Second factor")
    mfa_methods: tuple[Literal["SMS", "TOTP"], ...] = Field(default=("TOTP",), description="Kinds of second factor")
    self_sign_up: bool = Field(default=True, description="Whether people may make their own accounts")
    password_min_length: Annotated[int, Field(ge=8, le=99)] = Field(
        default=12, description="Shortest password that is taken"
    )
    sign_in_prefix: Name | None = Field(
        default=None, description="First part of the address of Cognito's own sign-in page; null: no such page"
    )
    callback_urls: tuple[WebAddress, ...] = Field(default=(), description="Where people come back to after signing in")
    logout_urls: tuple[WebAddress, ...] = Field(default=(), description="Where people come back to after signing out")
    social_providers: tuple[SocialProvider, ...] = Field(default=(), description="Accounts elsewhere that may sign in")
    identity_pool: bool = Field(default=False, description="Whether users get AWS credentials of their own")
    identity_buckets: tuple[Name, ...] = Field(
        default=(), description="Buckets in which each user reads and writes below users/ and their own identity"
    )
    deletion_protection: bool = Field(default=False, description="Whether AWS refuses to delete it with its users")
