"""A run's variables can be secret: its folder and what Slipway writes there are its owner's alone."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments_app.terraform import commands
from environments_app.terraform.workspace import Workspace, WorkspaceError


@pytest.fixture(autouse=True)
def _no_mask() -> Iterator[None]:
    """The modes are the product's own doing, not that of the umask that it happens to be started with."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for part in ("stack", "modules"):
        (tmp_path / "source" / part).mkdir(parents=True)
        (tmp_path / "source" / part / "main.tf").touch()
    return tmp_path / "source"


@pytest.fixture
def workspace(tmp_path: Path, source: Path) -> Workspace:
    made = Workspace(tmp_path / "run")
    made.create(
        source,
        variables={"password": "p"},
        backend={"bucket": "b"},
        cli_config="# none",
        aws_config="[profile slipway]",
    )
    return made


def is_private(workspace: Workspace) -> None:
    for folder in (workspace.folder, workspace.temporary):
        assert folder.stat().st_mode & 0o777 == 0o700, folder
    for file in (
        workspace.stack / commands.VARIABLES_FILE,
        workspace.folder / commands.BACKEND_FILE,
        workspace.folder / commands.CLI_CONFIG_FILE,
        workspace.folder / commands.AWS_CONFIG_FILE,
    ):
        assert file.stat().st_mode & 0o777 == 0o600, file


def test_a_long_path_leaves_room_for_the_sockets_of_plugins(tmp_path: Path, source: Path) -> None:
    """Its temporary folder is outside then, as private, and gone with the workspace."""
    workspace = Workspace(tmp_path / ("deep" * 20) / "run")
    workspace.create(source, variables={}, backend={}, cli_config="")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(workspace.temporary / "plugin4294967295"))
    listener.close()
    assert workspace.temporary.stat().st_mode & 0o777 == 0o700
    workspace.remove()
    assert not workspace.temporary.exists()


def test_a_short_path_keeps_everything_in_one_folder() -> None:
    assert commands.temporary_folder(Path("/var/lib/slipway/run")) == Path("/var/lib/slipway/run/tmp")


def test_as_it_is_made(workspace: Workspace) -> None:
    is_private(workspace)


def test_as_it_is_laid_out_again_for_the_apply(workspace: Workspace) -> None:
    archive = workspace.archive()
    workspace.remove()
    workspace.restore(archive)
    workspace.write_cli_config("# of this machine")
    assert not (workspace.folder / commands.AWS_CONFIG_FILE).exists(), "the worker's own keys are in no archive"
    workspace.write_aws_config("[profile slipway]")
    is_private(workspace)


# ---- Foreign Terraform: its user owns the workspace, and what it leaves there may be anything

SOMEBODY = 61999
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to somebody else")


@pytest.fixture
def foreign(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "run", root="source/live", owner=SOMEBODY if os.geteuid() == 0 else None)
    files = {"live/main.tf": b"", "modules/a/main.tf": b""}
    made.create_foreign(files, variables={}, backend={}, cli_config="# none", aws_config="[profile slipway]")
    return made


@AS_ROOT
def test_all_of_it_belongs_to_the_user_that_runs_it(foreign: Workspace) -> None:
    def owners() -> set[int]:
        return {path.lstat().st_uid for path in [foreign.folder, *foreign.folder.rglob("*")]}

    is_private(foreign)
    assert owners() == {SOMEBODY}
    archive = foreign.archive()
    foreign.restore(archive)
    foreign.write_cli_config("# again")
    foreign.write_secrets({"token": "t"})
    assert owners() == {SOMEBODY}


def test_a_link_that_foreign_code_leaves_is_not_followed(foreign: Workspace, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("ours")
    foreign.plan_file.symlink_to(tmp_path / "secret")
    (foreign.stack / commands.SECRETS_FILE).symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic link"):
        foreign.plan_sha256()
    with pytest.raises(OSError, match="symbolic link"):
        foreign.write_secrets({"token": "t"})
    assert (tmp_path / "secret").read_text() == "ours"


def test_secrets_and_providers_are_in_no_archive_and_fetched_modules_are(foreign: Workspace) -> None:
    foreign.write_secrets({"token": "hush"})
    for name in (".terraform/providers/a", ".terraform/modules/m/main.tf", ".terraform/modules/modules.json"):
        path = foreign.stack / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    archive = foreign.archive()
    foreign.restore(archive)
    kept = {path.relative_to(foreign.stack).as_posix() for path in foreign.stack.rglob("*") if path.is_file()}
    assert ".terraform/modules/m/main.tf" in kept
    assert ".terraform/modules/modules.json" in kept
    assert not any("providers" in name or name == commands.SECRETS_FILE for name in kept)


def test_a_name_that_leads_outside_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError):
        Workspace(tmp_path / "run", root="source").create_foreign(
            {"../../outside": b""}, variables={}, backend={}, cli_config=""
        )
    assert not (tmp_path / "outside").exists()


def test_its_state_goes_where_slipway_says(foreign: Workspace) -> None:
    assert 'backend "s3"' in (foreign.stack / commands.OVERRIDE_FILE).read_text()


def test_an_archive_holds_files_and_nothing_that_they_lead_to(tmp_path: Path, workspace: Workspace) -> None:
    """What runs in a workspace may leave a link, a pipe or a socket there; the archive is made with our own rights."""
    (tmp_path / "secret").write_text("the worker's")
    (workspace.stack / "link.tf").symlink_to(tmp_path / "secret")
    (workspace.stack / "folder").symlink_to(tmp_path)
    (workspace.stack / "deep" / "er").mkdir(parents=True)
    (workspace.stack / "deep" / "er" / "own.tf").write_text("kept")
    os.mkfifo(workspace.stack / "pipe")
    archive = workspace.archive()
    workspace.restore(archive)
    left = {path.relative_to(workspace.stack).as_posix() for path in workspace.stack.rglob("*")}
    assert {"deep", "deep/er", "deep/er/own.tf", "main.tf"} <= left
    assert not left & {"link.tf", "folder", "pipe"}
    assert (workspace.stack / "deep" / "er" / "own.tf").read_text() == "kept"
