"""Environments are made by page: from a blueprint file, from another environment; whom alarms reach is found there."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, AuditEvent, System, User
from environments_app import schema
from environments_app.models import BlueprintFile, ConfigVersion, Environment
from environments_app.services import blueprints, configs
from tests import factories

pytestmark = pytest.mark.django_db
FILE = Path(__file__).resolve().parents[2] / "blueprints/tvmaze-ingestion.yaml"
TEXT = FILE.read_text(encoding="utf-8")


@pytest.fixture
def root() -> User:
    return factories.user("root", is_superuser=True, is_staff=True)


@pytest.fixture
def live() -> Environment:
    return factories.environment(factories.system("shop"), "live", tier="production", required_approvals=2)


@pytest.fixture
def anna(live: Environment) -> User:
    return factories.member(live.system, "admin", "anna")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


# ---- Blueprints


def test_a_file_is_looked_at_and_then_loaded(root: User) -> None:
    client = signed_in(root)
    page = text(client.post("/blueprints", {"file": SimpleUploadedFile("tv.yaml", TEXT.encode()), "do": "look"}))
    assert "What loading tvmaze-ingestion would do" in page
    assert not System.objects.exists(), "nothing is stored yet"
    # The browser sends the text back with its own line ends.
    answer = client.post("/blueprints", {"text": TEXT.replace("\n", "\r\n"), "do": "load"}, follow=True)
    assert "Made of the file: development, " in text(answer)
    assert Environment.objects.filter(system__slug="tvmaze-ingestion").count() > 1
    assert client.get("/systems/tvmaze-ingestion/blueprint.yaml").content.decode() == TEXT


def test_loading_again_says_that_all_was_there(root: User) -> None:
    blueprints.load(Actor.slipway("test"), schema.load_blueprint(FILE))
    page = text(signed_in(root).post("/blueprints", {"text": TEXT, "do": "look"}))
    assert "stays as it is: there is one already" in page
    assert ">is made" not in page
    again = text(signed_in(root).post("/blueprints", {"text": TEXT, "do": "load"}, follow=True))
    assert "nothing, all of it was there" in again


def test_every_problem_of_a_file_is_said_and_the_file_stays(root: User) -> None:
    wrong = TEXT.replace("zone_count: 2", "zone_count: 9").replace("tier: development", "tier: high")
    answer = signed_in(root).post("/blueprints", {"file": SimpleUploadedFile("tv.yaml", wrong.encode()), "do": "load"})
    page = text(answer)
    assert answer.status_code == 422
    assert "environments.development.tier" in page
    assert "environments.development.config.network.zone_count" in page
    assert "tier: high" in page
    assert not System.objects.exists()


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "Choose a file, or paste a blueprint."),
        ({"file": SimpleUploadedFile("x.yaml", b"\xff\xfe")}, "The file is not readable as UTF-8."),
        ({"text": "a: ["}, "not readable as YAML"),
    ],
)
def test_what_is_no_file_of_the_kind_is_said(root: User, sent: dict[str, Any], says: str) -> None:
    answer = signed_in(root).post("/blueprints", {**sent, "do": "look"})
    assert answer.status_code == 422
    assert says in text(answer)


def test_an_admin_of_another_system_loads_no_new_one(anna: User) -> None:
    answer = signed_in(anna).post("/blueprints", {"text": TEXT, "do": "load"})
    assert answer.status_code == 403
    assert "a superuser makes new ones" in text(answer)
    assert AuditEvent.objects.filter(action="blueprint.loaded", refused=True).exists()
    assert not System.objects.filter(slug="tvmaze-ingestion").exists()


def test_programs_load_and_export_files_too(root: User, anna: User) -> None:
    def call(who: User, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {ApiToken.issue(who, 'test')[1]}"}
        return getattr(Client(), method)(f"/api/v1{path}", body, content_type="application/json", headers=headers)

    refused = call(anna, "post", "/blueprints", {"text": TEXT})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN")
    loaded = call(root, "post", "/blueprints", {"text": TEXT})
    assert loaded.status_code == 201
    names = [each.name for each in schema.load_blueprint(FILE).environments]
    assert loaded.json() == {"system": "tvmaze-ingestion", "made": names, "kept": []}
    assert call(root, "post", "/blueprints", {"text": TEXT}).json()["kept"] == names
    assert call(root, "get", "/systems/tvmaze-ingestion/blueprint").content.decode() == TEXT
    wrong = call(root, "post", "/blueprints", {"text": TEXT.replace("zone_count: 2", "zone_count: 9")}).json()["error"]
    assert wrong["code"] == "BLUEPRINT_INVALID"
    assert "environments.development.config.network.zone_count" in {
        each["path"] for each in wrong["details"]["problems"]
    }


# ---- New environments


def fields(live: Environment, source: str, **more: str) -> dict[str, str]:
    made = {
        "system": str(live.system_id),
        "name": "eu-live",
        "tier": "production",
        "source": source,
        "reason": "Europe",
    }
    return {**made, "required_approvals": "2", "required_release_approvals": "1", **more}


def test_an_environment_is_made_of_another_one(live: Environment, anna: User) -> None:
    answer = signed_in(anna).post("/environments/new", fields(live, f"environment:{live.pk}"), follow=True)
    assert "shop/eu-live is made." in text(answer)
    made = Environment.objects.get(slug="eu-live")
    assert (made.tier, made.protection.rules.required_approvals) == ("production", 2)
    assert made.config_version.digest == live.config_version.digest
    assert (made.config_version.author, made.config_version.reason) == (anna, "Europe")
    assert AuditEvent.objects.get(action="environment.created").environment == "eu-live"


def test_an_environment_is_made_of_a_files(live: Environment, root: User) -> None:
    blueprints.load(Actor.slipway("test"), schema.load_blueprint(FILE))
    kept = BlueprintFile.objects.get()
    answer = signed_in(root).post("/environments/new", fields(live, f"file:{kept.pk}:production"), follow=True)
    assert "shop/eu-live is made." in text(answer)
    of_file = {each.name: each.config for each in schema.load_blueprint(FILE).environments}
    assert Environment.objects.get(slug="eu-live").config_version.config == of_file["production"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "live"}, "shop has an environment live already."),
        ({"name": "Live!"}, "Small letters, digits and single hyphens"),
        ({"reason": ""}, "This field is required."),
        ({"required_approvals": "99"}, 'aria-invalid="true"'),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(
    live: Environment, anna: User, change: dict[str, str], says: str
) -> None:
    sent = fields(live, f"environment:{live.pk}", **change)
    answer = signed_in(anna).post("/environments/new", sent)
    assert answer.status_code in (409, 422)
    assert says in text(answer)
    assert Environment.objects.count() == 1


def test_nothing_is_copied_that_one_does_not_see_and_nothing_made_elsewhere(live: Environment, anna: User) -> None:
    hidden = factories.environment(factories.system("secret"), "live")
    for sent in (
        fields(live, f"environment:{hidden.pk}"),
        fields(hidden, f"environment:{live.pk}"),
    ):
        assert signed_in(anna).post("/environments/new", sent).status_code == 422
    assert not Environment.objects.filter(slug="eu-live").exists()


def test_the_admin_pages_lead_to_the_form(root: User) -> None:
    assert signed_in(root).get("/admin/environments/environment/add/")["Location"] == "/environments/new"


# ---- Alert routes


def with_route(environment: Environment, target: str) -> None:
    route = {"severity": "critical", "channel": "email", "target": target}
    document = {**factories.SMALL_CONFIG, "alert_routes": [route]}
    number = environment.config_version.number
    saved = configs.save_config(Actor.slipway("test"), environment, document, based_on=number, reason="test")
    assert isinstance(saved, ConfigVersion)


def test_alert_routes_are_found_over_all_environments_that_one_sees(live: Environment, anna: User) -> None:
    with_route(live, "old@example.com")
    with_route(live, "shop@example.com")
    with_route(factories.environment(live.system, "staging"), "staging@example.com")
    with_route(factories.environment(factories.system("secret"), "live"), "secret@example.com")
    client = signed_in(anna)
    page = text(client.get("/alert-routes"))
    assert "shop@example.com" in page
    assert "staging@example.com" in page
    assert "old@example.com" not in page, "only the newest configuration counts"
    assert "secret@example.com" not in page
    found = text(client.get("/alert-routes?q=SHOP@"))
    assert "shop@example.com" in found
    assert "staging@example.com" not in found
    assert "Nothing found" in text(client.get("/alert-routes?q=nobody"))


@pytest.mark.parametrize("path", ["/alert-routes", "/blueprints", "/environments/new"])
def test_lists_ask_as_often_however_many_there_are(live: Environment, anna: User, path: str) -> None:
    client = signed_in(anna)
    with_route(live, "a@example.com")
    client.get(path)  # the session's own first queries
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    for number in range(4):
        with_route(factories.environment(live.system, f"more-{number}"), "b@example.com")
        other = factories.system()
        other.memberships.create(user=anna, role="admin")
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) == len(few)
