"""The pages of releases and deployments say how far, how healthy, what next and how to stop it, to each role."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlplane.core.models import System, User
from controlplane.lib import clock
from deployments_app.models import Deployment, Release, ReleaseImage
from deployments_app.states import DEPLOYMENT
from deployments_app.views import page, releases
from environments_app.models import Environment, Service
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def system() -> System:
    return factories.system("shop")


@pytest.fixture
def environment(system: System) -> Environment:
    return factories.environment(system, "staging", tier="staging")


def release(system: System, version: str = "1.9.0", **values: Any) -> Release:
    service = Service.objects.get(system=system, slug="api")
    made = Release.objects.create(
        system=system,
        service=service,
        digest_key=version,
        version=version,
        commit="d3a90f7" + "0" * 33,
        branch="main",
        dispatched_at=clock.now(),
        **values,
    )
    ReleaseImage.objects.create(
        release=made, container="api", repository="shop/api", tag=version, digest="sha256:" + "7c1e" * 16
    )
    return made


def deployment(of: Release, environment: Environment, state: str, **values: Any) -> Deployment:
    return Deployment.objects.create(
        environment=environment,
        service=of.service,
        release=of,
        state=state,
        strategy="rolling",
        requester_name="developer",
        account_key="own:us-east-1",
        **values,
    )


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def task(number: int, generation: str, state: str = "RUNNING", **values: Any) -> dict[str, Any]:
    """A task as observation.describe stores it."""
    seen = {"id": f"{number:032}", "generation": generation, "revision": f"api:{generation}", "zone": "us-east-1a",
            "state": state, "health": "UNKNOWN", "target": "", "target_reason": "", "reason": "", "failed": False,
            "digests": {}, "started_at": "2026-11-20T12:00:00+00:00", "stopped_at": None}  # fmt: skip
    return seen | values


@pytest.mark.parametrize("state", sorted(DEPLOYMENT.states))
def test_every_state_of_a_deployment_is_said(system: System, environment: Environment, state: str) -> None:
    ended = state in DEPLOYMENT.final
    made = deployment(release(system), environment, state, finished_at=clock.now() if ended else None)
    said = text(signed_in(factories.member(system, "viewer")).get(f"/deployments/{made.pk}"))
    assert f"api 1.9.0 {page.ANSWERS[state]}" in said


def test_what_was_taken_back_says_why_in_words(system: System, environment: Environment) -> None:
    failure = {
        "code": "UNHEALTHY",
        "cause": "2 of 2 new tasks failed their health check: GET /up answered 503",
        "effect": "The service was returned to what ran before.",
        "next_step": "Read the log of the new tasks.",
        "details": ["task 4f2a: Task failed ELB health checks"],
    }
    now = clock.now()
    made = deployment(
        release(system), environment, "rolled_back", failure=failure, started_at=now, rolling_out_at=now,
        rolling_back_at=now, finished_at=now,
    )  # fmt: skip
    response = signed_in(factories.member(system, "viewer")).get(f"/deployments/{made.pk}")
    for part in (failure["cause"], failure["effect"], failure["next_step"], "Task failed ELB health checks"):
        assert str(part) in text(response)
    assert 'class="st chip back"' in response.content.decode()
    stages = re.search(r'<ol class="stages".*?</ol>', response.content.decode(), re.S)
    assert stages
    assert "Back" in stages[0]
    assert "Proved" not in stages[0]


def test_tasks_stand_side_by_side_old_and_new(system: System, environment: Environment) -> None:
    seen = {
        "tasks": [
            task(1, "new", target="healthy"),
            task(2, "new", "STOPPED", failed=True, reason="ended by themselves: api with code 1"),
            task(3, "old"),
            task(4, "old"),
        ]
    }  # fmt: skip
    before = release(system, "1.8.3")
    made = deployment(
        release(system), environment, "rolling_out", observed=seen, observed_at=clock.now(), previous_release=before
    )
    said = text(signed_in(factories.member(system, "viewer")).get(f"/deployments/{made.pk}"))
    assert "New, 1.9.0 api:new, 1 of 2 running" in said
    assert "Old, 1.8.3 api:old, 2 of 2 running" in said
    assert "ended by themselves: api with code 1" in said
    assert "67 % old 1.8.3, 2 tasks" in said
    assert "33 % new 1.9.0, 1 task" in said


def test_silence_of_aws_is_shown_as_not_known(system: System, environment: Environment) -> None:
    made = deployment(release(system), environment, "rolling_out", unknown_since=clock.now())
    page_ = signed_in(factories.member(system, "viewer")).get(f"/deployments/{made.pk}").content.decode()
    assert 'class="st chip unknown"' in page_
    assert "AWS does not answer" in page_


def test_nothing_is_ticked_as_proved_before_success(system: System, environment: Environment) -> None:
    made = deployment(release(system), environment, "baking", verdict={})
    assert {line.state for line in page.proof_of(made)} == {"not_yet"}


@pytest.mark.parametrize(("role", "offered"), [("viewer", False), ("developer", False), ("operator", True)])
def test_only_an_operator_is_offered_to_abort(
    system: System, environment: Environment, role: str, offered: bool
) -> None:
    made = deployment(release(system), environment, "rolling_out")
    client = signed_in(factories.member(system, role))
    assert (f"/deployments/{made.pk}/abort" in client.get(f"/deployments/{made.pk}").content.decode()) is offered
    client.post(f"/deployments/{made.pk}/abort", {"confirm": "staging"})
    made.refresh_from_db()
    assert (made.abort_requested_at is not None) is offered


def test_aborting_asks_for_the_name(system: System, environment: Environment) -> None:
    made = deployment(release(system), environment, "rolling_out")
    client = signed_in(factories.member(system, "operator"))
    client.post(f"/deployments/{made.pk}/abort", {"confirm": "production"})
    made.refresh_from_db()
    assert made.abort_requested_at is None


def test_strangers_find_neither_release_nor_deployment(system: System, environment: Environment) -> None:
    of = release(system)
    made = deployment(of, environment, "succeeded")
    client = signed_in(factories.member(factories.system(), "admin"))
    for path in (f"/releases/{of.pk}", f"/deployments/{made.pk}"):
        assert client.get(path).status_code == 404
        assert Client().get(path).headers["Location"].startswith("/accounts/login/")
    for action in ("approve", "revoke", "abort", "pause", "promote", "rollback"):
        assert client.post(f"/deployments/{made.pk}/{action}").status_code == 404
    assert "1.9.0" not in text(client.get("/releases"))


def test_a_viewer_deploys_nothing(system: System, environment: Environment) -> None:
    of = release(system)
    client = signed_in(factories.member(system, "viewer"))
    assert "needs the role developer" in text(client.get(f"/releases/{of.pk}"))
    assert client.post("/environments/shop/staging/deployments", {"release": str(of.pk)}).status_code == 403
    assert not Deployment.objects.exists()


def test_a_release_cannot_go_where_nothing_is_applied_and_the_page_says_so(
    system: System, environment: Environment
) -> None:
    of = release(system)
    client = signed_in(factories.member(system, "developer"))
    said = text(client.post("/environments/shop/staging/deployments", {"release": str(of.pk)}, follow=True))
    assert "Plan and apply the infrastructure first" in said


def test_a_release_says_where_it_runs_and_why_not_elsewhere(system: System, environment: Environment) -> None:
    factories.environment(system, "live", tier="production")
    of = release(system, decisions={"live": {"deploys": False, "reason": "deploys only when someone asks"}})
    deployment(of, environment, "succeeded", finished_at=clock.now())
    said = text(signed_in(factories.member(system, "viewer")).get(f"/releases/{of.pk}"))
    assert "Runs here" in said
    assert "deploys only when someone asks" in said


@pytest.mark.parametrize("state", sorted(DEPLOYMENT.states))
def test_what_a_policy_said_on_arrival_is_not_said_of_what_has_ended(
    system: System, environment: Environment, state: str
) -> None:
    reason = "It is newer than what runs here, and this environment deploys by itself."
    of = release(system, decisions={"staging": {"deploys": True, "reason": reason}})
    client = signed_in(factories.member(system, "viewer"))
    assert reason in text(client.get(f"/releases/{of.pk}"))
    ended = state in DEPLOYMENT.final
    deployment(of, environment, state, automatic=True, finished_at=clock.now() if ended else None)
    said = text(client.get(f"/releases/{of.pk}"))
    assert (reason in said) == (not ended)
    assert (releases.ENDED.get(state, "") in said) == (state != "succeeded")
    deployment(release(system, "2.0.0"), environment, "succeeded", finished_at=clock.now())
    assert (releases.ENDED.get(state, "") in text(client.get(f"/releases/{of.pk}"))) or not ended


def test_what_runs_is_linked_and_what_was_taken_back_after_it_says_why(
    system: System, environment: Environment
) -> None:
    of, now = release(system), clock.now()
    proved = deployment(of, environment, "succeeded", created_at=now - timedelta(hours=1), finished_at=now)
    failure = {"cause": "2 of 2 new tasks failed their health check"}
    back = deployment(of, environment, "rolled_back", created_at=now, finished_at=now, failure=failure)
    response = signed_in(factories.member(system, "viewer")).get(f"/releases/{of.pk}")
    places = re.search(r'id="release-places".*?</section>', response.content.decode(), re.S)
    assert places
    links = re.findall(r'<a\s[^>]*href="/deployments/([^"]+)"[^>]*>(.*?)</a>', places[0], re.S)
    said = [(pk, re.sub(r"<[^>]+>", "", words).strip()) for pk, words in links]
    assert said == [(str(proved.pk), "Runs here"), (str(back.pk), "Rolled back"), (str(proved.pk), "Look")]
    assert failure["cause"] in places[0]


def test_an_older_release_does_not_claim_to_run(system: System, environment: Environment) -> None:
    older, newer = release(system, "1.8.3"), release(system, "1.9.0")
    deployment(older, environment, "succeeded", finished_at=clock.now() - timedelta(hours=1))
    deployment(newer, environment, "succeeded", finished_at=clock.now())
    client = signed_in(factories.member(system, "viewer"))
    assert "Runs here" not in text(client.get(f"/releases/{older.pk}"))
    assert "Runs here" in text(client.get(f"/releases/{newer.pk}"))


def test_the_fleet_shows_the_running_version_and_what_is_under_way(system: System, environment: Environment) -> None:
    deployment(release(system, "1.8.3"), environment, "succeeded", finished_at=clock.now())
    deployment(release(system, "1.9.0"), environment, "rolling_out", created_at=clock.now() + timedelta(seconds=1))
    said = text(signed_in(factories.member(system, "viewer")).get("/"))
    assert "staging 1.8.3 api" in said
    assert "api 1.9.0 Rolling out" in said
    assert "1 under way" in said


def test_a_failed_deployment_is_wrong_until_a_newer_one_is_there(system: System, environment: Environment) -> None:
    client = signed_in(factories.member(system, "viewer"))
    deployment(release(system, "1.8.3"), environment, "failed", failure={"cause": "It crashed at start"})
    assert "It crashed at start" in text(client.get("/"))
    deployment(release(system, "1.9.0"), environment, "succeeded", created_at=clock.now() + timedelta(seconds=1))
    assert "Nothing is wrong." in text(client.get("/"))


@pytest.mark.parametrize("path", ["/releases", "/", "/environments/shop/staging"])
def test_the_number_of_queries_does_not_grow_with_history(system: System, environment: Environment, path: str) -> None:
    client = signed_in(factories.member(system, "viewer"))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    deployment(release(system, "1.0.0"), environment, "succeeded", finished_at=clock.now())
    few = queries()
    for number in range(1, 6):
        deployment(release(system, f"1.0.{number}"), environment, "succeeded", finished_at=clock.now())
    assert queries() == few


# ---- The stage line


def stages(state: str, *, back: bool = False, reached: int = 0, ended: bool = False) -> list[tuple[str, str, str]]:
    now = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
    times = [now - timedelta(minutes=ago) if index < reached else None for index, ago in enumerate((30, 20, 10))]
    made = Deployment(
        state=state,
        created_at=now - timedelta(hours=1),
        started_at=times[0],
        rolling_out_at=times[1],
        baking_at=times[2],
        rolling_back_at=now if back else None,
        finished_at=now if ended else None,
    )
    return [(stage.name, stage.place, stage.state) for stage in page.stages_of(made, None, now)]


def test_a_rollout_under_way_is_now() -> None:
    assert stages("rolling_out", reached=2)[2] == ("Roll out", "now", "rolling_out")


def test_success_is_done_to_the_end() -> None:
    assert {place for _, place, _ in stages("succeeded", reached=3, ended=True)} == {"done"}


def test_what_is_taken_back_ends_in_the_way_back() -> None:
    assert stages("rolling_back", reached=2, back=True)[-2:] == [
        ("Roll out", "done", "failed"),
        ("Back", "now", "rolling_back"),
    ]


def test_what_failed_while_preparing_stopped_there() -> None:
    line = stages("failed", reached=1, ended=True)
    assert line[1] == ("Prepare", "now", "failed")
    assert [place for _, place, _ in line[2:]] == ["", "", ""]


@pytest.mark.parametrize("query", ["1.9.0", "api 1.9", "API 1.9.0"])
def test_a_release_is_found_by_its_version(system: System, environment: Environment, query: str) -> None:
    found = release(system)
    release(system, "1.8.3")
    answer = signed_in(factories.member(system, "viewer")).get("/search", {"q": query})
    assert answer.headers["Location"] == f"/releases/{found.pk}"


def test_an_environment_says_why_a_release_was_not_deployed(system: System, environment: Environment) -> None:
    why = "This environment deploys only when someone asks for it."
    held = release(system, decisions={"staging": {"deploys": False, "reason": why}})
    client = signed_in(factories.member(system, "viewer"))
    path = "/environments/shop/staging"
    assert f"api 1.9.0 was not deployed {why}" in text(client.get(path))
    deployment(held, environment, "queued")
    assert "was not deployed" not in text(client.get(path))


@pytest.mark.parametrize(("desired", "limit"), [(0, 3), (2, 3), (9, 5), (500, 200)])
def test_failed_tasks_are_counted_against_what_ecs_allows(
    system: System, environment: Environment, desired: int, limit: int
) -> None:
    rollout = {"id": "ecs-svc/1", "status": "PRIMARY", "state": "IN_PROGRESS", "reason": "", "generation": "new",
               "desired": desired, "running": 0, "pending": 1, "failed": 1}  # fmt: skip
    observed = {"tasks": [], "rollouts": [rollout], "failures": {"a": "crashed", "b": "crashed"}}
    previous = release(system, "1.8.3")
    row = deployment(release(system), environment, "rolling_out", observed=observed, previous_release=previous)
    client = signed_in(factories.member(system, "viewer"))
    said = f"2 tasks of the new version failed so far; ECS takes it back after {limit}."
    assert said in text(client.get(f"/deployments/{row.pk}"))
    Deployment.objects.filter(pk=row.pk).update(previous_release=None)
    assert f"failed so far; ECS stops it after {limit}." in text(client.get(f"/deployments/{row.pk}"))
    off = {"strategy": {"circuit_breaker": {"enabled": False, "rollback": True}}}
    Deployment.objects.filter(pk=row.pk).update(bound=off)
    assert "failed so far." in text(client.get(f"/deployments/{row.pk}"))
    Deployment.objects.filter(pk=row.pk).update(observed={**observed, "rollouts": [], "failures": {}})
    assert "failed so far" not in text(client.get(f"/deployments/{row.pk}"))
