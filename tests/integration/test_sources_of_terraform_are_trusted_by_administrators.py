"""Foreign Terraform is off until an administrator trusts it; what decides about rights is an admin's alone."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from controlplane.core.actors import Actor
from controlplane.core.models import ApiToken, AuditEvent, User
from controlplane.lib.errors import Refusal
from environments_app import jobs, schema
from environments_app.models import ConfigVersion, Environment, SourceReading, TrustedSource
from environments_app.services import configs, sources
from tests import factories
from tests.own_terraform_world import administrator, document, environment, git, repository, trust

pytestmark = pytest.mark.django_db
SOURCE = "https://git.example.com/team/code.git"
COMMIT = "a" * 40


def asks(person: User, source: str = SOURCE, reference: str = "main", reason: str = "ours") -> TrustedSource | Refusal:
    return sources.trust(Actor.person(person), factories.system(), source, reference, reason)


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_no_role_in_a_system_is_enough(role: str) -> None:
    system = factories.system()
    outcome = sources.trust(Actor.person(factories.member(system, role)), system, SOURCE, "main", "ours")
    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.status) == ("FORBIDDEN", 403)
    assert AuditEvent.objects.get(action="source.trusted").refused


def test_trust_and_its_end_leave_a_trail() -> None:
    trusted = trust(factories.system(), SOURCE)
    assert trust(trusted.system, SOURCE) == trusted, "asked again, nothing changes"
    assert isinstance(sources.revoke(Actor.person(factories.user()), trusted), Refusal)
    assert sources.revoke(Actor.person(administrator()), trusted) == trusted
    assert isinstance(sources.revoke(Actor.person(administrator()), trusted), Refusal)
    trail = AuditEvent.objects.filter(subject_id=str(trusted.pk)).order_by("at")
    assert [(event.action, event.refused) for event in trail] == [
        ("source.trusted", False),
        ("source.revoked", True),
        ("source.revoked", False),
    ]
    assert trust(trusted.system, SOURCE) != trusted, "trusted anew, by a new word"


@pytest.mark.parametrize(
    ("source", "reference", "reason", "code"),
    [
        ("http://git.example.com/code", "main", "ours", "SOURCE_INVALID"),
        ("https://me:secret@git.example.com/code", "main", "ours", "SOURCE_INVALID"),
        ("ext::sh -c id", "main", "ours", "SOURCE_INVALID"),
        ("git@-oProxyCommand=id:code", "main", "ours", "SOURCE_INVALID"),
        ("--upload-pack=id", "main", "ours", "SOURCE_INVALID"),
        ("https://git.example.com/../code", "main", "ours", "SOURCE_INVALID"),
        (SOURCE, "", "ours", "REFERENCE_INVALID"),
        (SOURCE, "refs/pull/1/head", "ours", "REFERENCE_INVALID"),
        (SOURCE, "--force", "ours", "REFERENCE_INVALID"),
        ("/code", "main", "ours", "REFERENCE_INVALID"),
        (SOURCE, "main", " ", "REASON_MISSING"),
    ],
)
def test_what_cannot_be_trusted(source: str, reference: str, reason: str, code: str) -> None:
    outcome = asks(administrator(), source, reference, reason)
    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.status) == (code, 422)


@pytest.mark.parametrize(
    ("trusted", "reference", "covered"),
    [
        ("main", "main", True),
        ("main", "other", False),
        ("release/*", "release/1.2", True),
        ("*", "main", True),
        # A host gives out the commits of forks under their ids, too: a pattern never means one.
        ("*", COMMIT, False),
        (COMMIT, COMMIT, True),
    ],
)
def test_which_references_a_trust_covers(trusted: str, reference: str, covered: bool) -> None:
    system = factories.system()
    trust(system, SOURCE, trusted)
    own = schema.own_terraform.OwnTerraform(source=SOURCE, reference=reference)
    assert (sources.untrusted(system, own) is None) == covered
    assert sources.untrusted(factories.system(), own) is not None, "another system's trust is its own"


# ---- The configuration


def saves(made: Environment, person: User, changes: dict[str, Any]) -> ConfigVersion | Refusal:
    made.__dict__.pop("config_version", None)
    newest = made.config_version
    return configs.save_config(
        Actor.person(person), made, {**newest.document, **changes}, based_on=newest.number, reason="a change"
    )


ROLE = "arn:aws:iam::123456789012:role/slipway"


@pytest.mark.parametrize(
    "changes",
    [
        {"account_role_arn": ROLE},
        {"account_roles": {"plan": ROLE}},
        {"account_roles": {"deploy": ROLE}},
        {"terraform": {"source": SOURCE, "reference": "other"}},
        {"terraform": {"source": SOURCE, "reference": "main", "path": "live"}},
        {"terraform": {"source": SOURCE, "reference": "main", "secret_variables": {"a": {"name": "others/secret"}}}},
        {"terraform": None},
    ],
)
def test_roles_and_sources_are_set_by_admins_only(changes: dict[str, Any]) -> None:
    made = environment(SOURCE)
    if changes == {"terraform": None}:
        changes = {**factories.SMALL_CONFIG, **changes}
    refused = saves(made, factories.member(made.system, "operator"), changes)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.status) == ("ADMINS_ONLY", 403)
    assert isinstance(saves(made, factories.member(made.system, "admin"), changes), ConfigVersion)


def test_an_operator_may_change_the_rest() -> None:
    made = environment(SOURCE)
    values = {"terraform": {"source": SOURCE, "reference": "main", "variables": {"number": 2}}, "tags": {"team": "a"}}
    assert isinstance(saves(made, factories.member(made.system, "operator"), values), ConfigVersion)


@pytest.mark.django_db(transaction=True)
def test_once_it_was_read_a_wrong_variable_is_refused_when_it_is_saved(allowed: Path) -> None:
    code = repository(allowed / "code", like="three_hundred")
    made = environment(code.source)
    jobs.read_source(str(made.pk))
    assert not SourceReading.objects.exists(), "nothing is read before it is trusted"
    trust(made.system, code.source)
    jobs.read_source(str(made.pk))
    assert SourceReading.objects.get().commit == git(code.folder, "rev-parse", "HEAD")
    refused = saves(
        made,
        factories.member(made.system, "admin"),
        {"terraform": document(code.source, variables={"number": "lots", "retention": 7})["terraform"]},
    )
    assert isinstance(refused, Refusal)
    assert [problem["path"] for problem in refused.details["problems"]] == [
        "terraform.variables.retention",
        "terraform.variables.number",
    ]


# ---- Pages and API


def test_the_page_shows_the_external_id_and_takes_an_administrators_word() -> None:
    made = environment(SOURCE)
    address = f"/systems/{made.system.slug}/sources"
    client = Client()
    client.force_login(administrator())
    assert str(made.system.external_id) in client.get(address).content.decode()
    wrong = client.post(f"{address}/trust", {"source": "ftp://x", "reference": "main", "reason": "ours"})
    assert wrong.status_code == 422
    assert "is no source" in wrong.content.decode()
    client.post(f"{address}/trust", {"source": SOURCE, "reference": "main", "reason": "ours"})
    trusted = TrustedSource.objects.get()
    assert SOURCE in client.get(address).content.decode()
    client.post(f"{address}/{trusted.pk}/revoke")
    trusted.refresh_from_db()
    assert trusted.revoked_at is not None


@pytest.mark.django_db(transaction=True)
def test_the_configurations_page_shows_the_variables(allowed: Path) -> None:
    code = repository(allowed / "code", like="nested_modules")
    made = environment(code.source, path="live/production")
    client = Client()
    client.force_login(factories.member(made.system, "viewer"))
    address = f"/environments/{made.system.slug}/production/configuration"
    assert "is not trusted" in client.get(address).content.decode()
    trust(made.system, code.source)
    jobs.read_source(str(made.pk))
    page = client.get(address).content.decode()
    assert "map(object({ owner = string, settings = optional(map(string)) }))" in page
    assert "The prefix is lower-case letters." in page
    assert "sensitive: from a secret store only" in page


def test_the_api_says_the_same() -> None:
    made = environment(SOURCE)
    address = f"/api/v1/systems/{made.system.slug}/sources"
    superuser = administrator()
    headers = {"Authorization": f"Bearer {ApiToken.issue(superuser, 'test')[1]}"}
    asked = {"source": SOURCE, "reference": "main", "reason": "ours"}
    answer = Client().post(address, asked, content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.content
    (listed,) = Client().get(address, headers=headers).json()
    assert (listed["id"], listed["trusted_by_name"]) == (answer.json()["id"], superuser.username)
    ended = Client().post(f"{address}/{listed['id']}/revoke", headers=headers)
    assert ended.json()["revoked_by_name"] == superuser.username
