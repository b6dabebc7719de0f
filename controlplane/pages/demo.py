"""The demo: accounts, tokens, webhook secrets, zones and images to play with. Only where the sandbox is the AWS.

Everything secret is made once per installation and kept in one file of the data folder that its owner alone reads.
"""

import json
import os
import secrets
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, Membership, System, User
from controlplane.core.policies import Role
from controlplane.core.services import audit
from controlplane.lib.aws import Account, calling_aws, client
from controlplane.lib.errors import SlipwayError
from deployments_app.services import webhooks
from environments_app import accounts
from environments_app.models import Environment

FILE_NAME = "demo.json"
TIERS = ("development", "staging", "production")
VERSIONS = (("1.0.0", "healthy"), ("1.1.0", "healthy"), ("1.2.0", "unhealthy"), ("1.3.0", "crashes"))
"""What the demo's CI has built of each service: (tag, how its container behaves)."""


@dataclass
class Demo:
    """The demo's secrets: passwords by username, tokens by role, webhook secrets by system."""

    passwords: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    webhook_secrets: dict[str, str] = field(default_factory=dict)


def _path() -> Path:
    return Path(settings.DATA_DIR) / FILE_NAME


def read() -> Demo:
    """The demo of this installation; empty before it was loaded."""
    try:
        return Demo(**json.loads(_path().read_text()))
    except FileNotFoundError:
        return Demo()


def _write(demo: Demo) -> None:
    aside = _path().with_suffix(".new")
    with open(aside, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        json.dump(asdict(demo), file, indent=1)
    os.replace(aside, _path())


def refuse_outside_sandbox() -> None:
    """The demo has no business in front of a real account."""
    if not settings.SLIPWAY_IN_SANDBOX:
        raise SlipwayError("NOT_IN_SANDBOX", "The demo exists only where the sandbox is the AWS (SLIPWAY_AWS=sandbox).")


@transaction.atomic
def load() -> Demo:
    """Makes the accounts (one per role), their memberships and tokens, and a webhook secret per system. Repeatable."""
    refuse_outside_sandbox()
    demo, actor = read(), Actor.slipway("load_demo")
    systems = list(System.objects.all())
    for role in Role:
        demo.passwords.setdefault(role.value, f"{role.value}-{secrets.token_hex(4)}")
        demo.tokens.setdefault(role.value, ApiToken.PREFIX + secrets.token_urlsafe(24))
        user, created = User.objects.get_or_create(
            username=role.value, defaults={"is_staff": role is Role.ADMIN, "is_superuser": role is Role.ADMIN}
        )
        if created:
            user.set_password(demo.passwords[role.value])
            user.save()
            ApiToken.issue(user, "demo", plain=demo.tokens[role.value])
            audit.record(actor, "user.created", subject=("user", user.pk), after={"username": user.username})
        for system in systems:
            _, joined = Membership.objects.get_or_create(user=user, system=system, defaults={"role": role.value})
            if joined:
                audit.record(
                    actor,
                    "membership.created",
                    subject=("user", user.pk),
                    system=system,
                    after={"user": user.username, "role": role.value},
                )
    for system in systems:
        if system.slug not in demo.webhook_secrets:
            demo.webhook_secrets[system.slug] = webhooks.issue_secret(actor, system)
    _write(demo)
    return demo


def _push_image(repository: str, behaviour: str, tag: str) -> dict[str, str]:
    body = json.dumps({"repository": repository, "behaviour": behaviour, "tag": tag}).encode()
    request = urllib.request.Request(  # noqa: S310  the sandbox's own address
        f"{settings.SLIPWAY_SANDBOX_URL}/_sandbox/images",
        data=body,
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  the sandbox's own address
        pushed: dict[str, str] = json.load(answer)
    return {"image": pushed["image"], "digest": pushed["digest"], "behaviour": behaviour}


def make_zones() -> None:
    """The hosted zones that configurations take for there: whoever owns the domains would have made them long ago."""
    zones: dict[str, Account] = {}
    for environment in Environment.objects.select_related("system"):
        config = environment.config_version.config
        if config.dns and not config.dns.create_zone:
            zones.setdefault(config.dns.zone, accounts.account_of(environment, config, "apply"))
    for name, account in zones.items():
        route53 = client("route53", account)
        with calling_aws("route53:CreateHostedZone"):
            found = route53.list_hosted_zones_by_name(DNSName=name, MaxItems="1")["HostedZones"]
            if not found or found[0]["Name"] != f"{name}.":
                route53.create_hosted_zone(Name=name, CallerReference=name)


def images(system: System, services: list[str]) -> list[dict[str, str]]:
    """Images of the system's services, pushed to the repositories of its first environment (or once they exist)."""
    environments = sorted(
        Environment.objects.filter(system=system), key=lambda environment: TIERS.index(environment.tier)
    )
    if not environments:
        return []
    return [
        _push_image(f"{system.slug}/{environments[0].slug}/{service}", behaviour, tag)
        for service in services
        for tag, behaviour in VERSIONS
    ]


def info() -> dict[str, Any]:
    """Everything a newcomer or a test needs to use the demo (design, section 9)."""
    refuse_outside_sandbox()
    demo = load()
    make_zones()
    systems = list(System.objects.prefetch_related("services"))
    services = {system.slug: [service.slug for service in system.services.all()] for system in systems}
    return {
        "url": settings.SLIPWAY_PUBLIC_URL,
        "accounts": [
            {"username": name, "password": password, "role": name} for name, password in demo.passwords.items()
        ],
        "tokens": demo.tokens,
        "webhook_secrets": demo.webhook_secrets,
        "services": services,
        "images": {system.slug: images(system, services[system.slug]) for system in systems},
        "sandbox_url": settings.SLIPWAY_SANDBOX_URL,
    }
