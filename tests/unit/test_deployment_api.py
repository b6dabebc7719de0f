"""Releases and deployments over the REST API: roles, refusals in one shape, a constant number of queries."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, User
from controlplane.core.services import approvals
from deployments_app import controller
from deployments_app.models import Deployment
from deployments_app.services import deployments
from environments_app.models import Environment
from tests import factories
from tests.release_world import KEY, outputs, provisioned, release

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("error:Returning tuple:DeprecationWarning")]


class Caller:
    """A program with a token of a user."""

    def __init__(self, user: User) -> None:
        self._headers = {"Authorization": f"Bearer {ApiToken.issue(user, 'test')[1]}"}

    def get(self, path: str) -> Any:
        return Client().get(f"/api/v1{path}", headers=self._headers)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        raw = json.dumps(body or {})
        return Client().post(f"/api/v1{path}", raw, content_type="application/json", headers=self._headers)


@pytest.fixture
def production() -> Environment:
    made = factories.environment(factories.system("shop"), "production", required_release_approvals=1)
    provisioned(made, outputs())
    return made


def developer_of(environment: Environment) -> Actor:
    return Actor.person(factories.member(environment.system, "developer"))


def caller(environment: Environment, role: str) -> Caller:
    return Caller(factories.member(environment.system, role))


def test_a_release_is_asked_for_approved_and_begun(production: Environment) -> None:
    what, developer = release(production.system), caller(production, "developer")
    response = developer.post("/environments/shop/production/deployments", {"release": str(what.pk)})
    assert response.status_code == 201, response.content
    asked = response.json()
    assert (asked["state"], asked["version"], asked["strategy"]) == ("awaiting_approval", what.version, "rolling")
    assert asked["digests"] == what.digests
    assert asked["approvals"]["required"] == 1
    assert {change["what"] for change in asked["changes"]} >= {"image", "CPU units"}

    path = f"/deployments/{asked['id']}"
    refused = developer.post(f"{path}/approve", {"digest": asked["digest"]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN")
    approver = caller(production, "approver")
    stale = approver.post(f"{path}/approve", {"digest": "0" * 64})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "DIGEST_CHANGED")
    approved = approver.post(f"{path}/approve", {"digest": asked["digest"], "comment": "go"})
    assert approved.json()["state"] == "queued"
    assert approved.json()["approvals"]["given"][0]["comment"] == "go"

    controller.look(KEY)
    assert developer.get(path).json()["state"] == "preparing"
    log = developer.get(f"{path}/log?after=0").json()
    assert log["lines"][-1]["text"] == "preparing"
    assert not log["closed"]
    assert developer.get(f"{path}/log?after={log['lines'][-1]['number']}").json()["lines"] == []
    assert developer.get(f"{path}/log?source=service").json() == {"lines": [], "closed": False}


def test_what_the_state_forbids_is_a_409_with_its_reason(production: Environment) -> None:
    asked = deployments.request_deployment(developer_of(production), production, release(production.system))
    assert isinstance(asked, Deployment)
    operator = caller(production, "operator")
    for verb in ("promote", "pause", "rollback"):
        response = operator.post(f"/deployments/{asked.pk}/{verb}")
        assert response.status_code == 409, verb
        assert response.json()["error"]["message"]
    assert operator.post(f"/deployments/{asked.pk}/abort").json()["state"] == "rejected"
    again = operator.post(f"/deployments/{asked.pk}/abort")
    assert again.status_code == 409
    assert approvals.live_request(asked.audit_subject) is None


def test_strangers_see_nothing_and_viewers_change_nothing(production: Environment) -> None:
    what = release(production.system)
    asked = deployments.request_deployment(developer_of(production), production, what)
    assert isinstance(asked, Deployment)
    stranger, viewer = Caller(factories.user()), caller(production, "viewer")
    for path in (f"/releases/{what.pk}", "/releases?system=shop", f"/deployments/{asked.pk}"):
        assert stranger.get(path).status_code == 404
        assert viewer.get(path).status_code == 200
        assert Client().get(f"/api/v1{path}").status_code == 401
    for verb in ("approve", "promote", "pause", "abort", "rollback"):
        body = {"digest": "x"} if verb == "approve" else {}
        assert stranger.post(f"/deployments/{asked.pk}/{verb}", body).status_code == 404
        assert viewer.post(f"/deployments/{asked.pk}/{verb}", body).status_code == 403, verb
    path = "/environments/shop/production/deployments"
    assert viewer.post(path, {"release": str(what.pk)}).status_code == 403
    assert stranger.post(path, {"release": str(what.pk)}).status_code == 404


def test_the_list_of_releases_takes_the_same_few_queries_however_long(
    production: Environment, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    viewer = caller(production, "viewer")
    for _ in range(12):
        made = deployments.request_deployment(developer_of(production), production, release(production.system))
        assert isinstance(made, Deployment)
    with django_assert_max_num_queries(12):
        listed = viewer.get("/releases?system=shop").json()
    assert len(listed) == 12
    assert listed[0]["deployments"][0]["environment"] == "production"
    assert len(viewer.get("/releases?system=shop&limit=3").json()) == 3
