"""Every listener is a real local port that follows rules, weights and target health."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_world import World


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    return World(sandbox)


def get(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, headers=headers, redirect=False, retries=False, timeout=10)


def test_requests_reach_the_healthy_tasks_in_turn(world: World) -> None:
    service = world.service()
    service.create(desired=2)
    assert service.target_group is not None
    url = world.url(world.listener([{"Type": "forward", "TargetGroupArn": service.target_group}]))
    answers = [get(f"{url}/hello").json() for _ in range(20)]
    assert Counter(Counter(answer["task"] for answer in answers).values()) == {10: 2}
    assert {answer["digest"] for answer in answers} == service.digests()


def test_weights_and_rules_are_followed_and_can_be_changed(world: World) -> None:
    stable, canary = world.service(), world.service()
    for service in (stable, canary):
        service.create(desired=1)

    def forward(stable_weight: int, canary_weight: int) -> list[dict[str, Any]]:
        groups = [
            {"TargetGroupArn": stable.target_group, "Weight": stable_weight},
            {"TargetGroupArn": canary.target_group, "Weight": canary_weight},
        ]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]

    listener = world.listener([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}])
    path = {"Field": "path-pattern", "Values": ["/app/*"]}
    rule = world.elbv2.create_rule(
        ListenerArn=listener, Priority=1, Conditions=[path], Actions=forward(90, 10)
    )["Rules"][0]["RuleArn"]  # fmt: skip
    url = world.url(listener)
    assert get(f"{url}/other").status == 404
    assert Counter(get(f"{url}/app/x").json()["service"] for _ in range(100)) == {stable.name: 90, canary.name: 10}
    world.elbv2.modify_rule(RuleArn=rule, Actions=forward(0, 100))
    assert Counter(get(f"{url}/app/x").json()["service"] for _ in range(20)) == {canary.name: 20}


def test_a_redirect_is_answered_by_the_listener(world: World) -> None:
    config = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    url = world.url(world.listener([{"Type": "redirect", "RedirectConfig": config}]))
    answer = get(f"{url}/a?b=c", Host="shop.example.org")
    assert (answer.status, answer.headers["location"]) == (301, "https://shop.example.org:443/a?b=c")


def test_a_listener_without_targets_says_503(world: World) -> None:
    group = world.target_group("empty")
    assert get(world.url(world.listener([{"Type": "forward", "TargetGroupArn": group}]))).status == 503


def test_a_healthy_rolling_deployment_loses_no_request(world: World) -> None:
    service = world.service()
    service.create(desired=2)
    assert service.target_group is not None
    url = world.url(world.listener([{"Type": "forward", "TargetGroupArn": service.target_group}]))
    statuses: Counter[int] = Counter()
    done = threading.Event()

    def traffic() -> None:
        while not done.is_set():
            statuses[get(f"{url}/work").status] += 1

    threads = [threading.Thread(target=traffic) for _ in range(2)]
    for thread in threads:
        thread.start()
    image = service.deploy("healthy", "v2")
    try:
        assert service.ended()["status"] == "SUCCESSFUL"
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert set(statuses) == {200}
    assert statuses[200] > 50
    assert get(f"{url}/work").json()["digest"] == image["digest"]


def test_errors_of_a_release_reach_the_client(world: World) -> None:
    service = world.service()
    service.create("errors:0.5", desired=1)
    assert service.target_group is not None
    url = world.url(world.listener([{"Type": "forward", "TargetGroupArn": service.target_group}]))
    statuses = Counter(get(f"{url}/work").status for _ in range(60))
    assert set(statuses) == {200, 500}


def test_a_listener_keeps_its_port_over_a_restart_and_frees_it_when_deleted(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("restarted")
    with start_sandbox(folder) as sandbox:
        world = World(sandbox)
        listener = world.listener([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "204"}}])
        before = world.url(listener)
    with start_sandbox(folder) as sandbox:
        world.sandbox = sandbox
        assert world.url(listener) == before
        assert get(before).status == 204
        sandbox.client("elbv2").delete_listener(ListenerArn=listener)
        eventually(lambda: sandbox.control("GET", "listeners") == [])
        with pytest.raises(urllib3.exceptions.HTTPError):
            get(before)
