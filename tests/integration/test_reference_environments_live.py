"""Every environment of the five systems, through the product: loaded, planned, approved, applied, changed, destroyed.

One of each shape is part of `make test`, the rest of `make test-systems`.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from controlplane.core.actors import Actor
from environments_app.models import ConfigVersion, Environment, Run, StateVersion
from environments_app.schema import canonical, load_blueprint
from environments_app.services import blueprints, configs
from tests.reference_figures import not_made
from tests.run_helpers import approve_and_apply, plan, text_of
from tests.sandbox_fixture import SandboxProcess
from tests.terraform_fixture import REPOSITORY_ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
SHAPES = {
    ("dougust", "staging"): "Fargate behind a load balancer",
    ("programador-musical", "staging"): "spot instances",
    ("verificadores", "staging"): "a CDN with a firewall",
}
REST = [
    ("cloudweave", "staging"),
    ("cloudweave", "production"),
    ("dougust", "production"),
    ("programador-musical", "production"),
    ("tvmaze-ingestion", "development"),
    ("tvmaze-ingestion", "production"),
    ("verificadores", "production"),
]
ENVIRONMENTS = [pytest.param(*where, id=shape) for where, shape in SHAPES.items()] + [
    pytest.param(*where, id="-".join(where), marks=pytest.mark.systems) for where in REST
]
ACTOR = Actor.slipway("test")


def test_none_is_left_out() -> None:
    files = (REPOSITORY_ROOT / "blueprints").glob("*.yaml")
    loaded = [load_blueprint(file) for file in files]
    assert {(each.system, entry.name) for each in loaded for entry in each.environments} == {*SHAPES, *REST}


@pytest.fixture
def environment(system: str, name: str, sandbox: SandboxProcess) -> Environment:
    sandbox.control("POST", "reset")
    made = blueprints.load(ACTOR, load_blueprint(REPOSITORY_ROOT / f"blueprints/{system}.yaml"))
    found: Environment = made.environments.select_related("system").get(slug=name)
    if dns := found.config_version.config.dns:
        sandbox.client("route53").create_hosted_zone(Name=dns.zone, CallerReference="the owner of the domain")
    return found


@pytest.mark.parametrize(("system", "name"), ENVIRONMENTS)
def test_an_environment_lives(environment: Environment, sandbox: SandboxProcess) -> None:
    made = applied(environment, sandbox)
    state = StateVersion.objects.get(run=made)
    assert state.resources == made.summary["add"] > 20
    system, name = environment.system.slug, environment.slug
    assert not_made(system, name, resources(kept_state(environment, sandbox), state.outputs)) == []

    again = plan(environment)
    assert again.state == "no_changes", json.dumps(again.summary["changes"])
    assert_no_secret_rests(environment, sandbox)

    # An operator lets go of what is protected, before the environment is taken away.
    save(environment, let_go(canonical(environment.config_version.config)))
    changed = applied(environment, sandbox)
    assert {item["action"] for item in changed.summary["changes"]} <= {"update", "create", "destroy"}
    assert plan(environment).state == "no_changes"

    end = applied(environment, sandbox, "destroy")
    assert StateVersion.objects.get(run=end).resources == 0


def applied(environment: Environment, sandbox: SandboxProcess, kind: str = "apply") -> Run:
    run = plan(environment, kind)
    assert run.state == "awaiting_approval", text_of(run)
    run = approve_and_apply(run)
    assert run.state == "applied", f"{text_of(run)}\n{refused_changes(sandbox)}"
    return run


def refused_changes(sandbox: SandboxProcess) -> str:
    """The changes that the sandbox refused, each after the same calls before it: whether a client asked twice."""
    calls = sandbox.control("GET", "calls?mutating=1")
    wrong = [(call["action"], call["parameters"]) for call in calls if call["status"] >= 400]
    asked = [call for call in calls if (call["action"], call["parameters"]) in wrong]
    return "\n".join(json.dumps(call) for call in asked)


def let_go(document: dict[str, Any]) -> dict[str, Any]:
    """The same without protection against loss, and with logs that are kept for other days."""
    for section in ("database", "load_balancer"):
        if document[section]:
            document[section] |= {"deletion_protection": False}
    for bucket in document["buckets"].values():
        bucket["force_destroy"] = True
    document["registry"]["force_delete"] = True
    document["backup"]["force_destroy"] = True
    if document["audit_trail"]:
        document["audit_trail"]["force_destroy"] = True
    document["logs"]["retention_days"] = 5
    return document


def save(environment: Environment, document: dict[str, Any]) -> None:
    based_on = environment.config_versions.latest("number").number
    saved = configs.save_config(ACTOR, environment, document, based_on=based_on, reason="the end")
    assert isinstance(saved, ConfigVersion), saved
    environment.__dict__.pop("config_version", None)


def kept_state(environment: Environment, sandbox: SandboxProcess) -> str:
    """Terraform's state, as it lies in its bucket."""
    s3 = sandbox.client("s3")
    bucket = next(each["Name"] for each in s3.list_buckets()["Buckets"] if each["Name"].startswith("slipway-state-"))
    key = f"{environment.system.slug}/{environment.slug}/terraform.tfstate"
    kept: str = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return kept


def resources(kept: str, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes by address of what a state holds, beside the outputs."""
    found = {f"output.{name}": value for name, value in outputs.items()}
    for each in json.loads(kept)["resources"]:
        for instance in each["instances"] if each["mode"] == "managed" else ():
            index = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
            place = ".".join(filter(None, (each.get("module"), each["type"], each["name"])))
            found[place + index] = instance["attributes"]
    return found


def assert_no_secret_rests(environment: Environment, sandbox: SandboxProcess) -> None:
    """Neither in Terraform's state nor in a row or an output."""
    secrets = sandbox.client("secretsmanager")
    kept = kept_state(environment, sandbox)
    kept += json.dumps([*Run.objects.values(), *StateVersion.objects.values()], default=str)
    kept += "".join(text_of(run) for run in Run.objects.all())
    entries = secrets.list_secrets()["SecretList"]
    for entry in entries:
        versions = secrets.list_secret_version_ids(SecretId=entry["ARN"])["Versions"]
        for version in versions:
            value = secrets.get_secret_value(SecretId=entry["ARN"], VersionId=version["VersionId"])["SecretString"]
            assert value not in kept, f"the value of {entry['Name']} rests"
