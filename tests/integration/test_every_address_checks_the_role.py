"""Walks every address of the product as nobody, as a stranger, and as each role: deny by default.

What each role may is stated here, address by address; an address that is missing fails the walk.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from ninja.openapi.schema import OpenAPISchema

from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, ApprovalRequest, User
from controlplane.core.policies import Role
from controlplane.pages import demo
from controlplane.pages.api import api
from controlplane.pages.demo import Demo
from deployments_app.models import Deployment
from deployments_app.services import deployments
from environments_app.models import Environment, Run, TrustedSource
from environments_app.schema.export import as_yaml
from environments_app.services import protections, sources
from tests import factories
from tests.config_fields import form, sent
from tests.release_world import outputs, provisioned, release

pytestmark = pytest.mark.django_db

PUBLIC = {"healthz", "readyz", "metrics", "style", "accounts/login/", "accounts/logout/"}
"""Pages that answer without signing in; the sign-in itself among them."""
SIGN_IN_OF_ADMIN = re.compile(r"admin/(login|logout|jsi18n)/")
FOR_PROGRAMS = {f"admin/django_rq/dashboard/{name}/?" for name in ("metrics", "stats.json")}
"""Of django-rq: they answer 401 where the admin site's pages show its sign-in."""

MEMBERS = ("viewer", "developer", "approver", "operator", "admin")
DEVELOPERS, APPROVERS, OPERATORS, ADMINS = MEMBERS[1:], MEMBERS[2:], MEMBERS[3:], MEMBERS[4:]

HERE = "environments/<slug:system>/<slug:environment>"
RUN, DEPLOYMENT = "runs/<uuid:run_id>", "deployments/<uuid:deployment_id>"

OWN_PAGES = {
    *("", "alert-routes", "audit", "blueprints", "environments", "environments/new", "inbox", "releases", "search"),
    "settings",
}
"""Pages for everybody who is signed in: they show what the reader may see."""

PAGES = {
    HERE: MEMBERS,
    f"{HERE}/activity": MEMBERS,
    f"{HERE}/configuration": MEMBERS,
    f"{HERE}/configuration/edit": ADMINS,
    f"{HERE}/configuration/edit/yaml": ADMINS,
    f"{HERE}/infrastructure": MEMBERS,
    f"{HERE}/protection": MEMBERS,
    "protections/<uuid:environment_id>": MEMBERS,
    f"{HERE}/webhook": DEVELOPERS,
    "systems/<slug:system>/blueprint.yaml": MEMBERS,
    "systems/<slug:system>/sources": MEMBERS,
    "output/<uuid:stream_id>.txt": MEMBERS,
    "releases/<uuid:release_id>": MEMBERS,
    DEPLOYMENT: MEMBERS,
    RUN: MEMBERS,
    f"{RUN}/summary.json": MEMBERS,
}
"""Pages of one system: who may read them."""

FORMS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    (
        f"{HERE}/configuration/edit",
        {**dict(sent(form(factories.SMALL_CONFIG)).lists()), "do": "save", "based_on": "1", "reason": "because"},
        ADMINS,
    ),
    (f"{HERE}/configuration/edit/yaml", {"document": "$document", "based_on": "1", "reason": "because"}, ADMINS),
    (f"{HERE}/configuration/restore", {"version": "1", "based_on": "1", "reason": "because"}, ADMINS),
    (f"{HERE}/protection", {"required_approvals": "10", "based_on": "1", "reason": "because"}, ADMINS),
    (f"{HERE}/protection/approve", {"digest": "$protection_digest"}, ADMINS),
    (f"{HERE}/protection/withdraw", {"reason": "because"}, ADMINS),
    (f"{HERE}/deployments", {"release": "$release_id"}, DEVELOPERS),
    (f"{HERE}/lock/break", {"confirm": "$environment", "reason": "because"}, OPERATORS),
    (f"{HERE}/runs", {"kind": "speculative"}, DEVELOPERS),
    (f"{HERE}/runs", {"kind": "destroy", "confirm": "$environment"}, OPERATORS),
    (f"{RUN}/approve", {"digest": "$run_digest"}, APPROVERS),
    (f"{RUN}/cancel", {}, OPERATORS),
    (f"{RUN}/discard", {"reason": "because"}, APPROVERS),
    (f"{RUN}/reconcile", {}, OPERATORS),
    (f"{RUN}/revoke", {}, APPROVERS),
    # Foreign Terraform reaches every system: no role in one is enough.
    ("systems/<slug:system>/sources/trust", {"source": "/code", "reason": "because"}, ()),
    ("systems/<slug:system>/sources/<uuid:source_id>/revoke", {}, ()),
    # A developer may end what they asked for themselves; that this one is another's is said on the page.
    (f"{DEPLOYMENT}/abort", {"reason": "because"}, DEVELOPERS),
    (f"{DEPLOYMENT}/approve", {"digest": "$deployment_digest"}, APPROVERS),
    (f"{DEPLOYMENT}/pause", {}, OPERATORS),
    (f"{DEPLOYMENT}/promote", {}, OPERATORS),
    (f"{DEPLOYMENT}/revoke", {}, APPROVERS),
    (f"{DEPLOYMENT}/rollback", {"confirm": "$environment"}, OPERATORS),
]
"""Forms of one system, with the fields that their pages send: who may send them."""

OWN_FORMS = {
    "settings": {"theme": "dark", "timezone": "UTC"},
    "settings/tokens": {"name": "deploys", "days": "30"},
    "settings/tokens/<uuid:token_id>/revoke": {},
}
"""Forms about oneself: everybody's, about nobody else."""

API_HERE = "/environments/{system}/{environment}"
API_RUN, API_DEPLOYMENT = "/runs/{run_id}", "/deployments/{deployment_id}"
OPERATIONS: dict[tuple[str, str], tuple[dict[str, Any] | None, tuple[str, ...]]] = {
    ("get", API_HERE): (None, MEMBERS),
    ("get", f"{API_HERE}/config"): (None, MEMBERS),
    ("put", f"{API_HERE}/config"): ({"config": factories.SMALL_CONFIG, "based_on": 1, "reason": "because"}, ADMINS),
    ("get", f"{API_HERE}/config/versions"): (None, MEMBERS),
    ("get", f"{API_HERE}/config/versions/{{number}}"): (None, MEMBERS),
    ("get", f"{API_HERE}/config/compare?from=1&to=1"): (None, MEMBERS),
    ("post", f"{API_HERE}/config/restore"): ({"version": 1, "based_on": 1, "reason": "because"}, ADMINS),
    ("get", f"{API_HERE}/protection"): (None, MEMBERS),
    ("put", f"{API_HERE}/protection"): (
        {"protection": {"required_approvals": 10}, "based_on": 1, "reason": "because"},
        ADMINS,
    ),
    ("post", f"{API_HERE}/protection/approve"): ({"digest": "$protection_digest"}, ADMINS),
    ("post", f"{API_HERE}/protection/withdraw"): ({}, ADMINS),
    ("get", f"{API_HERE}/drift"): (None, MEMBERS),
    ("post", f"{API_HERE}/runs"): ({"kind": "speculative"}, DEVELOPERS),
    ("post", f"{API_HERE}/lock/break"): ({"reason": "because"}, OPERATORS),
    ("post", f"{API_HERE}/deployments"): ({"release": "$release_id"}, DEVELOPERS),
    ("get", API_RUN): (None, MEMBERS),
    ("get", f"{API_RUN}/log"): (None, MEMBERS),
    ("post", f"{API_RUN}/approve"): ({"digest": "$run_digest"}, APPROVERS),
    # Whoever gave an approval may take it back, also after losing the role; nobody takes another's back.
    ("post", f"{API_RUN}/revoke"): ({}, MEMBERS),
    ("post", f"{API_RUN}/discard"): ({}, APPROVERS),
    ("post", f"{API_RUN}/cancel"): ({}, OPERATORS),
    ("post", f"{API_RUN}/reconcile"): ({}, OPERATORS),
    ("get", "/releases/{release_id}"): (None, MEMBERS),
    ("get", API_DEPLOYMENT): (None, MEMBERS),
    ("get", f"{API_DEPLOYMENT}/log"): (None, MEMBERS),
    ("post", f"{API_DEPLOYMENT}/approve"): ({"digest": "$deployment_digest"}, APPROVERS),
    ("post", f"{API_DEPLOYMENT}/revoke"): ({}, MEMBERS),
    ("post", f"{API_DEPLOYMENT}/promote"): ({}, OPERATORS),
    ("post", f"{API_DEPLOYMENT}/pause"): ({}, OPERATORS),
    ("post", f"{API_DEPLOYMENT}/abort"): ({}, APPROVERS),
    ("post", f"{API_DEPLOYMENT}/rollback"): ({}, OPERATORS),
    ("get", "/releases?system=$system"): (None, MEMBERS),
    ("get", "/systems/{system}/blueprint"): (None, MEMBERS),
    ("post", "/systems/{system}/environments"): (
        {"environment": "more", "tier": "staging", "config": factories.SMALL_CONFIG, "reason": "because"},
        ADMINS,
    ),
    ("get", "/systems/{system}/sources"): (None, MEMBERS),
    ("post", "/systems/{system}/sources"): ({"source": "/code", "reason": "because"}, ()),
    ("post", "/systems/{system}/sources/{source_id}/revoke"): ({}, ()),
}
"""What the API does in one system: with which body, and who may."""
FOR_EVERY_TOKEN = {
    ("get", "/audit"),
    ("get", "/environments"),
    # Read for what it names: whose file a token may load is tested with the files.
    ("post", "/blueprints"),
    ("get", "/schemas/blueprint.json"),
    ("get", "/schemas/environment.json"),
}
BY_SIGNATURE = {("post", "/webhooks/ci/{system}"), ("post", "/webhooks/github/{system}")}


class World:
    """One system with a run and a deployment that somebody else asked for, and somebody for every role."""

    def __init__(self) -> None:
        self.environment: Environment = factories.environment(required_approvals=9, required_release_approvals=9)
        self.system = self.environment.system
        self.people: dict[str, User] = {role: factories.member(self.system, role) for role in MEMBERS}
        self.people["stranger"] = factories.member(factories.system(), Role.ADMIN)
        asker = factories.member(self.system, "developer")
        self.run: Run = factories.planned_run(self.environment, asker)
        provisioned(self.environment, outputs())
        self.release = release(self.system)
        made = deployments.request_deployment(Actor.person(asker), self.environment, self.release)
        assert isinstance(made, Deployment), made
        self.deployment = made
        superuser = Actor.person(factories.user(is_superuser=True))
        trusted = sources.trust(superuser, self.system, "/code", "", "because")
        assert isinstance(trusted, TrustedSource), trusted
        self.trusted = trusted
        weaker = self.environment.protection.document | {"required_approvals": 8}
        proposer = Actor.person(factories.member(self.system, "admin"))
        protections.change(proposer, self.environment, weaker, based_on=1, reason="because")

    @cached_property
    def names(self) -> dict[str, str]:
        """What stands for a `<name>`, `{name}` or `$name` that is the same for everybody."""
        digests = dict(ApprovalRequest.objects.values_list("subject_id", "digest"))
        return {
            "system": self.system.slug,
            "environment": self.environment.slug,
            "run_id": str(self.run.pk),
            "stream_id": str(self.run.stream_id),
            "release_id": str(self.release.pk),
            "deployment_id": str(self.deployment.pk),
            "source_id": str(self.trusted.pk),
            "run_digest": digests[self.run.pk],
            "environment_id": str(self.environment.pk),
            "number": "1",
            "protection_digest": digests[self.environment.pk],
            "deployment_digest": digests[self.deployment.pk],
            "document": as_yaml(self.environment.config_version.document),
        }

    def fill(self, pattern: str, **more: str) -> str:
        """A real address of a pattern; Django's admin is asked for things that need not exist."""
        names = {**self.names, **more}

        def value(match: re.Match[str]) -> str:
            kind, _, name = match.group(1).rpartition(":")
            return names.get(name, "1" if kind in {"int", "path", "str", ""} else f"no {name}")

        return "/" + re.sub(r"[<{]([^>}]+)[>}]", value, self.insert(pattern)).removesuffix("?")

    def insert(self, text: str) -> str:
        return re.sub(r"^\$(\w+)$|(?<==)\$(\w+)", lambda found: self.names[found[1] or found[2]], text)

    def client(self, who: str) -> Client:
        client = Client()
        if who != "nobody":
            client.force_login(self.people[who])
        return client

    def token(self, who: str) -> tuple[ApiToken, str]:
        return ApiToken.issue(self.people[who], "test")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(demo, "read", lambda: Demo(webhook_secrets={made.system.slug: "whsec_only-for-this-test"}))
    monkeypatch.setattr(demo, "images", lambda system, services: [])
    return made


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        text = prefix + str(entry.pattern).lstrip("^").rstrip("$").replace("\\Z", "")
        if isinstance(entry, URLPattern):
            yield text
        else:
            yield from patterns(entry, text)


def all_patterns() -> list[str]:
    """Every page that asks who is there."""
    return sorted(
        pattern
        for pattern in set(patterns(get_resolver()))
        if not pattern.startswith("api/") and pattern not in PUBLIC and not SIGN_IN_OF_ADMIN.match(pattern)
        and "(?P" not in pattern
    )  # fmt: skip


# ---- Pages and forms


def test_what_is_stated_here_is_every_address() -> None:
    stated = OWN_PAGES | PAGES.keys() | {pattern for pattern, _, _ in FORMS} | OWN_FORMS.keys()
    assert {pattern for pattern in all_patterns() if not pattern.startswith("admin/")} == stated


def test_nobody_sees_a_page(world: World) -> None:
    client = world.client("nobody")
    for pattern in all_patterns():
        address = world.fill(pattern, token_id=str(world.token("viewer")[0].pk))
        for method in (client.get, client.post):
            answer = method(address)
            assert answer.status_code == 302, (address, answer.status_code)
            assert "/login/?next=" in answer["Location"], address


@pytest.mark.parametrize("who", [*MEMBERS, "stranger"])
def test_no_role_of_a_system_opens_the_admin_site(world: World, who: str) -> None:
    client = world.client(who)
    for pattern in all_patterns():
        if pattern.startswith("admin/"):
            for method in (client.get, client.post):
                answer = method(world.fill(pattern))
                if pattern in FOR_PROGRAMS:
                    assert answer.status_code == 401, pattern
                    continue
                assert answer.status_code == 302, (pattern, answer.status_code)
                assert answer["Location"].startswith("/admin/login/"), pattern


@pytest.mark.parametrize("who", [*MEMBERS, "stranger"])
def test_pages_are_read_by_whom_it_says(world: World, who: str) -> None:
    client = world.client(who)
    for pattern in OWN_PAGES:
        answer = client.get(world.fill(pattern))
        assert answer.status_code == 200, pattern
        assert (world.system.slug in answer.content.decode()) <= (who != "stranger"), pattern
    for pattern, allowed in PAGES.items():
        expected = 404 if who == "stranger" else 200 if who in allowed else 403
        assert client.get(world.fill(pattern)).status_code == expected, pattern


@pytest.mark.parametrize(("pattern", "fields", "allowed"), FORMS)
def test_forms_are_taken_from_whom_it_says(
    world: World, pattern: str, fields: dict[str, Any], allowed: tuple[str, ...]
) -> None:
    fields = {name: world.insert(value) if isinstance(value, str) else value for name, value in fields.items()}
    for who in ("stranger", *MEMBERS):
        answer = world.client(who).post(world.fill(pattern), fields)
        expected = 404 if who == "stranger" else 302 if who in allowed else 403
        assert answer.status_code == expected, (who, answer.status_code)


def test_addresses_of_forms_show_nothing_and_pages_take_nothing(world: World) -> None:
    client = world.client("admin")
    for pattern in {pattern for pattern, _, _ in FORMS} - PAGES.keys():
        assert client.get(world.fill(pattern)).status_code == 405, pattern
    for pattern in PAGES.keys() - {pattern for pattern, _, _ in FORMS}:
        assert client.post(world.fill(pattern)).status_code == 405, pattern


def test_forms_about_oneself_reach_nobody_else(world: World) -> None:
    for who in (*MEMBERS, "stranger"):
        client, (own, _) = world.client(who), world.token(who)
        other, _ = world.token("admin" if who != "admin" else "viewer")
        for pattern, fields in OWN_FORMS.items():
            answer = client.post(world.fill(pattern, token_id=str(own.pk)), fields)
            assert answer.status_code in {200, 302}, (who, pattern)
        assert not ApiToken.objects.filter(pk=own.pk).exists()
        assert client.post(f"/settings/tokens/{other.pk}/revoke").status_code == 404
        assert ApiToken.objects.filter(pk=other.pk).exists()


# ---- API


def call(world: World, method: str, path: str, body: dict[str, Any] | None, token: str | None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = "/api/v1" + world.fill(path.removeprefix("/"))
    if body is None:
        return getattr(Client(), method)(address, headers=headers)
    data = {name: world.insert(value) if isinstance(value, str) else value for name, value in body.items()}
    return getattr(Client(), method)(address, data=data, content_type="application/json", headers=headers)


def test_what_is_stated_here_is_every_operation() -> None:
    schema: OpenAPISchema = api.get_openapi_schema()
    found = {
        (method, path.removeprefix("/api/v1")): bool(operation.get("security"))
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }
    stated = {(method, path.partition("?")[0]) for method, path in OPERATIONS} | FOR_EVERY_TOKEN
    assert {operation for operation, secured in found.items() if secured} == stated
    assert {operation for operation, secured in found.items() if not secured} == BY_SIGNATURE


def test_the_api_asks_everybody_for_a_token(world: World) -> None:
    for method, path in [*OPERATIONS, *FOR_EVERY_TOKEN]:
        for token in (None, "slip_wrong"):
            answer = call(world, method, path, OPERATIONS.get((method, path), (None,))[0], token)
            assert answer.status_code == 401, (method, path, answer.status_code)
            assert answer.json()["error"]["code"] == "UNAUTHENTICATED"
            assert answer.json()["error"]["requestId"]


def test_deliveries_without_a_signature_are_refused(world: World) -> None:
    for method, path in BY_SIGNATURE:
        assert call(world, method, path, {}, world.token("admin")[1]).status_code == 401, path


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_does_for_each_role_what_it_says(world: World, method: str, path: str) -> None:
    body, allowed = OPERATIONS[method, path]
    for who in ("stranger", *MEMBERS):
        answer = call(world, method, path, body, world.token(who)[1])
        # 409: allowed, and at odds with what is there (nothing to cancel, say).
        expected = {404} if who == "stranger" else {200, 201, 202, 409} if who in allowed else {403}
        assert answer.status_code in expected, (who, answer.status_code, answer.content)


def test_the_audit_trail_of_a_stranger_is_their_own(world: World) -> None:
    assert call(world, "get", "/audit", None, world.token("viewer")[1]).json()
    assert call(world, "get", "/audit", None, world.token("stranger")[1]).json() == []


def test_the_description_of_the_api_is_open() -> None:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert "/api/v1/runs/{run_id}" in answer.json()["paths"]
