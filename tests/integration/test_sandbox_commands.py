"""Somebody rehearses their own application: real commands run in the place of an image's container."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
import websockets.sync.client

from tests import sandbox_app
from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_world import ServiceUnderTest, World

APP = [sys.executable, str(Path(sandbox_app.__file__))]
WEBSOCKET_APP = """
import http, os
from websockets.sync.server import serve

def page(connection, request):
    return None if request.headers.get("Upgrade") else connection.respond(http.HTTPStatus.OK, "up")

def echo(connection):
    for message in connection:
        connection.send(message[::-1])

with serve(echo, "127.0.0.1", int(os.environ["PORT"]), process_request=page) as server:
    server.serve_forever()
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), scale=20, options=["--allow-commands"]) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    return World(sandbox)


def order(sandbox: SandboxProcess, repository: str, command: list[str], **more: Any) -> urllib3.BaseHTTPResponse:
    body = json.dumps({"repository": repository, "command": command, **more})
    headers = {"content-type": "application/json"}
    return urllib3.request("POST", f"{sandbox.url}/_sandbox/maps", body=body, headers=headers, timeout=10)


def mapped(world: World, *arguments: str, **more: Any) -> ServiceUnderTest:
    service = world.service()
    assert order(world.sandbox, service.repository, [*APP, *arguments], **more).status == 200
    return service


def url_of(service: ServiceUnderTest) -> str:
    return service.world.url(service.world.listener([{"Type": "forward", "TargetGroupArn": service.target_group}]))


def logs(service: ServiceUnderTest) -> list[str]:
    found = service.world.sandbox.client("logs").filter_log_events(
        logGroupName=service.world.log_group, logStreamNamePrefix=f"{service.name}/"
    )
    return [event["message"] for event in found["events"]]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_a_command_serves_behind_the_load_balancer_and_logs(world: World) -> None:
    service = mapped(world, environment={"GREETING": "from the map"})
    assert service.create(desired=2)["status"] == "SUCCESSFUL"
    url = url_of(service)
    answers = [urllib3.request("GET", f"{url}/").json() for _ in range(4)]
    assert len({answer["pid"] for answer in answers}) == 2
    assert {answer["greeting"] for answer in answers} == {"from the map"}
    headers = answers[0]["headers"]
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert re.match(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}$", headers["x-amzn-trace-id"])
    eventually(lambda: "ready" in logs(service) and any("GET / HTTP" in line for line in logs(service)))


def test_large_bodies_pass_both_ways(world: World) -> None:
    service = mapped(world)
    service.create(desired=1)
    url, size = url_of(service), 30_000_000
    sandbox_memory = Path(f"/proc/{world.sandbox.process.pid}/status")

    def peak() -> int:
        found = re.search(r"VmHWM:\s+(\d+) kB", sandbox_memory.read_text())
        assert found
        return int(found[1])

    before = peak()
    with urllib3.PoolManager().request("GET", f"{url}/large?{size}", preload_content=False) as answer:
        assert sum(len(piece) for piece in answer.stream(65_536)) == size
    assert urllib3.request("POST", f"{url}/echo", body=b"y" * size).data == b"y" * size
    chunks = (b"z" * 1000 for _ in range(3))
    assert urllib3.request("POST", f"{url}/echo", body=chunks, headers={"content-length": "3000"}).data == b"z" * 3000
    assert peak() - before < size // 1000  # kB: far less than one of the bodies was ever held


def test_a_websocket_passes_through_the_load_balancer(world: World) -> None:
    service = world.service()
    assert order(world.sandbox, service.repository, [sys.executable, "-c", WEBSOCKET_APP]).status == 200
    assert service.create(desired=1)["status"] == "SUCCESSFUL"
    with websockets.sync.client.connect(url_of(service).replace("http", "ws", 1)) as socket:
        for message in ("hello", "x" * 200_000):
            socket.send(message)
            assert socket.recv(timeout=10) == message[::-1]


def test_a_command_that_ends_is_a_task_that_failed_and_is_replaced(world: World) -> None:
    service = mapped(world)
    service.create(desired=1)
    with pytest.raises(urllib3.exceptions.HTTPError):
        raise_for_502(urllib3.request("GET", f"{url_of(service)}/crash", retries=False))
    stopped = eventually(lambda: [task for task in service.tasks("STOPPED") if task["lastStatus"] == "STOPPED"])
    assert (stopped[0]["containers"][0]["exitCode"], stopped[0]["stopCode"]) == (9, "EssentialContainerExited")
    eventually(lambda: [task["lastStatus"] for task in service.tasks()] == ["RUNNING"])


def raise_for_502(response: urllib3.BaseHTTPResponse) -> None:
    if response.status == 502:
        raise urllib3.exceptions.HTTPError("502")


def test_a_stopped_command_gets_sigterm_then_sigkill_and_takes_its_children_along(world: World) -> None:
    obedient, stubborn = mapped(world, "with-child"), mapped(world, "stubborn")
    obedient.create(desired=1)
    stubborn.world.ecs.run_task(
        cluster=world.cluster,
        taskDefinition=stubborn.register(stubborn.image("healthy", "v1")["image"], stopTimeout=2),
        launchType="FARGATE",
        networkConfiguration=world.network,
    )
    eventually(lambda: "ready" in logs(stubborn))
    child = next(int(line.split()[1]) for line in logs(obedient) if line.startswith("child "))
    cluster = {"cluster": world.cluster}
    for service in (obedient, stubborn):
        arns = world.ecs.list_tasks(**cluster, family=service.name)["taskArns"]
        if service is obedient:
            service.update(desiredCount=0)
        else:
            world.ecs.stop_task(**cluster, task=arns[0])
        world.ecs.get_waiter("tasks_stopped").wait(**cluster, tasks=arns, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        codes = [
            each["exitCode"]
            for task in world.ecs.describe_tasks(**cluster, tasks=arns)["tasks"]
            for each in task["containers"]
        ]
        assert codes == ([0] if service is obedient else [137])
    eventually(lambda: "ended in good order" in logs(obedient))
    eventually(lambda: gone(child))


def test_a_one_off_command_of_a_mapped_image_really_runs(world: World) -> None:
    service = mapped(world)
    for code in (0, 3):
        override = {"name": "app", "command": [*APP, "migrate", str(code)]}
        task = world.ecs.run_task(
            cluster=world.cluster,
            taskDefinition=service.register(service.image("healthy", "v1")["image"]),
            launchType="FARGATE",
            networkConfiguration=world.network,
            overrides={"containerOverrides": [override]},
        )["tasks"][0]["taskArn"]

        def ended(task: str = task) -> list[int]:
            described = world.ecs.describe_tasks(cluster=world.cluster, tasks=[task])["tasks"][0]
            return [described["containers"][0]["exitCode"]] if described["lastStatus"] == "STOPPED" else []

        assert eventually(ended) == [code]
    eventually(lambda: logs(service).count("migrated") == 2)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_commands_end_with_the_sandbox_and_begin_again_with_it(
    tmp_path_factory: pytest.TempPathFactory, how: signal.Signals
) -> None:
    folder = tmp_path_factory.mktemp("restarted")
    with start_sandbox(folder, scale=20, options=["--allow-commands"]) as sandbox:
        service = mapped(World(sandbox))
        # The service takes seconds, so that the listener is saved before the sandbox may be killed.
        listener = service.world.listener([{"Type": "forward", "TargetGroupArn": service.target_group}])
        service.create(desired=1)
        pid = urllib3.request("GET", service.world.url(listener)).json()["pid"]
        sandbox.stop(how)
        eventually(lambda: gone(pid))
    with start_sandbox(folder, scale=20, options=["--allow-commands"]) as sandbox:
        service.world.sandbox = sandbox
        url = service.world.url(listener)
        eventually(lambda: urllib3.request("GET", url).status == 200)
        again = urllib3.request("GET", url).json()
        assert again["pid"] != pid
        assert [each["repository"] for each in sandbox.control("GET", "maps")] == [service.repository]


def test_a_command_whose_directory_is_gone_is_a_task_that_failed_to_start(world: World, tmp_path: Path) -> None:
    directory = tmp_path / "application"
    directory.mkdir()
    service = mapped(world, directory=str(directory))
    directory.rmdir()
    service.create(desired=1)  # until the circuit breaker gives up
    stopped = service.tasks("STOPPED")[0]
    assert stopped["stopCode"] == "TaskFailedToStart"
    assert stopped["stoppedReason"].startswith(f"CannotStartContainerError: {sys.executable} does not start:")
    assert str(directory) in stopped["containers"][0]["reason"]


def test_a_task_whose_directory_is_gone_after_a_restart_ends(tmp_path: Path) -> None:
    directory, folder = tmp_path / "application", tmp_path / "aws"
    directory.mkdir()
    with start_sandbox(folder, scale=20, options=["--allow-commands"]) as sandbox:
        service = mapped(World(sandbox), directory=str(directory))
        service.create(desired=1)
    directory.rmdir()
    with start_sandbox(folder, scale=20, options=["--allow-commands"]) as sandbox:
        service.world.ecs = sandbox.client("ecs")
        stopped = eventually(lambda: service.tasks("STOPPED"))[0]
        assert stopped["stopCode"] == "EssentialContainerExited"
        assert "CannotStartContainerError" in stopped["containers"][0]["reason"]


def test_commands_are_mapped_at_the_start_and_not_over_http_where_that_was_not_allowed(tmp_path: Path) -> None:
    """A one-off command of a mapped image is not run either: it ends as the image's behaviour says."""
    option = f"world/app={shlex.join(APP)}"
    with start_sandbox(tmp_path / "aws", scale=20, options=["--map", option]) as sandbox:
        assert [each["repository"] for each in sandbox.control("GET", "maps")] == ["world/app"]
        refused = order(sandbox, "world/other", APP)
        assert (refused.status, "--allow-commands" in refused.json()["error"]) == (403, True)
        world = World(sandbox)
        service = world.service()
        sandbox.client("ecr").create_repository(repositoryName="world/app")
        definition = service.register(sandbox.image("world/app", "job-exit:4", "v1")["image"])
        override = {"name": "app", "command": [*APP, "migrate", "0"]}
        for overrides in ({"containerOverrides": [override]}, {}):
            world.ecs.run_task(
                cluster=world.cluster,
                taskDefinition=definition,
                launchType="FARGATE",
                networkConfiguration=world.network,
                overrides=overrides,
            )
        eventually(lambda: "ready" in logs(service), why="the mapped command runs")

        def ended() -> list[int]:
            arns = world.ecs.list_tasks(cluster=world.cluster, desiredStatus="STOPPED")["taskArns"]
            tasks = world.ecs.describe_tasks(cluster=world.cluster, tasks=arns)["tasks"] if arns else []
            return [task["containers"][0]["exitCode"] for task in tasks if task["lastStatus"] == "STOPPED"]

        assert eventually(ended) == [4]
        assert "migrated" not in logs(service)


@pytest.mark.parametrize("headers", [{"content-type": "text/plain"}, {"origin": "https://example.org"}])
def test_no_web_page_can_map_a_command(sandbox: SandboxProcess, headers: dict[str, str]) -> None:
    body = json.dumps({"repository": "world/evil", "command": APP})
    answer = urllib3.request(
        "POST", f"{sandbox.url}/_sandbox/maps", body=body, headers={"content-type": "application/json"} | headers
    )
    assert answer.status == 403
    assert "world/evil" not in {each["repository"] for each in sandbox.control("GET", "maps")}


@pytest.mark.parametrize(
    ("repository", "command", "more", "message"),
    [
        ("", ["x"], {}, "repository must name"),
        ("a", "rm -rf", {}, "command must be a list"),
        ("a", [], {}, "command must be a list"),
        ("a", ["x"], {"directory": "/nowhere"}, "does not exist"),
        ("a", ["x"], {"shell": True}, "unknown field 'shell'"),
        ("a", ["x"], {"environment": {"A": 1}}, "object of texts"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused(
    sandbox: SandboxProcess, repository: str, command: Any, more: dict[str, Any], message: str
) -> None:
    answer = order(sandbox, repository, command, **more)
    assert answer.status == 400
    assert message in answer.json()["error"]
