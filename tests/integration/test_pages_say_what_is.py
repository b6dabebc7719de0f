"""Pages answer their question, in every state that they can be in, with a constant number of queries."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlplane.core.actors import Actor
from controlplane.core.models import OutputChunk, System, User
from controlplane.core.services import audit, output
from controlplane.lib import clock
from environments_app.models import Run, StateVersion
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def system() -> System:
    return factories.system("shop")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text(response: Any) -> str:
    html = response.content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def queries(client: Client, path: str) -> int:

    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


# ---- Fleet


def test_who_has_no_role_learns_how_to_get_one() -> None:
    page = text(signed_in(factories.user()).get("/"))
    assert "You have no role in any system yet." in page
    assert "An admin gives you a role" in page


def test_a_quiet_fleet_says_so(system: System) -> None:
    factories.environment(system)
    page = text(signed_in(factories.member(system, "approver")).get("/"))
    assert "Nothing is applied yet. Nothing waits for you." in page


def test_the_headline_counts_what_is_wrong_and_what_waits(system: System) -> None:
    developer = factories.member(system, "developer")
    factories.planned_run(factories.environment(system, "staging", tier="staging"), developer)
    lost = factories.run(factories.environment(system, "live", tier="production"), developer)
    Run.objects.filter(pk=lost.pk).update(state="outcome_unknown", applying_at=clock.now())
    page = text(signed_in(factories.member(system, "approver")).get("/"))
    assert "One thing needs a look. One change waits for you." in page
    assert "nobody knows how" in page


def test_an_environment_that_was_never_applied_has_no_cost_and_no_tick(system: System) -> None:
    factories.environment(system)
    page = signed_in(factories.member(system, "viewer")).get("/").content.decode()
    cells = page[page.index("<tbody>") : page.index("</tbody>")]
    assert "never" in cells
    assert "0.00" not in cells
    assert 'class="st good"' not in cells


def test_unpriced_resources_make_the_sum_at_least(system: System) -> None:
    environment = factories.environment(system)
    run = factories.run(environment, factories.member(system, "developer"))
    cost = {"after": {"total_monthly_cost": 12.5, "unknown": ["aws_thing.a"]}}
    Run.objects.filter(pk=run.pk).update(state="applied", cost=cost, finished_at=clock.now())
    StateVersion.objects.create(environment=environment, run=run)
    page = text(signed_in(factories.member(system, "viewer")).get("/"))
    assert "≥ $12.50" in page
    assert "1 resource unpriced" in page


def test_use_that_nobody_stated_makes_every_sum_at_least(system: System) -> None:
    environment = factories.environment(system)
    developer = factories.member(system, "developer")
    run = factories.run(environment, developer)
    sums = {"total_monthly_cost": 12.5, "unknown": []}
    before = {**sums, "resources": {}}
    after = {**sums, "resources": {"aws_thing.a": {"has_unstated_usage": True}}}
    Run.objects.filter(pk=run.pk).update(
        state="applied", cost={"before": after, "after": before}, finished_at=clock.now()
    )
    StateVersion.objects.create(environment=environment, run=run)
    client = signed_in(factories.member(system, "approver"))
    assert "≥" not in text(client.get("/"))
    Run.objects.filter(pk=run.pk).update(cost={"before": before, "after": after})
    page = text(client.get("/"))
    assert "≥ $12.50" in page
    assert "≥ 12.50" in page
    factories.planned_run(environment, developer, cost={"before": before, "after": after, "change": 0})
    for path in ("/", "/inbox"):
        assert "$12.50 to ≥ $12.50 a month" in text(client.get(path))


@pytest.mark.parametrize("path", ["/", "/environments", "/inbox", "/audit"])
def test_the_number_of_queries_does_not_grow_with_the_fleet(system: System, path: str) -> None:
    reader = factories.member(system, "approver")
    developer = factories.member(system, "developer")
    client = signed_in(reader)
    factories.planned_run(factories.environment(system, "one"), developer)
    few = queries(client, path)
    for name in ("two", "three", "four", "five"):
        factories.planned_run(factories.environment(system, name), developer)
    assert queries(client, path) == few


def test_the_inbox_is_oldest_first_and_leaves_out_my_own(system: System) -> None:
    me, other = factories.member(system, "approver"), factories.member(system, "approver")
    for name, asker in (("older", other), ("newer", other), ("mine", me)):
        factories.planned_run(factories.environment(system, name), asker)
    page = text(signed_in(me).get("/inbox"))
    assert page.index("shop/older") < page.index("shop/newer")
    assert "shop/mine" not in page
    assert "2 decisions wait for you." in page


# ---- Environment


def test_a_new_environment_teaches_what_to_do(system: System) -> None:
    factories.environment(system)
    page = text(signed_in(factories.member(system, "developer")).get("/environments/shop/development"))
    assert "Nothing was planned here yet" in page
    assert "Nothing applied yet" in page
    assert "No outputs yet" in page


def test_a_viewer_sees_why_the_plan_button_is_off(system: System) -> None:
    factories.environment(system)
    response = signed_in(factories.member(system, "viewer")).get("/environments/shop/development")
    assert "Needs the role developer. You are viewer." in text(response)
    assert re.search(r"<button[^>]*disabled[^>]*>Plan</button>", response.content.decode())


def test_outputs_are_shown_as_recorded_by_name(system: System) -> None:
    environment = factories.environment(system)
    run = factories.run(environment, factories.member(system, "developer"))
    outputs = {"services": {"api": {"cluster": "c"}}, "load_balancer_url": "http://lb.test"}
    StateVersion.objects.create(environment=environment, run=run, resources=3, outputs=outputs)
    page = text(signed_in(factories.member(system, "viewer")).get("/environments/shop/development"))
    assert page.index("http://lb.test") < page.index("cluster")
    assert "3 resources" in page


def test_an_invalid_configuration_names_every_problem_and_stores_nothing(system: System) -> None:
    environment = factories.environment(system)
    client = signed_in(factories.member(system, "admin"))
    sent = {"document": "region: nowhere\nsurprise: 1\n", "reason": "try", "based_on": "1"}
    response = client.post("/environments/shop/development/configuration/edit/yaml", sent)
    assert response.status_code == 422
    for problem in ("region", "surprise", "network", "services"):
        assert f"<code>{problem}</code>" in response.content.decode()
    assert "region: nowhere" in response.content.decode()
    assert environment.config_versions.count() == 1


def test_a_stale_configuration_is_refused(system: System) -> None:
    environment = factories.environment(system)
    client = signed_in(factories.member(system, "admin"))
    path = "/environments/shop/development/configuration"
    edit = f"{path}/edit/yaml"
    shown = client.get(edit).context["form"].initial["document"]
    changed = shown.replace("max_count: 2", "max_count: 3")
    assert client.post(edit, {"document": changed, "reason": "more", "based_on": "1"}).status_code == 302
    stale = client.post(edit, {"document": shown, "reason": "old", "based_on": "1"})
    assert stale.status_code == 409
    assert "Version 2 was saved meanwhile" in text(stale)
    compared = text(client.get(f"{path}?from=1&to=2"))
    assert "1 setting differs" in compared
    assert "services.api.max_count 2 3" in " ".join(compared.split())
    assert environment.config_versions.count() == 2


# ---- Run


def test_the_raw_output_is_every_line(system: System) -> None:
    run = factories.run(factories.environment(system), factories.member(system, "developer"))
    assert run.stream
    for first in (1, 1001):
        lines = [(1_700_000_000_000 + number, f"line {number}") for number in range(first, first + 1000)]
        OutputChunk.objects.create(
            stream=run.stream, first_line=first, last_line=first + 999, data=output.encode(lines)
        )
    response = signed_in(factories.member(system, "viewer")).get(f"/output/{run.stream_id}.txt")
    said = response.getvalue().decode().splitlines()
    assert [line.partition(" ")[2] for line in said] == [f"line {number}" for number in range(1, 2001)]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("queued", "A worker picks it up"),
        ("planning", "No plan yet"),
        ("no_changes", "There is nothing to apply"),
        ("failed", "The database was full"),
        ("outcome_unknown", "Outcome not known"),
        ("discarded", "Nothing runs any more"),
    ],
)
def test_every_state_of_a_run_has_its_words(system: System, state: str, said: str) -> None:
    run = factories.run(factories.environment(system), factories.member(system, "developer"))
    failure = {"code": "X", "cause": "The database was full", "effect": "Nothing.", "next_step": "Wait.", "details": []}
    ended = state in {"no_changes", "failed", "discarded"}
    Run.objects.filter(pk=run.pk).update(
        state=state,
        planning_at=None if state == "queued" else clock.now(),
        finished_at=clock.now() if ended else None,
        failure=failure if state == "failed" else {},
    )
    assert said in text(signed_in(factories.member(system, "viewer")).get(f"/runs/{run.pk}"))


@pytest.mark.parametrize("field", ["reason", "comment"])
def test_a_refused_run_says_by_whom_and_why(system: System, field: str) -> None:
    run = factories.planned_run(factories.environment(system), factories.member(system, "developer"))
    client = signed_in(factories.member(system, "approver", "ana"))
    assert f'formaction="/runs/{run.pk}/discard"' in client.get(f"/runs/{run.pk}").content.decode()
    client.post(f"/runs/{run.pk}/discard", {field: "not before Monday"})
    page = text(client.get(f"/runs/{run.pk}"))
    assert re.search(r"Refused by ana just now ?: “not before Monday”\. Nothing was changed\.", page)


@pytest.mark.parametrize("applying", [False, True])
def test_a_first_plan_that_failed_is_no_broken_infrastructure(system: System, applying: bool) -> None:
    run = factories.run(factories.environment(system), factories.member(system, "developer"))
    now = clock.now()
    Run.objects.filter(pk=run.pk).update(state="failed", finished_at=now, applying_at=now if applying else None)
    page = text(signed_in(factories.member(system, "viewer")).get("/"))
    assert ("The last plan failed; nothing was ever applied." in page) is not applying
    assert ("The infrastructure is not as its configuration says." in page) is applying


def test_a_drift_check_that_cannot_be_asked_for_says_why(system: System) -> None:
    factories.environment(system)
    for path in ("/environments/shop/development", "/environments/shop/development/infrastructure"):
        developer = text(signed_in(factories.member(system, "developer")).get(path))
        assert "Nothing is applied here, so nothing can have drifted." in developer
        viewer = text(signed_in(factories.member(system, "viewer")).get(path))
        assert viewer.count("Needs the role developer. You are viewer.") == 2


def test_a_refused_page_says_once_what_to_do(system: System) -> None:
    factories.environment(system)
    path = "/environments/shop/development/configuration/edit/yaml"
    answer = signed_in(factories.member(system, "viewer")).get(path)
    assert answer.status_code == 403
    assert text(answer).count("Ask ") == 1


def test_unreadable_yaml_is_pointed_at_by_line_and_column(system: System) -> None:
    factories.environment(system)
    path = "/environments/shop/development/configuration/edit/yaml"
    sent = {"document": "region: us-east-1\nservices: [", "reason": "try", "based_on": "1"}
    page = text(signed_in(factories.member(system, "admin")).post(path, sent))
    assert re.search(r"Not readable as YAML at line 2, column \d+: ", page)
    assert "unicode string" not in page


# ---- Audit, search


def test_the_audit_page_narrows(system: System) -> None:
    factories.environment(system)
    person = factories.member(system, "viewer", "eve")
    audit.record(Actor.person(person), "thing.done", subject=("thing", "abc"), system=system, reason="eve's doing")
    client = signed_in(person)
    assert "eve's doing" in client.get("/audit?actor=eve").content.decode().replace("&#x27;", "'")
    assert "eve's doing" not in client.get("/audit?action=config.").content.decode().replace("&#x27;", "'")
    assert "No event fits" in text(client.get("/audit?subject=zzz"))


def test_the_audit_page_turns_over(system: System) -> None:
    person = factories.member(system, "viewer")
    for number in range(60):
        audit.record(Actor.person(person), "thing.done", subject=("thing", number), system=system)
    page = text(signed_in(person).get("/audit?page=2"))
    assert "Page 2 of 2" in page


def test_search_goes_straight_to_a_single_hit(system: System) -> None:
    run = factories.run(factories.environment(system), factories.member(system, "developer"))
    client = signed_in(factories.member(system, "viewer"))
    assert client.get(f"/search?q={str(run.pk)[:8]}").headers["Location"] == f"/runs/{run.pk}"
    assert client.get("/search?q=shop/dev").headers["Location"] == "/environments/shop/development"
    assert "Nothing found" in text(client.get("/search?q=no-such-thing"))


# ---- Settings


def test_a_token_is_shown_once_and_can_be_revoked(system: System) -> None:
    person = factories.member(system, "developer")
    client = signed_in(person)
    made = client.post("/settings/tokens", {"name": "script", "days": "30"})
    plain = re.search(r"slip_[\w-]{40,}", made.content.decode())
    assert plain
    assert made.headers["Cache-Control"] == "no-store"
    assert plain[0] not in client.get("/settings").content.decode()
    token = person.api_tokens.get()
    assert token.expires_at
    assert clock.now() + timedelta(days=29) < token.expires_at < clock.now() + timedelta(days=31)
    assert signed_in(factories.user()).post(f"/settings/tokens/{token.pk}/revoke").status_code == 404
    client.post(f"/settings/tokens/{token.pk}/revoke")
    assert not person.api_tokens.exists()


def test_theme_and_zone_are_the_readers(system: System) -> None:
    person = factories.member(system, "viewer")
    client = signed_in(person)
    assert client.post("/settings", {"theme": "dark", "timezone": "Mars/Olympus"}).status_code == 422
    client.post("/settings", {"theme": "dark", "timezone": "Asia/Tokyo"})
    page = client.get("/settings").content.decode()
    assert 'data-bs-theme="dark"' in page
    assert 'data-zone="Asia/Tokyo"' in page
    assert " JST" in page
