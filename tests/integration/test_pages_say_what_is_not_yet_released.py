"""A changed task template is applied, and nothing runs it until somebody releases: pages and API say so."""

from typing import Any

import pytest
from django.test import Client

from controlplane.core.models import ApiToken
from deployments_app.models import Deployment
from environments_app.models import Environment
from tests import factories, release_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    made = factories.environment(factories.system("shop"))
    release_world.provisioned(made, release_world.outputs())
    return made


@pytest.fixture
def running(environment: Environment) -> Deployment:
    return release_world.succeeded(release_world.asked(environment))


def applied(environment: Environment, **template: Any) -> None:
    outputs = release_world.outputs()
    outputs["services"]["api"]["task_template"] |= template
    release_world.provisioned(environment, outputs)


def shown(environment: Environment, path: str, role: str = "developer") -> str:
    client = Client()
    client.force_login(factories.member(environment.system, role))
    return " ".join(client.get(path).content.decode().split())


def test_what_runs_as_it_was_applied_says_nothing(environment: Environment, running: Deployment) -> None:
    assert "Not yet released" not in shown(environment, "/environments/shop/development")
    release = shown(environment, f"/releases/{running.release_id}")
    assert "Not yet released" not in release
    assert "Deploy again" not in release


def test_what_was_applied_since_is_named_and_can_be_released(environment: Environment, running: Deployment) -> None:
    applied(environment, memory="1024")
    page = shown(environment, "/environments/shop/development")
    assert "Not yet released" in page
    assert "memory, MiB 512 → 1024" in page
    assert f"/releases/{running.release_id}" in page
    assert "Deploy again" in shown(environment, f"/releases/{running.release_id}")

    again = release_world.asked(environment, running.release)
    assert again.rendered["memory"] == "1024"
    assert again.release.digests == running.release.digests
    release_world.succeeded(again)
    assert "Not yet released" not in shown(environment, "/environments/shop/development")


def test_what_is_new_or_gone_is_told_with_its_container(environment: Environment, running: Deployment) -> None:
    (container,) = release_world.outputs()["services"]["api"]["task_template"]["container_definitions"]
    changed = {**container, "command": ["serve", "--fast"], "environment": []}
    applied(environment, container_definitions=[changed])
    for path in ("/environments/shop/development", f"/releases/{running.release_id}"):
        said = "api: command none → serve --fast, api: environment variable LEVEL info → none"
        assert said in shown(environment, path)


GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop-development-api/1"


def led(container: str | None, port: int = 8080, group: str = GROUP) -> dict[str, Any]:
    """The outputs where the load balancer leads to this container, or nowhere."""
    routed = {"target_group_arn": group, "container_name": container, "container_port": port}
    return release_world.outputs(load_balancer=routed if container else None)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (led("api"), led("proxy"), "load balancer leads to api:8080 → proxy:8080"),
        (led("api"), led(None), "load balancer leads to api:8080 → none"),
        (led(None), led("api"), "load balancer leads to none → api:8080"),
        (led("api"), led("api", group="arn:2"), f"load balancer leads to api:8080 by {GROUP} → api:8080 by arn:2"),
    ],
)
def test_traffic_that_waits_to_be_led_elsewhere_is_named(
    environment: Environment, before: dict[str, Any], after: dict[str, Any], said: str
) -> None:
    release_world.provisioned(environment, before)
    running = release_world.succeeded(release_world.asked(environment))
    assert "Not yet released" not in shown(environment, "/environments/shop/development")
    release_world.provisioned(environment, after)

    for path in ("/environments/shop/development", f"/releases/{running.release_id}"):
        page = shown(environment, path)
        assert "Not yet released" in page
        assert said in page

    release_world.succeeded(release_world.asked(environment, running.release))
    assert "Not yet released" not in shown(environment, "/environments/shop/development")


def test_the_api_says_it_too(environment: Environment, running: Deployment) -> None:
    applied(environment, cpu="512", memory="1024")
    _, token = ApiToken.issue(factories.member(environment.system, "viewer"), "test")
    answer = Client().get("/api/v1/environments/shop/development", headers={"Authorization": f"Bearer {token}"})
    waiting = answer.json()["running"]["api"]["unreleased"]
    assert [(each["what"], each["before"], each["after"]) for each in waiting] == [
        ("CPU units", "256", "512"),
        ("memory, MiB", "512", "1024"),
    ]
