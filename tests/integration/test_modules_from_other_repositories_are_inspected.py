"""Over https, as in earnest: a source and the modules that it uses from other repositories, looked at before init."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from controlplane.lib import clock
from environments_app.models import Run, StateVersion
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
    assert (run.holder_pid, run.progress) == (None, {}), "no terraform process was started"


def test_a_module_that_a_module_names_is_looked_at_before_it_is_fetched(
    source: str, server: GitServer, module: Repository, tmp_path: Path
) -> None:
    """Its repository is not even asked for where the module that names it is refused."""
    (module.folder / "more.tf").write_text(
        f'module "more" {{\n  source = "git::{server.url}/nowhere.git?ref=main"\n}}\n'
        'data "external" "evil" {\n  program = ["id"]\n}\n'
    )
    module.commit()
    made = environment(source)
    trust(made.system, source)
    run = plan(made)
    assert run.failure["code"] == "TERRAFORM_REFUSED", text_of(run)
    assert not [path for path in server.asked if "nowhere" in path]
    assert [path for path in server.asked if path.startswith("/module/")]


def test_a_private_module_is_fetched_where_it_is_trusted(
    source: str, server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger does not sign in; a repository that an administrator trusts is read as the worker."""
    server.demand("worker", "word")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".git-credentials").write_text(f"{server.url.replace('://', '://worker:word@')}\n")
    (home / ".gitconfig").write_text("[credential]\n\thelper = store\n")
    monkeypatch.setenv("HOME", str(home))
    made = environment(source)
    trust(made.system, source)
    run = plan(made)
    assert run.failure["code"] == "SOURCE_FAILED", text_of(run)
    assert "have an administrator trust it" in run.failure["cause"]
    trust(made.system, f"{server.url}/module/.git")
    assert plan(made).state == "awaiting_approval"


def test_a_module_by_ssh_is_read_by_the_workers_key_only_where_it_is_trusted(source: str, tmp_path: Path) -> None:
    code = Repository(tmp_path / "code")
    (code.folder / "main.tf").write_text('module "it" {\n  source = "git::ssh://git@127.0.0.1:1/it.git?ref=v1"\n}\n')
    code.commit()
    made = environment(source)
    trust(made.system, source)
    assert plan(made).failure["code"] == "MODULE_NOT_TRUSTED"
    trust(made.system, "ssh://git@127.0.0.1:1/it.git", "v*")
    assert plan(made).failure["code"] == "SOURCE_FAILED", "asked, where nobody answers"


def test_a_certificate_of_an_unknown_authority_is_refused(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    made = environment(source)
    trust(made.system, source)
    run = plan(made)
    assert run.failure["code"] == "SOURCE_FAILED"
    assert "certificate" in run.failure["cause"].lower(), run.failure


def test_a_run_is_canceled_while_git_waits_for_its_host(source: str, server: GitServer) -> None:
    over = threading.Event()

    def hang(path: str) -> None:
        if path.startswith("/module/"):
            Run.objects.update(cancel_requested_at=clock.now(), cancel_requested_by="anna")
            connection.close()
            over.wait(60)

    server.on_request = hang
    made = environment(source)
    trust(made.system, source)
    run = plan(made)
    over.set()
    assert (run.state, run.failure["cause"]) == ("canceled", "Canceled by anna.")
    assert run.holder_pid is None, "no terraform process was started"
