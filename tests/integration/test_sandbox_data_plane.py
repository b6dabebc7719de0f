"""The load balancer keeps clients where they were, checks health as it was told, and lets requests finish."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from typing import Any

import pytest
import urllib3

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_world import ServiceUnderTest, World


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=50) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    return World(sandbox)


@pytest.fixture(scope="module")
def pair(world: World) -> tuple[ServiceUnderTest, ServiceUnderTest]:
    """Two services of two tasks each, for the tests that change nothing about them."""
    services = world.service(), world.service()
    for service in services:
        service.create(desired=2)
    return services


def get(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, headers=headers, redirect=False, retries=False, timeout=20)


def cookies_of(response: urllib3.BaseHTTPResponse) -> SimpleCookie:
    jar = SimpleCookie()
    for header in response.headers.getlist("set-cookie"):
        jar.load(header)
    return jar


def sent_back(response: urllib3.BaseHTTPResponse) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies_of(response).items())


def forward_to(*groups: str | None, **config: Any) -> list[dict[str, Any]]:
    listed = [{"TargetGroupArn": group, "Weight": 1} for group in groups]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": listed, **config}}]


def attributes(world: World, group: str | None, **values: str) -> None:
    pairs = [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]
    world.elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=pairs)


def test_a_client_stays_with_its_target_for_as_long_as_it_was_told(world: World) -> None:
    service = world.service()
    service.create(desired=3)
    group = service.target_group
    attributes(
        world, group,
        stickiness__enabled="true", stickiness__type="lb_cookie", stickiness__lb_cookie__duration_seconds="600",
    )  # fmt: skip
    url = world.url(world.listener(forward_to(group)))
    first = get(url)
    task = first.json()["task"]
    assert set(cookies_of(first)) == {"AWSALB", "AWSALBCORS"}
    assert {get(url, cookie=sent_back(first)).json()["task"] for _ in range(9)} == {task}
    assert len({get(url).json()["task"] for _ in range(9)}) == 3
    world.sandbox.control("POST", "clock", {"advance": 601})
    assert len({get(url, cookie=sent_back(first)).json()["task"] for _ in range(9)}) == 3
    newest = get(url)
    world.ecs.stop_task(cluster=world.cluster, task=newest.json()["task"])

    def cookies_of_another() -> list[str]:
        answer = get(url, cookie=sent_back(newest))
        is_another = answer.status == 200 and answer.json()["task"] != newest.json()["task"]
        return list(answer.headers.getlist("set-cookie")) if is_another else []

    others = eventually(cookies_of_another)
    assert any(header.startswith("AWSALB=") for header in others)


def test_a_client_stays_with_its_target_group(world: World, pair: tuple[ServiceUnderTest, ServiceUnderTest]) -> None:
    groups = [service.target_group for service in pair]
    sticky = {"TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 600}}
    url = world.url(world.listener(forward_to(*groups, **sticky)))
    clients = [get(url) for _ in range(4)]
    assert Counter(answer.json()["service"] for answer in clients) == {service.name: 2 for service in pair}
    for client in clients:
        assert "AWSALBTG" in cookies_of(client)
        again = {get(url, cookie=sent_back(client)).json()["service"] for _ in range(6)}
        assert again == {client.json()["service"]}


def test_health_is_checked_on_the_port_that_was_named(world: World) -> None:
    """Nothing listens on 9 in these tasks: the traffic port would be healthy, the named one is not."""
    service = world.service()
    service.create(desired=1)
    group = service.target_group

    def state() -> dict[str, Any]:
        described = world.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        found: dict[str, Any] = described[0]["TargetHealth"]
        return found

    assert state()["State"] == "healthy"
    service.update(healthCheckGracePeriodSeconds=1_000_000)
    world.elbv2.modify_target_group(TargetGroupArn=group, HealthCheckPort="9", HealthCheckIntervalSeconds=5)
    eventually(lambda: state().get("Reason") == "Target.Timeout")
    world.elbv2.modify_target_group(TargetGroupArn=group, HealthCheckPort="traffic-port", HealthyThresholdCount=2)
    eventually(lambda: state()["State"] == "healthy")


def test_no_request_goes_to_a_target_that_is_not_healthy_while_another_is(world: World) -> None:
    service = world.service()
    service.create(desired=1, deploymentConfiguration={})
    healthy = service.digests()
    url = world.url(world.listener(forward_to(service.target_group)))
    service.deploy("unhealthy", "v2", healthCheckGracePeriodSeconds=1_000_000)

    def registered() -> list[str]:
        described = world.elbv2.describe_target_health(TargetGroupArn=service.target_group)
        return sorted(each["TargetHealth"]["State"] for each in described["TargetHealthDescriptions"])

    eventually(lambda: registered() == ["healthy", "unhealthy"])
    assert {get(url).json()["digest"] for _ in range(30)} == healthy


def test_a_request_in_flight_on_a_draining_target_finishes_and_no_new_one_goes_there(world: World) -> None:
    service = world.service()
    service.create("slow:2", desired=1)
    url = world.url(world.listener(forward_to(service.target_group)))
    attributes(world, service.target_group, deregistration_delay__timeout_seconds="200")  # 4 real seconds

    def states() -> set[str]:
        described = world.elbv2.describe_target_health(TargetGroupArn=service.target_group)
        return {each["TargetHealth"]["State"] for each in described["TargetHealthDescriptions"]}

    with ThreadPoolExecutor(1) as thread:
        in_flight = thread.submit(get, f"{url}/work")
        eventually(in_flight.running)
        service.update(desiredCount=0)
        eventually(lambda: states() == {"draining"})
        assert get(f"{url}/new").status == 503
        assert in_flight.result().status == 200


def test_a_request_that_outlives_the_drain_finishes_within_the_stop_timeout(world: World) -> None:
    service = world.service()
    service.create("slow:1.5", desired=1)
    url = world.url(world.listener(forward_to(service.target_group)))
    definition = service.register(service.image("slow:1.5", "v1")["image"], stopTimeout=120)  # 2.4 real seconds
    service.update(taskDefinition=definition)
    service.ended()
    attributes(world, service.target_group, deregistration_delay__timeout_seconds="0")
    with ThreadPoolExecutor(1) as thread:
        in_flight = thread.submit(get, f"{url}/work")
        eventually(in_flight.running)
        service.update(desiredCount=0)
        assert in_flight.result().status == 200


def test_a_release_turns_slow_and_fails_after_a_while(world: World) -> None:
    slow, failing = world.service(), world.service()
    slow.create("slow:0.4:600", desired=1)
    failing.create("errors:1:600", desired=1)
    urls = [world.url(world.listener(forward_to(service.target_group))) for service in (slow, failing)]
    early = [get(url) for url in urls]
    world.sandbox.control("POST", "clock", {"advance": 700})
    late = [get(url) for url in urls]
    assert [answer.status for answer in early + late] == [200, 200, 200, 500]
    states = world.elbv2.describe_target_health(TargetGroupArn=slow.target_group)["TargetHealthDescriptions"]
    assert {each["TargetHealth"]["State"] for each in states} == {"healthy"}


def test_weights_are_exact_over_time_and_a_connection_is_kept(
    world: World, pair: tuple[ServiceUnderTest, ServiceUnderTest]
) -> None:
    stable, canary = pair
    groups = [
        {"TargetGroupArn": stable.target_group, "Weight": 90},
        {"TargetGroupArn": canary.target_group, "Weight": 10},
    ]
    url = world.url(world.listener([{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]))
    pool = urllib3.HTTPConnectionPool("127.0.0.1", int(url.rsplit(":", 1)[1]), maxsize=1)
    served = Counter(pool.request("GET", "/").json()["service"] for _ in range(300))
    assert served == {stable.name: 270, canary.name: 30}
    assert pool.num_connections == 1


def test_head_and_large_uploads_and_odd_methods_pass(
    world: World, pair: tuple[ServiceUnderTest, ServiceUnderTest]
) -> None:
    url = world.url(world.listener(forward_to(pair[0].target_group)))
    head = urllib3.request("HEAD", url, timeout=10)
    assert (head.status, head.data) == (200, b"")
    assert int(head.headers["content-length"]) > 50
    assert urllib3.request("PUT", url, body=b"x" * 5_000_000, timeout=20).status == 200
    assert urllib3.request("PATCH", url, body=b"{}", timeout=10).status == 200
