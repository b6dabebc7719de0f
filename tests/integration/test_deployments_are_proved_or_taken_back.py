"""A release through a real ECS imitation: success is proved, failure is taken back with its reason in words."""

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent, LockHold
from controlplane.core.services import output
from deployments_app import jobs, selectors, servicelogs
from deployments_app.models import Deployment
from deployments_app.services import deployments
from environments_app.models import Environment, StateVersion
from tests import factories
from tests.release_world import KEY, ReleaseWorld
from tests.sandbox_fixture import SandboxProcess, eventually
from tests.sandbox_world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def environment() -> Environment:
    return factories.environment(factories.system("small"), auto_deploy=True)


@pytest.fixture
def world(sandbox: SandboxProcess, environment: Environment) -> ReleaseWorld:
    return ReleaseWorld.make(World(sandbox), environment)


def told(deployment: Deployment, *, service: bool = False) -> str:
    stream = deployment.service_stream_id if service else deployment.stream_id
    assert stream
    return "\n".join(line.text for line in output.lines_after(stream))


def test_a_healthy_release_succeeds_with_its_proof(world: ReleaseWorld) -> None:
    asked = world.deploy("healthy")
    done = world.ended(asked)
    assert done.state == "succeeded", (done.failure, told(done))
    assert done.verdict["digests"] == done.release.digests
    assert done.verdict["service_deployment"] == done.service_deployment_arn
    assert world.running_digests() == set(done.release.digests.values())
    assert world.describe()["desiredCount"] == 2
    assert not LockHold.objects.exists()
    assert "first release" in told(done)
    assert "2 of 2 tasks carry the image digest" in told(done)
    jobs.look(KEY)
    assert "listening on port 8080" in told(done, service=True)
    states = AuditEvent.objects.filter(subject_id=str(done.pk)).order_by("at").values_list("action", flat=True)
    walked = ["queued", "preparing", "rolling_out", "baking", "succeeded"]
    assert list(states) == ["deployment.requested", *(f"deployment.{state}" for state in walked)]


def test_a_second_release_replaces_the_first_under_the_circuit_breaker(world: ReleaseWorld) -> None:
    first = world.ended(world.deploy("healthy"))
    second = world.ended(world.deploy("healthy"))
    assert second.state == "succeeded", second.failure
    assert second.previous_release_id == first.release_id
    assert second.snapshot["previous"] == first.task_definition_arn
    assert world.running_digests() == set(second.release.digests.values())
    breaker = world.describe()["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert (breaker["enable"], breaker["rollback"]) == (True, True)


def test_the_way_back_leads_to_what_ran_when_it_began(world: ReleaseWorld) -> None:
    world.ended(world.deploy("healthy"))
    second = world.begun("healthy")
    third = world.deploy("healthy")
    done = world.ended(second)
    assert done.state == "succeeded", (done.failure, told(done))
    assert world.ended(third).previous_release_id == done.release_id


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("unhealthy", "new tasks failed their health check: GET / answered 503"),
        ("crashes", "new tasks ended by themselves: api with code 1"),
    ],
)
def test_a_bad_release_is_taken_back_and_says_why(world: ReleaseWorld, behaviour: str, words: str) -> None:
    good = world.ended(world.deploy("healthy"))
    bad = world.ended(world.deploy(behaviour))
    assert bad.state == "rolled_back", (bad.failure, told(bad))
    assert words in bad.failure["cause"]
    assert bad.failure["effect"]
    assert bad.failure["next_step"]
    assert words in told(bad)
    assert not bad.verdict
    assert world.running_digests() == set(good.release.digests.values())
    assert world.describe()["taskDefinition"] == good.task_definition_arn
    assert not LockHold.objects.exists()


def test_a_first_release_that_fails_leaves_nothing_running(world: ReleaseWorld) -> None:
    bad = world.ended(world.deploy("unhealthy"))
    assert bad.state == "failed", (bad.failure, told(bad))
    assert "answered 503" in bad.failure["cause"]
    assert "nothing to return to" in bad.failure["effect"]
    assert world.describe()["desiredCount"] == 0
    assert world.running_digests() == set()
    good = world.ended(world.deploy("healthy"))
    assert good.state == "succeeded", "a failed first release is no obstacle"


def test_an_image_that_cannot_be_pulled_is_said_to_be_so(world: ReleaseWorld) -> None:
    world.ended(world.deploy("healthy"))
    missing = world.release("healthy")
    missing.images.update(digest=f"sha256:{'0' * 64}")
    bad = world.ended(world.asked(missing))
    assert bad.state == "rolled_back"
    assert "could not start: CannotPullContainerError" in bad.failure["cause"]


def test_the_new_tasks_lines_are_read_to_the_last_and_once(world: ReleaseWorld) -> None:
    done = world.ended(world.deploy("crashes"))

    def read() -> bool:
        jobs.look(KEY)
        return servicelogs.unread_keys() == []

    eventually(read, seconds=20, why="all lines are read")
    lines = told(done, service=True).splitlines()
    assert lines
    assert all(line.startswith("api ") for line in lines)
    assert len(set(lines)) == len(lines), "nothing twice"


def with_port(environment: Environment, port: int) -> None:
    """As if an apply had given the routed container another port."""
    given = StateVersion.objects.get(environment=environment).outputs
    service = given["services"]["api"]
    service["task_template"]["container_definitions"][0]["portMappings"] = [
        {"containerPort": port, "hostPort": port, "protocol": "tcp"}
    ]
    service["load_balancer"] = {
        "target_group_arn": service["target_group_arn"],
        "container_name": "api",
        "container_port": port,
    }
    StateVersion.objects.filter(environment=environment).update(outputs=given)


def test_a_release_moves_the_traffic_to_the_port_that_was_applied(
    world: ReleaseWorld, environment: Environment, sandbox: SandboxProcess
) -> None:
    assert world.ended(world.deploy("healthy")).state == "succeeded"
    with_port(environment, 9090)

    moved = world.ended(world.deploy("healthy"))

    assert moved.state == "succeeded", (moved.failure, told(moved))
    assert [each["containerPort"] for each in world.describe()["loadBalancers"]] == [9090]
    group = moved.target["target_group_arn"]
    health = sandbox.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    serving = {each["Target"]["Port"] for each in health if each["TargetHealth"]["State"] == "healthy"}
    assert serving == {9090}


def with_proxy(environment: Environment, container: str) -> None:
    """As if an apply had put a second container into the task, and led the traffic to this one of the two."""
    given = StateVersion.objects.get(environment=environment).outputs
    service = given["services"]["api"]
    api, *_ = service["task_template"]["container_definitions"]
    ports = {"api": 8080, "proxy": 9090}
    service["task_template"]["container_definitions"] = [
        {**api, "name": name, "portMappings": [{"containerPort": port, "hostPort": port, "protocol": "tcp"}]}
        for name, port in ports.items()
    ]
    service["load_balancer"] = {
        "target_group_arn": service["target_group_arn"],
        "container_name": container,
        "container_port": ports[container],
    }
    StateVersion.objects.filter(environment=environment).update(outputs=given)


def test_the_traffic_moves_to_another_container_by_a_deployment_of_the_same_images(
    world: ReleaseWorld, environment: Environment
) -> None:
    with_proxy(environment, "api")
    release = world.release("healthy")
    api = release.images.get()
    release.images.create(container="proxy", repository=api.repository, digest=api.digest)
    first = world.ended(world.asked(release))
    assert first.state == "succeeded", (first.failure, told(first))
    with_proxy(environment, "proxy")

    moved = world.asked(release)
    led = [(change.what, change.before, change.after) for change in selectors.changes(moved)]
    assert led == [("load balancer leads to", "api:8080", "proxy:9090")]
    moved = world.ended(moved)

    assert moved.state == "succeeded", (moved.failure, told(moved))
    assert [(each["containerName"], each["containerPort"]) for each in world.describe()["loadBalancers"]] == [
        ("proxy", 9090)
    ]
    assert moved.release.digests == first.release.digests


def test_what_is_taken_back_serves_on_its_own_port_again(world: ReleaseWorld, environment: Environment) -> None:
    first = world.ended(world.deploy("healthy"))
    with_port(environment, 9090)

    failed = world.ended(world.deploy("unhealthy"))

    assert failed.state == "rolled_back", (failed.failure, told(failed))
    assert [each["containerPort"] for each in world.describe()["loadBalancers"]] == [8080]
    assert world.running_digests() == set(first.release.digests.values())


def test_the_way_back_over_a_moved_port_serves_on_the_former_one(world: ReleaseWorld, environment: Environment) -> None:
    with_port(environment, 8080)
    first = world.ended(world.deploy("healthy"))
    with_port(environment, 9090)
    second = world.ended(world.deploy("healthy"))
    assert second.state == "succeeded", (second.failure, told(second))

    ordered = deployments.rollback(Actor.person(factories.member(environment.system, "operator")), second)
    assert isinstance(ordered, Deployment), ordered
    back = world.ended(ordered)

    assert back.state == "succeeded", (back.failure, told(back))
    assert [each["containerPort"] for each in world.describe()["loadBalancers"]] == [8080]
    assert world.running_digests() == set(first.release.digests.values())


def test_a_service_that_is_routed_no_more_leaves_its_target_group(
    world: ReleaseWorld, environment: Environment
) -> None:
    assert world.ended(world.deploy("healthy")).state == "succeeded"
    assert world.describe()["loadBalancers"]
    given = StateVersion.objects.get(environment=environment).outputs
    given["services"]["api"]["load_balancer"] = None
    StateVersion.objects.filter(environment=environment).update(outputs=given)

    alone = world.ended(world.deploy("healthy"))

    assert alone.state == "succeeded", (alone.failure, told(alone))
    assert world.describe()["loadBalancers"] == []
