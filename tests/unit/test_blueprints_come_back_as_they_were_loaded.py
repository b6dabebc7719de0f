"""An export gives back the file that was loaded, byte for byte, until something changes; then one that says what is."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent, System
from controlplane.core.policies import Role
from controlplane.lib.errors import Refusal
from environments_app import schema
from environments_app.models import BlueprintFile, ConfigVersion, Environment
from environments_app.schema.export import concise, render_blueprint, say_the_same
from environments_app.services import blueprints, configs
from tests import factories
from tests.reference_systems import BLUEPRINTS
from tests.unit.test_schema_roundtrip import documents

FIRST = next(iter(BLUEPRINTS.values()))
LOADER = Actor.slipway("test")


def load(blueprint: schema.Blueprint = FIRST) -> System:
    return blueprints.load(LOADER, blueprint)


def change(environment: Environment, **settings: Any) -> None:
    newest = environment.config_version
    document = {**newest.document, **settings}
    saved = configs.save_config(LOADER, environment, document, based_on=newest.number, reason="test")
    assert isinstance(saved, ConfigVersion)


protection = st.builds(
    schema.Protection,
    required_approvals=st.integers(0, 10),
    branches=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    required_evidence=st.dictionaries(st.text(max_size=5), st.floats(0, 100), max_size=2),
)
environments = st.builds(
    lambda name, tier, rules, drawn: schema.BlueprintEnvironment(name, tier, rules, schema.parse(drawn), drawn),
    st.sampled_from(["a", "b", "live"]),
    st.sampled_from(["development", "staging", "production"]),
    protection,
    documents(),
)
drawn_blueprints = st.builds(
    lambda title, description, entries: schema.Blueprint("shop", title, description, "", tuple(entries), ""),
    st.text(max_size=20),
    st.text(max_size=20),
    st.lists(environments, min_size=1, max_size=2, unique_by=lambda each: each.name),
)


@given(drawn_blueprints)
def test_a_rendered_file_reads_back_as_the_same(drawn: schema.Blueprint) -> None:
    assert say_the_same(schema.read_blueprint(render_blueprint(drawn)), drawn)


@given(documents())
def test_leaving_defaults_out_loses_nothing(drawn: dict[str, Any]) -> None:
    config = schema.parse(drawn)
    assert schema.parse(concise(config)) == config


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_the_files_of_the_reference_systems_read_back_when_rendered_anew(name: str) -> None:
    blueprint = BLUEPRINTS[name]
    assert say_the_same(schema.read_blueprint(render_blueprint(blueprint)), blueprint)


@pytest.mark.django_db
@pytest.mark.parametrize("name", BLUEPRINTS)
def test_an_unchanged_system_gives_the_file_back_byte_for_byte(name: str) -> None:
    system = load(BLUEPRINTS[name])
    out = io.StringIO()
    call_command("export_blueprint", system.slug, stdout=out)
    assert out.getvalue() == BLUEPRINTS[name].text


@pytest.mark.django_db
def test_a_changed_system_gives_a_file_that_says_what_is() -> None:
    system = load()
    environment = system.environments.first()
    assert environment
    change(environment, tags={"team": "web"})
    text = blueprints.export(system)
    assert text != FIRST.text
    entries = {each.name: each for each in schema.read_blueprint(text).environments}
    assert entries[environment.slug].config == environment.config_version.config
    assert entries[environment.slug].config.tags == {"team": "web"}
    assert set(entries) == set(system.environments.values_list("slug", flat=True))


@pytest.mark.django_db
def test_what_is_changed_back_gives_the_file_back() -> None:
    system = load()
    environment = system.environments.first()
    assert environment
    before = environment.config_version.document["tags"]
    change(environment, tags={"team": "web"})
    change(environment, tags=before)
    assert blueprints.export(system) == FIRST.text


@pytest.mark.django_db
def test_an_export_makes_the_same_system_elsewhere() -> None:
    system = load()
    environment = system.environments.first()
    assert environment
    change(environment, tags={"team": "web"})
    text = blueprints.export(system)
    elsewhere = blueprints.load(
        LOADER, schema.read_blueprint(text.replace(f"system: {system.slug}", "system: copy", 1))
    )
    assert blueprints.export(elsewhere).replace("system: copy", f"system: {system.slug}", 1) == text


@pytest.mark.django_db
def test_loading_again_keeps_what_people_changed_and_one_copy_of_the_file() -> None:
    system = load()
    environment = system.environments.first()
    assert environment
    change(environment, tags={"team": "web"})
    load()
    assert environment.config_versions.count() == 2
    assert BlueprintFile.objects.filter(system=system).count() == 1


@pytest.mark.django_db
def test_a_system_made_by_hand_is_exported_too() -> None:
    environment = factories.environment(factories.system("shop"), "live")
    read = schema.read_blueprint(blueprints.export(environment.system))
    assert [each.config for each in read.environments] == [environment.config_version.config]


@pytest.mark.django_db
def test_new_systems_are_loaded_by_superusers_others_by_their_admins() -> None:
    text = FIRST.text
    nobody = Actor.person(factories.member(factories.system(), Role.ADMIN))
    refused = blueprints.read(nobody, text)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.status) == ("FORBIDDEN", 403)
    assert AuditEvent.objects.get(action="blueprint.loaded", refused=True).actor_name == nobody.name
    root = Actor.person(factories.user(is_superuser=True))
    assert isinstance(blueprints.read(root, text), schema.Blueprint)
    system = load()
    assert isinstance(blueprints.read(Actor.person(factories.member(system, Role.ADMIN)), text), schema.Blueprint)
    operator = blueprints.read(Actor.person(factories.member(system, Role.OPERATOR)), text)
    assert isinstance(operator, Refusal)
    assert operator.code == "FORBIDDEN"


@pytest.mark.django_db
def test_a_wrong_file_is_refused_with_every_problem() -> None:
    text = (
        "system: Shop\ntitle: x\ndescription: y\nsource_document: z\nenvironments: {live: {tier: high, config: {}}}\n"
    )
    refused = blueprints.read(Actor.person(factories.user(is_superuser=True)), text)
    assert isinstance(refused, Refusal)
    paths = {problem["path"] for problem in refused.details["problems"]}
    assert {"system", "environments.live.tier", "environments.live.config.region"} <= paths


@pytest.mark.django_db
def test_a_system_that_does_not_exist_is_no_file() -> None:
    with pytest.raises(CommandError, match="There is no system nowhere"):
        call_command("export_blueprint", "nowhere")
