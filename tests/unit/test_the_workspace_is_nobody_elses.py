"""A run's variables can be secret: its folder and what Slipway writes there are its owner's alone."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments_app.terraform import commands
from environments_app.terraform.workspace import Workspace


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
    is_private(workspace)
