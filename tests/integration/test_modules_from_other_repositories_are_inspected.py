"""Over https, as in earnest: a source and the modules that it uses from other repositories, looked at before init."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from environments_app.models import StateVersion
from tests.git_server import GitServer, serving
from tests.own_terraform_world import Repository, environment, repository, trust
from tests.run_helpers import approve_and_apply, plan, text_of
from tests.sandbox_fixture import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: SandboxProcess) -> Iterator[GitServer]:
    sandbox.control("POST", "reset")
    with serving(tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
        yield server


@pytest.fixture
def module(tmp_path: Path) -> Repository:
    return repository(tmp_path / "module", like="three_hundred")


@pytest.fixture
def source(tmp_path: Path, server: GitServer, module: Repository) -> str:
    code = repository(tmp_path / "code")
    (code.folder / "main.tf").write_text(
        f'module "many" {{\n  source = "git::{server.url}/module/.git?ref=main"\n  number = 2\n}}\n'
    )
    code.commit()
    return f"{server.url}/code/.git"


def test_what_is_fetched_is_planned_and_exactly_that_is_applied(source: str, module: Repository) -> None:
    made = environment(source)
    trust(made.system, source)
    run = plan(made)
    assert run.state == "awaiting_approval", text_of(run)
    assert run.summary["add"] == 2
    # What the module's repository holds by now is neither looked at nor run.
    (module.folder / "main.tf").write_text('data "external" "evil" {\n  program = ["id"]\n}\n')
    module.commit()
    assert approve_and_apply(run).state == "applied", text_of(run)
    assert StateVersion.objects.get(run=run).resources == 2


def test_a_hostile_module_is_refused_before_init(source: str, module: Repository) -> None:
    (module.folder / "evil.tf").write_text(
        'resource "terraform_data" "evil" {\n  provisioner "local-exec" {\n    command = "id"\n  }\n}\n'
    )
    module.commit()
    made = environment(source)
    trust(made.system, source)
    run = plan(made)
    assert (run.state, run.failure["code"]) == ("failed", "TERRAFORM_REFUSED"), text_of(run)
    (words,) = run.failure["details"]
    assert words.startswith(".terraform/modules/many/evil.tf line 2: a provisioner 'local-exec' runs programs")
    assert run.progress["phase"] == "get", "init was never begun"


def test_a_certificate_of_an_unknown_authority_is_refused(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    made = environment(source)
    trust(made.system, source)
    run = plan(made)
    assert run.failure["code"] == "SOURCE_FAILED"
    assert "certificate" in run.failure["cause"].lower(), run.failure
