"""What every Terraform job shares: a workspace, an output writer, a runner whose hooks keep the claim."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from controlplane.core.services.output import OutputWriter
from controlplane.lib import clock, live, toolchain
from controlplane.lib.artefacts import ArtefactMissing, ArtefactStore
from controlplane.lib.aws import Account
from controlplane.lib.errors import SlipwayError, present
from controlplane.lib.process import Ended, Walls
from controlplane.lib.redact import Redactor
from environments_app import accounts, foreign, selectors
from environments_app.models import Run
from environments_app.schema import render_variables
from environments_app.schema.own_terraform import OwnTerraform
from environments_app.services import sources
from environments_app.services.claims import Claim
from environments_app.terraform import walls
from environments_app.terraform.events import Progress
from environments_app.terraform.fetched import Fetched, commit_of
from environments_app.terraform.plan import sensitive_texts
from environments_app.terraform.runner import ERRORED_STATE, Hooks, Runner, TerraformCanceled, TerraformFailed
from environments_app.terraform.state import StateAddress, ensure_bucket
from environments_app.terraform.workspace import SOURCE, Workspace, fingerprint, revision_of


class StateNotSaved(SlipwayError):
    """Terraform could not write its state: what it made is recorded only in the file that was kept."""

    def __init__(self) -> None:
        super().__init__("STATE_NOT_SAVED", "Terraform could not save its state; Slipway has kept its copy")


LOOK_SECONDS = 0.5
PROGRESS_SECONDS = 0.5
"""How often a page is told about progress, at the most."""


@lru_cache(maxsize=1)
def find_tools() -> tuple[Path, str]:
    """The terraform binary and the CLI configuration for its providers; looked for once per process.

    Raises SlipwayError with words that say how to get them.
    """
    environ = {
        **os.environ,
        "SLIPWAY_TERRAFORM_BIN": settings.SLIPWAY_TERRAFORM_BIN,
        "SLIPWAY_TERRAFORM_MIRROR": settings.SLIPWAY_TERRAFORM_MIRROR,
    }
    cache = settings.SLIPWAY_PLUGIN_CACHE_DIR
    cache.mkdir(parents=True, exist_ok=True)
    try:
        mirror = toolchain.find_mirror(environ)
        return toolchain.find_terraform(environ).path, toolchain.cli_config(mirror, cache)
    except toolchain.ToolchainError as error:
        raise SlipwayError("NO_TERRAFORM", str(error)) from error


def foreign_mirror() -> toolchain.Mirror | None:
    """Where foreign Terraform's providers are linked from; None: from the registry."""
    environ = {**os.environ, "SLIPWAY_TERRAFORM_MIRROR": settings.SLIPWAY_TERRAFORM_MIRROR}
    try:
        return toolchain.find_mirror(environ)
    except toolchain.ToolchainError as error:
        raise SlipwayError("NO_TERRAFORM", str(error)) from error


def artefacts() -> ArtefactStore:
    return ArtefactStore(settings.SLIPWAY_ARTEFACTS_DIR, settings.SECRET_KEY)


def workspace_of(run: Run) -> Workspace:
    """Where Terraform works for the run; foreign Terraform in a place, and as a user, of its own."""
    own = run.config_version.config.terraform
    if own is None:
        return Workspace(settings.SLIPWAY_WORKSPACES_DIR / str(run.pk))
    root = os.path.normpath(os.path.join(SOURCE, own.path))
    return Workspace(foreign.workspaces() / str(run.pk), root=root, owner=foreign.user())


def walls_of(workspace: Workspace, terraform: Path) -> Walls | None:
    """What the kernel lets foreign Terraform open; None where the operator does without. Raises NotAllowed."""
    if not foreign.demand_walls():
        return None
    mirror = foreign_mirror()
    return walls.around(workspace, terraform, mirror.path if mirror else None, os.environ)


def current_inputs(run: Run) -> dict[str, Any]:
    """The bound inputs that come from our own side, as they are now: they change only by people's hands."""
    environment = run.environment
    newest = environment.config_versions.latest("number")
    return {
        "config_version": newest.number,
        "config_digest": newest.digest,
        "modules_revision": _modules_revision(run),
        "protection_version": environment.protection_versions.latest("number").number,
    }


def _modules_revision(run: Run) -> str:
    """Of the bundled stack as it is now. Foreign code is bound as it was planned, for as long as it is trusted."""
    own = run.config_version.config.terraform
    if own is None:
        return revision_of(settings.SLIPWAY_STACK_DIR)
    if sources.untrusted(run.environment.system, own) is not None:
        return "no longer trusted"
    return str(run.bound["modules_revision"])


def _tags(run: Run) -> dict[str, str]:
    """What the AWS provider tags everything with where the code is foreign; the bundled stack does so itself."""
    config, environment = run.config_version.config, run.environment
    if config.terraform is None:
        return {}
    own = {"system": environment.system.slug, "environment": environment.slug, "managed": "terraform"}
    return {**config.tags, **{f"slipway:{name}": value for name, value in own.items()}}


@dataclass
class Execution:
    """One job's work on one run."""

    claim: Claim
    writer: OutputWriter
    account: Account
    address: StateAddress
    workspace: Workspace
    runner: Runner
    redactor: Redactor
    wants_cancel: Callable[[], bool]
    _looked_at: float = 0.0

    @property
    def run(self) -> Run:
        return self.claim.run

    @property
    def kept_state_name(self) -> str:
        return f"{self.run.artefact_name}-errored-state"

    def kept_state(self) -> bytes | None:
        """The state that Terraform could not save when it applied; None where there is none."""
        try:
            return artefacts().get(self.kept_state_name)
        except ArtefactMissing:
            return None

    def learn(self, plan_json: dict[str, Any]) -> None:
        """From now on nothing that this plan marks as sensitive passes through the output."""
        self.redactor.learn(sensitive_texts(plan_json))

    def say(self, words: str) -> None:
        """A line of Slipway's own in the output."""
        self.writer.line(f"slipway: {words}")

    @property
    def own(self) -> OwnTerraform | None:
        """The environment's own Terraform; None for the bundled stack."""
        return self.run.config_version.config.terraform

    def variables(self) -> dict[str, Any]:
        if self.own is not None:
            return dict(self.own.variables)
        environment = self.run.environment
        return render_variables(
            system=environment.system.slug, environment=environment.slug, config=self.run.config_version.config
        )

    def make_workspace(self) -> dict[str, Any]:
        """A fresh workspace and the state's bucket; returns the bound inputs that are known before the plan.

        Foreign Terraform that may not run is refused here, before any terraform process (NotAllowed, SourceFailed).
        """
        variables = self.variables()
        code = self._foreign_code()
        ensure_bucket(accounts.account_of(self.run.environment, self.run.config_version.config, "apply"), self.address)
        settled: dict[str, Any] = {
            "variables": variables,
            "backend": self.address.backend(),
            "cli_config": self.cli_config(),
            "aws_config": accounts.aws_config_file(self.account, is_foreign=self.own is not None),
        }
        if code is None:
            revision = revision_of(settings.SLIPWAY_STACK_DIR)
            self.workspace.create(settings.SLIPWAY_STACK_DIR, **settled)
        else:
            revision = self._lay_foreign(code, settled)
        return {
            "config_version": self.run.config_version.number,
            "config_digest": self.run.config_version.digest,
            "modules_revision": revision,
            "variables_fingerprint": fingerprint(variables),
            "protection_version": self.run.environment.protection.number,
        }

    def _commit(self) -> str:
        """For a drift check, the commit that was applied, since what came after it is no drift; else ""."""
        applied = selectors.last_applied(self.run.environment) if self.run.kind == "drift" else None
        return commit_of(applied.bound["modules_revision"]) if applied else ""

    def _foreign_code(self) -> Fetched | None:
        """The trusted source with its modules, all of it looked at; None for the bundled stack."""
        if self.own is None:
            return None
        system = self.run.environment.system
        source = foreign.read(system, self.own, self._commit(), self._look)
        return foreign.with_modules(system, self.own, source, self.say, self._look)

    def _look(self) -> None:
        """Before Terraform runs: the claim is kept, and a wish to cancel obeyed."""
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = time.monotonic()
            self.claim.heartbeat()
            if self.wants_cancel():
                raise TerraformCanceled("fetch", Ended(0, canceled=True))

    def _lay_foreign(self, code: Fetched, settled: dict[str, Any]) -> str:
        """The code in the workspace; returns what names it."""
        own = present(self.own, "the source of this run")
        self.workspace.create_foreign(code.files, **settled)
        revision = code.revision(own.path)
        self.say(f"{own.source}: {revision}")
        self._lay_secrets(own)
        return revision

    def _lay_secrets(self, own: OwnTerraform) -> None:
        if own.secret_variables:
            values = foreign.secret_values(self.account, own)
            self.redactor.learn(set(values.values()))
            self.workspace.write_secrets(values)

    def cli_config(self) -> str:
        """This machine's provider mirror; for foreign Terraform the listed providers alone."""
        if self.own is None:
            return find_tools()[1]
        return toolchain.listed_cli_config(foreign_mirror(), settings.SLIPWAY_TERRAFORM_PROVIDERS)

    def restore_workspace(self) -> None:
        """The workspace as it was archived after the plan, with this machine's provider mirror and our own role."""
        self.workspace.restore(artefacts().get(self.run.artefact_name))
        self.workspace.write_cli_config(self.cli_config())
        if config := accounts.aws_config_file(self.account, is_foreign=self.own is not None):
            self.workspace.write_aws_config(config)
        if self.own is not None:
            self._lay_secrets(self.own)
            if words := foreign.moved_to(self.own, self.run.bound["modules_revision"], self._look):
                self.say(words)


@contextmanager
def executing(claim: Claim, work: accounts.Work, *, obeys_cancel: bool = True) -> Iterator[Execution]:
    """Opens the run's output and prepares Terraform; afterwards the output is flushed and the workspace removed.

    `work`: whether it only looks ("plan") or changes something ("apply"), each with its own role.
    A state that Terraform could not save is kept first, encrypted, and raises StateNotSaved.
    """
    run = claim.run
    config = run.config_version.config
    if config.terraform is not None and work == "plan" and not run.changes_the_world:
        accounts.demand_reading_role(config)
    account = accounts.account_of(run.environment, config, work)
    workspace = workspace_of(run)
    terraform = find_tools()[0]
    is_foreign = config.terraform is not None
    enclosed = walls_of(workspace, terraform) if is_foreign else None
    redactor = Redactor(own_secrets(os.environ))
    writer = OutputWriter(present(run.stream, "the run's output"), redactor)
    wants_cancel = claim.wants_cancel if obeys_cancel else _never
    try:
        hooks = Hooks(
            show=writer.feed,
            has_room=writer.wait_for_room,
            progress=_ProgressTeller(claim).tell,
            wants_cancel=wants_cancel,
            heartbeat=claim.heartbeat,
            started=claim.holds_by,
        )
        runner = Runner(
            terraform, workspace, account, hooks, tags=_tags(run), walls=enclosed, gets_modules=not is_foreign
        )
        address = accounts.state_address(run.environment, account)
        execution = Execution(claim, writer, account, address, workspace, runner, redactor, wants_cancel)
        try:
            yield execution
        except TerraformFailed as error:
            error.message = redactor.whole(error.message)
            error.diagnostics = [redactor.whole(words) for words in error.diagnostics]
            raise
        finally:
            _keep_errored_state(execution)
    finally:
        writer.close()
        workspace.remove()


def _never() -> bool:
    return False


def own_secrets(environ: Mapping[str, str]) -> list[str]:
    """What the worker itself must not print: its AWS credentials and the product's own keys."""
    names = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN")
    return [settings.SECRET_KEY, *(environ[name] for name in names if environ.get(name))]


def _keep_errored_state(execution: Execution) -> None:
    """The one record of what was made, where Terraform could not save its state: kept until it is reconciled."""
    if os.path.lexists(execution.workspace.stack / ERRORED_STATE):
        artefacts().put(execution.kept_state_name, execution.workspace.read(ERRORED_STATE))
        execution.say("Terraform could not save its state; Slipway keeps it until the run is reconciled")
        raise StateNotSaved


class _ProgressTeller:
    """Stores progress and rings, a few times a second at most; a new phase always."""

    def __init__(self, claim: Claim) -> None:
        self._claim, self._told_at, self._phase = claim, 0.0, ""

    def tell(self, progress: Progress) -> None:
        now = clock.now().timestamp()
        finished = bool(progress.total) and progress.done == progress.total
        if progress.phase == self._phase and now - self._told_at < PROGRESS_SECONDS and not finished:
            return
        self._phase, self._told_at = progress.phase, now
        with self._claim.while_the_lease_lasts():
            self._claim.store(progress=progress.to_json())
        live.ring(f"run:{self._claim.run.pk}", "progress")
