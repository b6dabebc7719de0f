"""What the sandbox saves does not grow with what once was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.ec2.models import ec2_backends

from sandbox.clock import Clock
from sandbox.containers import Containers
from sandbox.ecs import run_tokens
from sandbox.ecs.backend import EcsBackend
from sandbox.ecs.services import ServiceScheduler
from sandbox.eventloop import EventLoopThread
from sandbox.moto_ext.elbv2 import FakeTargetGroup
from sandbox.outages import Outages
from sandbox.targets import TargetChecks

ACCOUNT, REGION = "999988887777", "us-east-1"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time that passes only when it is advanced."""
    clock = Clock(monotonic=lambda: 0.0)
    monkeypatch.setattr(FakeTargetGroup, "clock", clock, raising=False)
    return clock


@pytest.fixture
def scheduler(clock: Clock) -> Iterator[ServiceScheduler]:
    loop = EventLoopThread()
    loop.start()
    yield ServiceScheduler(TargetChecks(clock, Containers(loop, clock, 0, Outages(clock)), lambda target: None))
    loop.stop()


@pytest.fixture
def backend(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> EcsBackend:
    monkeypatch.setattr(EcsBackend, "outages", Outages(clock), raising=False)
    backend = EcsBackend(REGION, ACCOUNT)
    backend.create_cluster("main", [], [], [])
    return backend


def test_a_target_that_has_drained_is_forgotten_when_the_next_one_leaves(clock: Clock) -> None:
    group = FakeTargetGroup(
        "group", f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/group/1", REGION, ACCOUNT, "vpc-1",
        "HTTP", "HTTP1", "8080", target_type="ip",
    )  # fmt: skip
    for number in range(50):
        target = {"Id": f"10.0.0.{number}", "Port": 8080}
        group.register([target])
        group.deregister([target])
        assert [each["Id"] for each in group.all_targets()] == [target["Id"]], "it is draining"
        clock.advance(301)
        assert not group.all_targets()
    assert list(group.draining_until) == ["10.0.0.49:8080"]


def test_a_deleted_service_leaves_no_members(backend: EcsBackend, scheduler: ServiceScheduler) -> None:
    containers = [{"name": "app", "image": "any", "memory": 10}]
    backend.register_task_definition("family", containers, network_mode="awsvpc", cpu="256", memory="512")
    network = {"subnets": [ec2_backends[ACCOUNT][REGION].get_default_subnets()["us-east-1a"].id]}
    given = {
        "cluster": "main",
        "serviceName": "one",
        "taskDefinition": "family",
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": network},
    }
    service = backend.new_service(0.0, given)
    task = backend.add_service_task(0.0, service, service.primary)
    backend.remove_service("main", "one", force=True)
    task.desired_status = task.last_status = "STOPPED"
    assert backend.members(service) == [task]
    scheduler.advance(backend, service, 1.0)
    assert service.status == "INACTIVE"
    assert service.key not in backend._members


def test_tokens_are_forgotten_after_a_day() -> None:
    runs = {("main", str(at)): run_tokens.Run("", float(at), (), ()) for at in range(0, 90_000, 10_000)}
    run_tokens.forget_old(runs, 90_000.0)
    assert [run.at for run in runs.values()] == [float(at) for at in range(10_000, 90_000, 10_000)]


def test_a_request_is_told_by_what_it_asks_for() -> None:
    asked = {"cluster": "main", "taskDefinition": "family", "count": 2, "clientToken": "one"}
    assert run_tokens.fingerprint(asked) == run_tokens.fingerprint(asked | {"startedBy": None, "cluster": "arn:main"})
    assert run_tokens.fingerprint(asked) != run_tokens.fingerprint(asked | {"count": 3})
