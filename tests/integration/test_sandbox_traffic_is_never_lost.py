"""200 requests a second through the load balancer while services deploy: counted, none may be lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_staged import StagedService, pause_at, staged_service
from tests.sandbox_world import ServiceUnderTest, World
from tests.traffic import request, send, steady

RATE = 200.0
ONCE_BAKED = {"bakeTimeInMinutes": 1}
STRATEGIES: dict[str, dict[str, Any]] = {
    "ROLLING": {},
    "BLUE_GREEN": {"strategy": "BLUE_GREEN", **ONCE_BAKED},
    "CANARY": {
        "strategy": "CANARY",
        "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1},
        **ONCE_BAKED,
    },
    "LINEAR": {
        "strategy": "LINEAR",
        "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 1},
        **ONCE_BAKED,
    },
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=30) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    return World(sandbox)


def url_of(world: World, listener: str) -> str:
    def look() -> str | None:
        known: list[dict[str, Any]] = world.sandbox.control("GET", "listeners")
        return next((each["url"] for each in known if each["listener"] == listener), None)

    url = eventually(look, why="the listener's port")
    assert url is not None
    return f"{url}/work"


def rolling(world: World) -> tuple[ServiceUnderTest, str]:
    service = world.service()
    assert service.target_group is not None
    return service, url_of(world, world.listener([{"Type": "forward", "TargetGroupArn": service.target_group}]))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_healthy_deployment_loses_no_request(world: World, strategy: str) -> None:
    if strategy == "ROLLING":
        service, url = rolling(world)
        service.create(desired=3)
    else:
        staged: StagedService = staged_service(world)
        staged.create_staged({"strategy": "BLUE_GREEN"}, desired=3)
        service, url = staged, url_of(world, staged.production_listener)
    (old,) = service.digests()
    with steady(url, rate=RATE) as traffic:
        image = service.deploy("healthy", "v2", deploymentConfiguration=STRATEGIES[strategy])
        assert service.ended(120)["status"] == "SUCCESSFUL"
    assert not traffic.lost
    # Requests are begun by the clock, not by the answers: a machine that lags catches up.
    assert traffic.rate > 0.9 * RATE
    assert set(traffic.digests()) == {old, image["digest"]}


def test_a_deployment_that_is_taken_back_loses_no_request_either(world: World) -> None:
    service = staged_service(world)
    service.create_staged({"strategy": "BLUE_GREEN"}, desired=3)
    (old,) = service.digests()
    pause = {"lifecycleHooks": [pause_at("POST_PRODUCTION_TRAFFIC_SHIFT")]}
    with steady(url_of(world, service.production_listener), rate=RATE) as traffic:
        service.deploy("healthy", "v2", deploymentConfiguration=STRATEGIES["BLUE_GREEN"] | pause)
        service.at("POST_PRODUCTION_TRAFFIC_SHIFT")
        service.resume("ROLLBACK")
        assert service.ended(120)["status"] == "ROLLBACK_SUCCESSFUL"
    assert not traffic.lost
    assert traffic.rate > 0.9 * RATE
    assert traffic.answers[-1].body["digest"] == old


def test_what_a_bad_release_loses_is_counted(world: World) -> None:
    service, url = rolling(world)
    service.create(desired=1)
    with steady(url, rate=RATE) as traffic:
        service.deploy("errors:0.5", "v2")
        assert service.ended()["status"] == "SUCCESSFUL"
        world.elbv2.delete_listener(ListenerArn=listener_at(world, url))
        eventually(lambda: asyncio.run(request(url)).status is None, why="the closed port")
    assert traffic.lost["500"] > 0
    assert set(traffic.lost) > {"500"}, "connections that the closed listener refused"


def listener_at(world: World, url: str) -> str:
    known: list[dict[str, Any]] = world.sandbox.control("GET", "listeners")
    found: str = next(each["listener"] for each in known if url.startswith(each["url"]))
    return found


def test_a_canary_at_ten_percent_answers_ten_percent(world: World) -> None:
    service = staged_service(world)
    service.create_staged({"strategy": "BLUE_GREEN"}, desired=3)
    pause = {"lifecycleHooks": [pause_at("PRE_PRODUCTION_TRAFFIC_SHIFT")]}
    image = service.deploy("healthy", "v2", deploymentConfiguration=STRATEGIES["CANARY"] | pause)
    service.resume()
    service.at("PRE_PRODUCTION_TRAFFIC_SHIFT", production=10)
    production = asyncio.run(send(url_of(world, service.production_listener), rate=RATE, count=2000))
    test = asyncio.run(send(url_of(world, service.test_listener), rate=RATE, count=200))
    assert not production.lost + test.lost
    assert production.rate > 0.9 * RATE
    assert 160 <= production.digests()[image["digest"]] <= 240
    assert set(test.digests()) == {image["digest"]}
    service.resume()
    assert service.ended()["status"] == "SUCCESSFUL"


def test_requests_in_flight_on_draining_targets_finish(world: World) -> None:
    service, url = rolling(world)
    service.create("slow:0.3", desired=2)
    (old,) = service.digests()
    with steady(url, rate=RATE / 4) as traffic:
        image = service.deploy("healthy", "v2")
        assert service.ended(120)["status"] == "SUCCESSFUL"
    assert not traffic.lost
    assert set(traffic.digests()) == {old, image["digest"]}
    drained = [
        event["createdAt"].timestamp()
        for event in service.describe()["events"]
        if "has begun draining connections" in event["message"]
    ]
    in_flight = [
        each
        for each in traffic.answers
        if each.body["digest"] == old and any(each.began < moment < each.ended for moment in drained)
    ]
    assert in_flight, "no request was under way when its target began to drain"
