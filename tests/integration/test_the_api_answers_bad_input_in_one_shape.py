"""Whatever is wrong with a request: an error with code, words, details, request id and time, and nothing changes."""

import json
import logging
from typing import Any

import pytest
from django.test import Client

from controlplane.core.models import ApiToken, AuditEvent
from environments_app.models import ConfigVersion, Environment, Run
from tests import factories

pytestmark = pytest.mark.django_db


class Caller:
    """Calls the API with a role's token."""

    def __init__(self, environment: Environment, role: str) -> None:
        _, token = ApiToken.issue(factories.member(environment.system, role), "test")
        self.base = f"/api/v1/environments/{environment.system.slug}/{environment.slug}"
        self.headers = {"Authorization": f"Bearer {token}", "X-Request-ID": "req-12345678"}

    def send(self, method: str, path: str, body: Any = None) -> Any:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return getattr(Client(), method)(
            f"{self.base}{path}", data=data, content_type="application/json", headers=self.headers
        )


@pytest.fixture
def environment() -> Environment:
    return factories.environment()


@pytest.fixture
def admin(environment: Environment) -> Caller:
    return Caller(environment, "admin")


def is_error(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("application/json")
    error = answer.json()["error"]
    assert error.keys() == {"code", "message", "details", "requestId", "timestamp"}
    assert error["code"] == code
    assert error["requestId"] == answer["X-Request-ID"] == "req-12345678"
    return dict(error)


def is_audited(environment: Environment, code: str) -> None:
    """The refusal is in the audit trail under the environment, with its request."""
    event = AuditEvent.objects.get(refused=True)
    assert (event.action, event.after, event.request_id) == ("config.saved", {"code": code}, "req-12345678")
    assert (event.system, event.environment, event.subject_id) == (
        environment.system,
        environment.slug,
        str(environment.pk),
    )


def test_malformed_json(admin: Caller) -> None:
    is_error(admin.send("post", "/runs", "{nonsense"), 400, "BAD_REQUEST")


def test_an_unknown_kind_of_run(admin: Caller) -> None:
    error = is_error(admin.send("post", "/runs", {"kind": "explode"}), 422, "VALIDATION_ERROR")
    assert error["details"]["problems"][0]["field"].endswith("kind")
    assert not Run.objects.exists()


def test_a_body_of_ten_megabytes(admin: Caller) -> None:
    is_error(admin.send("put", "/config", b'{"config": "' + b"x" * 10_000_000 + b'"}'), 413, "BODY_TOO_LARGE")


def test_an_invalid_configuration_names_every_problem(admin: Caller, environment: Environment) -> None:
    document = {**factories.SMALL_CONFIG, "region": "nowhere"}
    document["services"] = {"api": {**document["services"]["api"], "cpu_units": 256, "memory_mib": 8192}}
    body = {"config": document, "based_on": 1, "reason": "try"}
    error = is_error(admin.send("put", "/config", body), 422, "CONFIG_INVALID")
    paths = {problem["path"] for problem in error["details"]["problems"]}
    assert "region" in paths
    assert any(path.startswith("services.api") for path in paths)
    assert ConfigVersion.objects.count() == 1
    is_audited(environment, "CONFIG_INVALID")


def test_a_stale_version_collides_visibly(admin: Caller, environment: Environment) -> None:
    document = {**factories.SMALL_CONFIG, "logs": {"retention_days": 90}}
    assert admin.send("put", "/config", {"config": document, "based_on": 1, "reason": "first"}).status_code == 200
    error = is_error(
        admin.send("put", "/config", {"config": document, "based_on": 1, "reason": "late"}), 409, "STALE_VERSION"
    )
    assert error["details"] == {"current": 2, "based_on": 1}
    is_audited(environment, "STALE_VERSION")


def test_a_role_that_does_not_suffice_is_told_which_does(environment: Environment) -> None:
    viewer = Caller(environment, "viewer")
    error = is_error(viewer.send("post", "/runs", {"kind": "apply"}), 403, "FORBIDDEN")
    assert "developer" in error["message"]


def test_breaking_a_lock_that_nobody_holds(admin: Caller) -> None:
    is_error(admin.send("post", "/lock/break", {"reason": "why not"}), 409, "NOT_LOCKED")
    is_error(admin.send("post", "/lock/break", {"reason": " "}), 422, "REASON_MISSING")


def test_a_method_that_an_address_does_not_know(admin: Caller) -> None:
    for method in ("put", "patch", "delete"):
        answer = admin.send(method, "/runs")
        is_error(answer, 405, "METHOD_NOT_ALLOWED")
        assert answer["Allow"] == "POST"


def test_an_unknown_environment(admin: Caller) -> None:
    admin.base = "/api/v1/environments/nobody/nowhere"
    is_error(admin.send("post", "/runs", {"kind": "apply"}), 404, "NOT_FOUND")


def test_the_log_has_it_under_the_same_id(admin: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "controlplane.pages.api"):
        admin.send("post", "/runs", {"kind": "explode"})
    assert any("VALIDATION_ERROR" in record.getMessage() for record in caplog.records)
