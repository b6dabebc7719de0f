"""Walks every URL of the product as nobody, as a stranger, and as each role: deny by default."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from ninja.openapi.schema import OpenAPISchema

from controlplane.core.models import ApiToken, User
from controlplane.core.policies import Role
from controlplane.pages.api import api
from environments_app.models import Environment, Run
from tests import factories

pytestmark = pytest.mark.django_db

PUBLIC = {"healthz", "readyz", "metrics", "style", "accounts/login/", "accounts/logout/"}
"""Addresses that answer without signing in; the sign-in itself among them."""
SIGN_IN_FLOW = re.compile(r"accounts/|admin/login/|admin/logout/|admin/jsi18n/")


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        text = prefix + str(entry.pattern).lstrip("^").rstrip("$").replace("\\Z", "")
        if isinstance(entry, URLPattern):
            yield text
        else:
            yield from patterns(entry, text)


class World:
    """One system with one run, and somebody for every role."""

    def __init__(self) -> None:
        self.environment: Environment = factories.environment()
        self.system = self.environment.system
        self.people: dict[str, User] = {role.value: factories.member(self.system, role) for role in Role}
        self.run: Run = factories.planned_run(self.environment, self.people["developer"])
        self.stranger = factories.member(factories.system(), Role.ADMIN)

    def fill(self, pattern: str) -> str:
        """A real address of a pattern: the names are those of this world."""
        known = {
            "run_id": self.run.pk, "system": self.system.slug, "environment": self.environment.slug,
            "stream_id": self.run.stream_id,
        }  # fmt: skip

        def value(match: re.Match[str]) -> str:
            name = match.group(1).rpartition(":")[2]
            return str(known.get(name, uuid4()))

        return "/" + re.sub(r"<([^>]+)>", value, pattern)

    def client(self, who: str) -> Client:
        client = Client()
        if who != "nobody":
            client.force_login(self.stranger if who == "stranger" else self.people[who])
        return client


@pytest.fixture
def world() -> World:
    return World()


def pages() -> list[str]:
    return sorted(
        pattern
        for pattern in set(patterns(get_resolver()))
        if not pattern.startswith("api/") and pattern not in PUBLIC and not SIGN_IN_FLOW.match(pattern)
        and "(?P" not in pattern
    )  # fmt: skip


def test_nobody_sees_a_page(world: World) -> None:
    client = world.client("nobody")
    for pattern in pages():
        for method in (client.get, client.post):
            answer = method(world.fill(pattern))
            assert answer.status_code in {302, 404, 405}, (pattern, answer.status_code)
            if answer.status_code == 302:
                assert "login" in answer["Location"], pattern


def test_a_stranger_sees_nothing_of_the_system(world: World) -> None:
    client = world.client("stranger")
    for pattern in pages():
        if "<" not in pattern or pattern.startswith("admin/"):
            continue
        for method in (client.get, client.post):
            answer = method(world.fill(pattern))
            assert answer.status_code in {403, 404, 405}, (pattern, answer.status_code)
            assert world.system.slug not in answer.content.decode() or answer.status_code == 404


def test_no_role_breaks_a_page(world: World) -> None:
    for role in world.people:
        client = world.client(role)
        for pattern in pages():
            if not pattern.startswith("admin/"):
                answer = client.get(world.fill(pattern))
                assert answer.status_code in {200, 302, 403, 404, 405}, (role, pattern, answer.status_code)


ASKS = {"runs": ("developer", "approver", "operator", "admin"), "lock/break": ("operator", "admin")}


@pytest.mark.parametrize(("path", "allowed"), ASKS.items())
def test_only_these_roles_may_ask(world: World, path: str, allowed: tuple[str, ...]) -> None:
    for role in world.people:
        answer = world.client(role).post(
            f"/environments/{world.system.slug}/{world.environment.slug}/{path}",
            {"kind": "speculative", "reason": "because", "name": world.environment.slug},
        )
        refused = answer.status_code == 403
        assert refused == (role not in allowed), (role, answer.status_code)


def operations() -> Iterator[tuple[str, str, bool]]:
    schema: OpenAPISchema = api.get_openapi_schema()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield method, path, bool(operation.get("security"))


def call(world: World, method: str, path: str, token: str | None) -> Any:
    address = world.fill(path.removeprefix("/").replace("{", "<").replace("}", ">"))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"data": "{}", "content_type": "application/json"} if method in {"post", "put"} else {}
    return getattr(Client(), method)(address, headers=headers, **body)


def test_the_api_asks_everybody_for_a_token(world: World) -> None:
    for method, path, secured in operations():
        if not secured:
            assert "/webhooks/" in path, f"{path} is open"
            continue
        answer = call(world, method, path, None)
        assert answer.status_code == 401, (method, path, answer.status_code)
        assert answer.json()["error"]["code"] == "UNAUTHENTICATED"
        assert answer.json()["error"]["requestId"]
        assert call(world, method, path, "slip_wrong").status_code == 401


def test_the_api_shows_a_stranger_nothing(world: World) -> None:
    _, token = ApiToken.issue(world.stranger, "test")
    for method, path, secured in operations():
        if not secured or "{" not in path:
            continue
        answer = call(world, method, path, token)
        assert answer.status_code in {404, 422}, (method, path, answer.status_code, answer.content)


def test_the_api_never_breaks(world: World) -> None:
    for role, person in world.people.items():
        _, token = ApiToken.issue(person, "test")
        for method, path, secured in operations():
            if secured:
                answer = call(world, method, path, token)
                assert answer.status_code < 500, (role, method, path, answer.content)


def test_the_description_of_the_api_is_open() -> None:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert "/api/v1/runs/{run_id}" in answer.json()["paths"]
