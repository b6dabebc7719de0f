"""Versions of a configuration by the API: listed, read, compared, restored as new ones; nobody is overwritten."""

import copy
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, AuditEvent, User
from environments_app.models import ConfigVersion, Environment
from environments_app.services import configs
from tests import factories

pytestmark = pytest.mark.django_db
HERE = "/api/v1/environments/shop/live/config"


@pytest.fixture
def environment() -> Environment:
    return factories.environment(factories.system("shop"), "live")


@pytest.fixture
def anna(environment: Environment) -> User:
    return factories.member(environment.system, "admin", "anna")


class Api:
    def __init__(self, user: User) -> None:
        self.headers = {"Authorization": f"Bearer {ApiToken.issue(user, 'test')[1]}"}

    def get(self, path: str, **query: Any) -> Any:
        return Client().get(HERE + path, query, headers=self.headers)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return Client().post(HERE + path, body, content_type="application/json", headers=self.headers)


@pytest.fixture
def api(anna: User) -> Api:
    return Api(anna)


def save(environment: Environment, anna: User, desired: int) -> ConfigVersion:
    document = copy.deepcopy(factories.SMALL_CONFIG)
    document["services"]["api"]["desired_count"] = desired
    number = environment.config_version.number
    saved = configs.save_config(
        Actor.person(anna), environment, document, based_on=number, reason=f"{desired} tasks are enough"
    )
    assert isinstance(saved, ConfigVersion), saved
    return saved


def test_versions_are_listed_newest_first_by_pages(environment: Environment, anna: User, api: Api) -> None:
    for desired in (2, 1, 2):
        save(environment, anna, desired)
    first = api.get("/versions", limit=3).json()
    assert [each["version"] for each in first] == [4, 3, 2]
    assert (first[0]["author"], first[0]["reason"]) == ("anna", "2 tasks are enough")
    assert "config" not in first[0]
    assert [each["version"] for each in api.get("/versions", limit=3, before=2).json()] == [1]


def test_as_many_queries_whatever_the_number_of_versions(environment: Environment, anna: User, api: Api) -> None:
    with CaptureQueriesContext(connection) as few:
        api.get("/versions")
    for desired in (2, 1, 2, 1):
        save(environment, anna, desired)
    with CaptureQueriesContext(connection) as many:
        assert len(api.get("/versions").json()) == 5
    assert len(many) == len(few)


def test_two_versions_are_compared_setting_by_setting(environment: Environment, anna: User, api: Api) -> None:
    save(environment, anna, 2)
    compared = api.get("/compare", **{"from": 1, "to": 2}).json()
    assert compared == {
        "from_version": 1,
        "to_version": 2,
        "differences": [{"path": "services.api.desired_count", "kind": "changed", "before": 1, "after": 2}],
    }
    assert api.get("/compare", **{"from": 2, "to": 2}).json()["differences"] == []


@pytest.mark.parametrize("path", ["/versions/7", "/compare?from=1&to=7"])
def test_a_version_that_is_not_there_is_not_found(environment: Environment, api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_an_old_version_comes_back_as_a_new_one(environment: Environment, anna: User, api: Api) -> None:
    save(environment, anna, 2)
    restored = api.post("/restore", {"version": 1, "based_on": 2, "reason": "too dear"}).json()
    assert (restored["version"], restored["reason"], restored["author"]) == (3, "too dear", "anna")
    assert restored["digest"] == api.get("/versions/1").json()["digest"]
    assert api.get("/versions/2").json()["config"]["services"]["api"]["desired_count"] == 2, "history stays"
    event = AuditEvent.objects.filter(action="config.saved", refused=False).latest("at")
    assert (event.reason, event.after["version"]) == ("too dear", 3)


def test_a_restore_does_not_overwrite_what_was_saved_meanwhile(environment: Environment, anna: User, api: Api) -> None:
    save(environment, anna, 2)
    answer = api.post("/restore", {"version": 1, "based_on": 1, "reason": "too dear"})
    assert answer.status_code == 409
    assert answer.json()["error"]["details"] == {"current": 2, "based_on": 1}
    assert environment.config_versions.count() == 2


def test_restoring_what_is_newest_makes_no_version(environment: Environment, api: Api) -> None:
    assert api.post("/restore", {"version": 1, "based_on": 1, "reason": "again"}).json()["version"] == 1
