"""Your own Terraform, from its source to what may be handed to terraform: trusted, fetched, inspected, checked."""

import os
import pwd
import stat
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from controlplane.core.models import System
from controlplane.lib.aws import Account
from controlplane.lib.errors import SlipwayError
from controlplane.lib.guard import walls
from environments_app import secretstores
from environments_app.schema.own_terraform import OwnTerraform
from environments_app.services import sources
from environments_app.terraform import addresses, git, modules, source, variables
from environments_app.terraform.fetched import Fetched, Look, SourceFailed, commit_of, nobody_looks
from environments_app.terraform.inspection import Inspection, inspect
from environments_app.terraform.refusals.refused import Refused

TESTS = (".tftest.hcl", ".tftest.json", ".tofutest.hcl", ".tofutest.json")


class NotAllowed(SlipwayError):
    """The code, or what it is given, is refused before terraform starts; `problems` holds everything at once."""

    def __init__(self, code: str, words: str, problems: Sequence[str] = ()) -> None:
        super().__init__(code, words, 409, problems=list(problems))


@dataclass(frozen=True)
class Source:
    """Code that passed: its files, and what was found in them."""

    fetched: Fetched
    found: Inspection


def demand_trust(system: System, own: OwnTerraform) -> None:
    """Raises NotAllowed where nobody trusts the source (any more)."""
    if (refusal := sources.untrusted(system, own)) is not None:
        raise NotAllowed(refusal.code, refusal.message)


def read(system: System, own: OwnTerraform, commit: str = "", look: Look = nobody_looks) -> Source:
    """Fetches and inspects a trusted source, and keeps what it holds. No process but git is started.

    `commit`: an earlier one of the reference, looked at once more; "" for what the reference names now.
    Raises NotAllowed and SourceFailed.
    """
    demand_trust(system, own)
    wanted = own.model_copy(update={"reference": commit}) if commit else own
    try:
        fetched = source.fetch(wanted, settings.SLIPWAY_TERRAFORM_FOLDERS, look)
    except SourceFailed as error:
        if not commit:
            sources.remember(system, own, failure=error.message)
        raise
    found = inspect(fetched.files, own.path, settings.SLIPWAY_TERRAFORM_PROVIDERS, look)
    refused = [str(each) for each in (*fetched.refused, *found.refused)]
    known = variables.declared(found.root)
    if not commit:
        sources.remember(system, own, commit=fetched.commit, variables=known, refused=refused)
    refuse(refused)
    if wrong := [str(problem) for problem in variables.problems(own, known)]:
        raise NotAllowed("VARIABLES_INVALID", f"The variables do not fit. First: {wrong[0]}", wrong)
    return Source(fetched, found)


def refuse(refused: Sequence[str | Refused]) -> None:
    """Raises NotAllowed where there is anything to refuse."""
    words = [str(each) for each in refused]
    if words:
        count = f"{len(words)} thing{'s' * (len(words) > 1)}"
        raise NotAllowed(
            "TERRAFORM_REFUSED", f"The Terraform code does {count} that it may not. First: {words[0]}", words
        )


def with_modules(system: System, own: OwnTerraform, code: Source, say: Callable[[str], None], look: Look) -> Fetched:
    """The source together with the modules that it uses from other repositories. Raises NotAllowed and SourceFailed."""

    def fetch(key: str, address: addresses.Remote) -> Fetched:
        fetched = fetch_module(system, address, look)
        say(f"module {key}: {address.repository} at {address.reference or 'HEAD'} is {fetched.commit}")
        return fetched

    laid = modules.lay(own.path, code.found, settings.SLIPWAY_TERRAFORM_PROVIDERS, fetch, look)
    refuse(laid.refused)
    files = {**code.fetched.files, **laid.files}
    # Terraform's tests may use modules of their own, which no plan needs and nobody has looked at.
    return replace(code.fetched, files={name: files[name] for name in files if not name.endswith(TESTS)})


def fetch_module(system: System, address: addresses.Remote, look: Look) -> Fetched:
    """A module's repository: as the worker where it is trusted for the system, else as any stranger could read it."""
    trusted = sources.is_trusted(system, address.repository, address.reference)
    if not trusted and not address.repository.startswith("https://"):
        raise NotAllowed(
            "MODULE_NOT_TRUSTED",
            f"The module's repository {address.repository} is read by ssh, with the worker's own key, and is not "
            f"trusted at {address.reference or 'its default branch (give it a ?ref=)'} for {system.slug}. An "
            "administrator of this installation can trust it on the system's page “Accounts and sources”; or name it "
            "by https.",
        )
    try:
        with git.opened(signs_in=trusted, look=look) as repository:
            return repository.fetch(address.repository, address.reference)
    except SourceFailed as error:
        if trusted:
            raise
        words = "It was read as a stranger, without signing in: where it is private, have an administrator trust it."
        raise SourceFailed(f"{error.message} {words}") from error


def secret_values(account: Account, own: OwnTerraform) -> dict[str, str]:
    """The values of the sensitive variables, read now. Raises AwsError."""
    return {name: secretstores.read(account, each.store, each.name) for name, each in own.secret_variables.items()}


def moved_to(own: OwnTerraform, revision: str, look: Look) -> str:
    """What to say of a reference that names another commit than the approved one; "" where it does not."""
    planned = commit_of(revision)
    try:
        now = source.tip_of(own, settings.SLIPWAY_TERRAFORM_FOLDERS, look)
    except SourceFailed as error:
        return f"whether {own.reference} has moved on since is not known: {error.message}"
    if not now or now == planned:
        return ""
    return f"{own.reference} has moved on to {now}; what was approved is applied: {planned}"


def demand_walls() -> bool:
    """Whether the kernel keeps each run to its own files; False where the operator does without.

    Raises NotAllowed where it should and cannot.
    """
    if not settings.SLIPWAY_TERRAFORM_WALLS:
        return False
    if walls.version() < walls.LEAST:
        raise NotAllowed(
            "NO_WALLS",
            "This worker's kernel cannot keep foreign Terraform to its own files (Landlock, Linux 5.19 or later, "
            "allowed to the worker by its container's seccomp profile). Run the workers where it can; or set "
            "SLIPWAY_TERRAFORM_WALLS=false, where everybody whose code runs here may read everybody else's secrets.",
        )
    return True


def user() -> int | None:
    """The number of the user that foreign Terraform runs as; None where the worker is no root and so stays itself."""
    if os.geteuid() != 0:
        return None
    name = settings.SLIPWAY_TERRAFORM_USER
    try:
        number = int(name) if name.isdecimal() else pwd.getpwnam(name).pw_uid
    except KeyError:
        number = 0
    if number == 0:
        raise NotAllowed(
            "NO_TERRAFORM_USER",
            f"The worker is root, and SLIPWAY_TERRAFORM_USER ({name}) names no other user of this machine. "
            "Make one for foreign Terraform, or run the worker as an ordinary user.",
        )
    return number


def workspaces() -> Path:
    """Where the workspaces of foreign Terraform lie: where its user can reach them, the data folder being closed.

    Raises NotAllowed where somebody else made the folder.
    """
    if os.geteuid() != 0 or settings.SLIPWAY_WORKSPACES_ARE_APART:
        return Path(settings.SLIPWAY_WORKSPACES_DIR)
    folder = Path(tempfile.gettempdir()) / "slipway-workspaces"
    folder.mkdir(mode=0o711, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise NotAllowed(
            "WORKSPACES_NOT_OURS", f"{folder} was made by somebody else. Remove it, or set SLIPWAY_WORKSPACES_DIR."
        )
    return folder
