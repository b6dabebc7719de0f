"""Hostile code, and code that nobody trusts: the run ends in words, and no terraform process was ever started."""

from pathlib import Path

import pytest

from environments_app.models import Run, SourceReading
from tests.own_terraform_world import Repository, environment, repository, trust
from tests.run_helpers import plan, text_of
from tests.sandbox_fixture import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = {
    "an external data source": (
        'data "external" "it" {\n  program = ["id"]\n}\n',
        'data "external" is refused: it runs a program while Terraform plans',
    ),
    "an http data source": (
        'data "http" "it" {\n  url = "https://example.com"\n}\n',
        'data "http" is refused: it calls an address while Terraform plans',
    ),
    "a provisioner": (
        'resource "terraform_data" "it" {\n  provisioner "local-exec" {\n    command = "id"\n  }\n}\n',
        "a provisioner 'local-exec' runs programs",
    ),
    "a provider that is not listed": (
        'terraform {\n  required_providers {\n    it = { source = "somebody/it" }\n  }\n}\n',
        "the provider somebody/it is not on the list",
    ),
    "a module outside of the source": (
        'module "it" {\n  source = "../../elsewhere"\n}\n',
        "the module ../../elsewhere lies outside of the source",
    ),
    "a file outside of the source": (
        'locals {\n  it = file("/etc/passwd")\n}\n',
        "file() opens '/etc/passwd', outside of the source",
    ),
    "a provider whose profile names a program": (
        'provider "aws" {\n  shared_config_files = ["${path.module}/config"]\n}\n',
        'provider "aws" sets shared_config_files',
    ),
    "a remote state that is read by a profile": (
        'data "terraform_remote_state" "it" {\n  backend = "s3"\n  config = { profile = "x" }\n}\n',
        "a remote state that is read with profile",
    ),
    "a remote state whose settings nobody sees": (
        'data "terraform_remote_state" "that" {\n  backend = "s3"\n  config = local.config\n}\n',
        "a remote state whose config is not written out where it stands",
    ),
    "a template whose path is put together": (
        'locals {\n  that = templatefile("${path.module}/${local.name}.tftpl", {})\n}\n',
        "templatefile() runs a file that is not named in full, or is not of this source",
    ),
    "an upload of a file of the worker": (
        'resource "aws_s3_object" "it" {\n  bucket = "b"\n  key = "k"\n  source = ("/etc/passwd")\n}\n',
        "aws_s3_object.source opens a path that is only known when it runs",
    ),
    "a backend of its own": (
        'terraform {\n  backend "http" {\n    address = "https://example.com"\n  }\n}\n',
        "a backend of its own",
    ),
}


def started_nothing(run: Run) -> None:
    """Each process that a run starts is written into its row first; and Terraform's phases say themselves."""
    assert run.holder_pid is None
    assert run.progress == {}
    assert "Initializing" not in text_of(run)


@pytest.fixture
def code(allowed: Path, sandbox: SandboxProcess) -> Repository:
    sandbox.control("POST", "reset")
    return repository(allowed / "code")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code(name: str, code: Repository) -> None:
    text, words = HOSTILE[name]
    (code.folder / "main.tf").write_text(f"# first line\n{text}")
    code.commit()
    made = environment(code.source)
    trust(made.system, code.source)
    run = plan(made)
    assert (run.state, run.failure["code"]) == ("failed", "TERRAFORM_REFUSED"), run.failure
    assert len(run.failure["details"]) == 1
    assert words in run.failure["details"][0]
    assert run.failure["details"][0].startswith("main.tf line ")
    started_nothing(run)


def test_all_of_it_at_once(code: Repository) -> None:
    for number, (text, _) in enumerate(HOSTILE.values()):
        (code.folder / f"{number}.tf").write_text(text)
    (code.folder / "link.tf").symlink_to("/etc/passwd")
    (code.folder / "surprise.auto.tfvars").write_text("number = 1\n")
    (code.folder / "main.tofu").write_text("")
    code.commit()
    made = environment(code.source)
    trust(made.system, code.source)
    run = plan(made)
    assert {line.split(" ")[0].rstrip(":") for line in run.failure["details"]} == {
        *(f"{number}.tf" for number in range(len(HOSTILE))),
        "link.tf",
        "surprise.auto.tfvars",
        "main.tofu",
    }
    assert SourceReading.objects.get(system=made.system).refused == run.failure["details"]
    started_nothing(run)


def test_a_source_that_nobody_trusts_is_not_even_fetched(code: Repository) -> None:
    made = environment(code.source)
    run = plan(made)
    assert (run.state, run.failure["code"]) == ("failed", "SOURCE_NOT_TRUSTED")
    assert "An administrator of this installation can trust it" in run.failure["cause"]
    assert not SourceReading.objects.exists()
    started_nothing(run)


def test_another_reference_than_the_trusted_one(code: Repository) -> None:
    made = environment(code.source)
    trust(made.system, code.source, "release/*")
    assert plan(made).failure["code"] == "SOURCE_NOT_TRUSTED"


def test_wrong_variables(code: Repository) -> None:
    (code.folder / "main.tf").write_text(
        'variable "zone_count" {\n  type        = number\n  description = "Zones."\n}\n'
    )
    code.commit()
    made = environment(code.source, variables={"zone_count": "two", "zonecount": 2})
    trust(made.system, code.source)
    run = plan(made)
    assert run.failure["code"] == "VARIABLES_INVALID"
    assert run.failure["details"] == [
        "terraform.variables.zonecount: the root module has no such variable; expected: 'zone_count', perhaps",
        "terraform.variables.zone_count: 'two' is no number; expected: a number",
    ]
    started_nothing(run)
