"""Rules of who may call the services: API gateway and user pool (see rules.py)."""

from collections.abc import Callable, Iterator
from urllib.parse import urldefrag, urlsplit

from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.problems import Problem

EVERYBODY = "0.0.0.0/0"


def _gateway(config: EnvironmentConfig) -> Iterator[Problem]:
    """API Gateway calls the environment's public address, from addresses that AWS does not promise."""
    if config.api_gateway is None:
        return
    balancer = config.load_balancer
    if balancer is None:
        yield Problem("api_gateway", "there is no load balancer that it could call", "a section load_balancer, or null")
        return
    if balancer.scheme == "internal":
        yield Problem("load_balancer.scheme", "API Gateway cannot reach an internal load balancer", "internet-facing")
    if config.cdn is None and EVERYBODY not in balancer.allowed_cidrs:
        yield Problem(
            "load_balancer.allowed_cidrs",
            "API Gateway calls from addresses that change, which are shut out",
            f"{EVERYBODY}, or a section cdn",
        )
    if balancer.certificate_arn and config.dns is None:
        yield Problem("api_gateway", "it cannot check the load balancer's certificate without a name", "a section dns")


def _users(config: EnvironmentConfig) -> Iterator[Problem]:
    pool = config.user_pool
    if pool is None:
        return
    if pool.mfa != "OFF" and not pool.mfa_methods:
        yield Problem("user_pool.mfa_methods", f"a second factor is {pool.mfa} and none is named", "SMS, TOTP or both")
    if pool.sign_in_prefix and not pool.callback_urls:
        yield Problem("user_pool.callback_urls", "the sign-in page does not know where to go on", "an address at least")
    for kind, addresses in (("callback_urls", pool.callback_urls), ("logout_urls", pool.logout_urls)):
        for index, address in enumerate(addresses):
            if urlsplit(address).scheme == "http" and urlsplit(address).hostname != "localhost":
                yield Problem(
                    f"user_pool.{kind}.{index}", "Cognito takes plain HTTP for localhost only", "an https:// address"
                )
    for index, address in enumerate(pool.callback_urls):
        if "#" in address:
            yield Problem(
                f"user_pool.callback_urls.{index}",
                "Cognito takes no address with a fragment, as the answer of a sign-in is added to it",
                f"{urldefrag(address).url}, with what it shows in the path or the query",
            )
    for word in ("aws", "amazon", "cognito"):
        if word in (pool.sign_in_prefix or ""):
            yield Problem("user_pool.sign_in_prefix", f"Cognito keeps the word {word} to itself", "another prefix")
    if pool.social_providers and not pool.sign_in_prefix:
        yield Problem("user_pool.sign_in_prefix", "accounts elsewhere sign in by Cognito's own page", "a prefix")
    names = [social.provider for social in pool.social_providers]
    for index, social in enumerate(pool.social_providers):
        path = f"user_pool.social_providers.{index}"
        if names.index(social.provider) < index:
            yield Problem(f"{path}.provider", f"{social.provider} stands twice", "each provider once")
        secret = config.secrets.get(social.secret)
        if secret and (secret.kind, secret.store) != ("external", "secrets_manager"):
            yield Problem(
                f"{path}.secret",
                f"{social.secret} is {secret.kind} in {secret.store.replace('_', ' ')}; its owner cannot fill it",
                "an entry of kind external in secrets_manager",
            )
    if pool.identity_buckets and not pool.identity_pool:
        yield Problem("user_pool.identity_pool", "users have no credentials to reach buckets with", "true")


ERRORS: tuple[Callable[[EnvironmentConfig], Iterator[Problem]], ...] = (_gateway, _users)


def warnings(config: EnvironmentConfig) -> Iterator[Problem]:
    """What is allowed and does not do what it looks like."""
    yield from _gateway_warnings(config)
    for name in config.user_pool.identity_buckets if config.user_pool else ():
        bucket = config.buckets.get(name)
        if bucket and not bucket.cors_origins:
            yield Problem(
                f"buckets.{name}.cors_origins",
                "users have credentials for it, and no page may use them: browsers refuse it on every site",
                "the sites that users work on, or none where only apps outside browsers reach it",
            )


def _gateway_warnings(config: EnvironmentConfig) -> Iterator[Problem]:
    """What the gateway does not keep out, and what its cache does not tell apart."""
    api = config.api_gateway
    if api is None:
        return
    if api.usage_plans:
        yield Problem(
            "api_gateway.usage_plans",
            "who knows the environment's own address calls it without a key",
            "services that check who calls, for what must not be open",
        )
    waf = config.waf
    if waf and waf.attach_to != "api_gateway" and (waf.rate_limit or waf.blocked_countries or waf.allowed_countries):
        yield Problem(
            "waf.attach_to",
            "what comes through the API gateway has its address and country: one limit holds for all its callers",
            "api_gateway, or a rate_limit far above what its usage plans allow together and no countries",
        )
    if api.cache_ttl_seconds and not api.cache_query_parameters:
        yield Problem(
            "api_gateway.cache_query_parameters",
            "no query parameter is named: /list?page=1 and /list?page=2 get the same answer from the cache",
            "the parameters that the services read",
        )
