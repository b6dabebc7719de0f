"""A source is fetched by the real git: one branch, tag or commit, ordinary files only, and nothing of it acts."""

import contextlib
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from environments_app.schema.own_terraform import OwnTerraform
from environments_app.terraform.fetched import SourceFailed
from environments_app.terraform.git import opened, what_git_said
from environments_app.terraform.source import fetch, tip_of
from tests.own_terraform_world import Repository, git, repository
from tests.sandbox_fixture import eventually

needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="this machine has no ssh client")


@pytest.fixture
def code(tmp_path: Path) -> Repository:
    return repository(tmp_path / "code", like="three_hundred")


def own(code: Repository, reference: str = "main") -> OwnTerraform:
    return OwnTerraform(source=code.source, reference=reference)


def test_a_branch_a_tag_and_a_commit(code: Repository) -> None:
    folders = [code.folder.parent]
    first = git(code.folder, "rev-parse", "HEAD")
    git(code.folder, "tag", "--annotate", "-m", "first", "v1")
    (code.folder / "deep").mkdir()
    (code.folder / "deep/ünï code.txt").write_bytes(b"\0\n")
    second = code.commit()
    assert fetch(own(code), folders).commit == second
    assert fetch(own(code, "v1"), folders).commit == first
    assert tip_of(own(code, "v1"), folders) == first
    found = fetch(own(code, first), folders)
    assert (found.commit, sorted(found.files)) == (first, ["main.tf"])
    whole = fetch(own(code), folders)
    assert whole.files["deep/ünï code.txt"] == b"\0\n"
    assert whole.files["main.tf"] == (code.folder / "main.tf").read_bytes()
    assert whole.revision("deep").startswith(f"{second}:deep:")
    assert whole.revision(".") != found.revision(".")


def test_a_name_that_is_a_branch_and_a_tag_is_refused(code: Repository) -> None:
    git(code.folder, "tag", "main")
    with pytest.raises(SourceFailed, match="main is both a branch and a tag"):
        fetch(own(code), [code.folder.parent])


@pytest.mark.parametrize("reference", ["nowhere", "f" * 40])
def test_a_reference_that_is_not_there(code: Repository, reference: str) -> None:
    with pytest.raises(SourceFailed):
        fetch(own(code, reference), [code.folder.parent])


def test_the_head_of_a_pull_request_has_no_name_here(code: Repository) -> None:
    git(code.folder, "update-ref", "refs/pull/1/head", "HEAD")
    for name in ("pull/1/head", "refs/pull/1/head", "1/head"):
        with pytest.raises((SourceFailed, ValueError)):
            fetch(own(code, name), [code.folder.parent])


def test_links_and_submodules_are_told_and_never_laid_out(code: Repository) -> None:
    (code.folder / "passwd.tf").symlink_to("/etc/passwd")
    git(code.folder, "update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},module")
    code.commit()
    git(code.folder, "update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},module")
    git(code.folder, "commit", "--quiet", "-m", "a submodule")
    found = fetch(own(code), [code.folder.parent])
    assert sorted(found.files) == ["main.tf"]
    assert {each.file: each.what.split(",")[0] for each in found.refused} == {
        "module": "it is a submodule",
        "passwd.tf": "it is a symbolic link",
    }


@pytest.mark.parametrize("name", [b"a\xff.tf", b"z\n.auto.tfvars"], ids=["no UTF-8", "a line end"])
def test_a_name_that_cannot_be_shown_is_refused(code: Repository, name: bytes) -> None:
    (code.folder / os.fsdecode(name)).touch()
    code.commit()
    for source in (own(code), OwnTerraform(source=str(code.folder))):
        found = fetch(source, [code.folder.parent])
        assert sorted(found.files) == ["main.tf"]
        assert [each.what for each in found.refused] == ["its name has characters that cannot be shown, or is no UTF-8"]


def test_a_repository_on_this_machine_only_where_the_operator_allows_it(code: Repository, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    for source in (code.source, f"file://{tmp_path}/link", str(tmp_path / "link"), "/etc"):
        reference = None if source.startswith("/") else "main"
        with pytest.raises(SourceFailed, match="SLIPWAY_TERRAFORM_FOLDERS"):
            fetch(OwnTerraform(source=source, reference=reference), [])
    with pytest.raises(SourceFailed, match="SLIPWAY_TERRAFORM_FOLDERS"):
        fetch(OwnTerraform(source=str(tmp_path / "link")), [tmp_path])


def test_a_folder_is_taken_as_it_is_without_what_git_and_terraform_keep(code: Repository, tmp_path: Path) -> None:
    (code.folder / ".terraform").mkdir()
    (code.folder / ".terraform/left.tf").touch()
    (code.folder / "elsewhere").symlink_to("/etc")
    found = fetch(OwnTerraform(source=str(code.folder)), [tmp_path])
    assert (sorted(found.files), found.commit) == (["main.tf"], "")
    assert [each.file for each in found.refused] == ["elsewhere"]


@pytest.mark.parametrize("scheme", ["https", pytest.param("ssh", marks=needs_ssh)])
def test_a_host_that_does_not_answer_is_said_in_words(scheme: str) -> None:
    with pytest.raises(SourceFailed, match=r"git ls-remote failed: .*(Connection refused|Failed to connect)"):
        fetch(OwnTerraform(source=f"{scheme}://127.0.0.1:1/code.git", reference="main"), [])


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        (
            "Host key verification failed.\nfatal: Could not read from remote repository.\n\n"
            "Please make sure you have the correct access rights\nand the repository exists.\n",
            "Host key verification failed; fatal: Could not read from remote repository",
        ),
        ("warning: redirecting\nfatal: couldn't find remote ref x\n", "fatal: couldn't find remote ref x"),
        ("", ""),
    ],
)
def test_of_what_git_says_the_cause_is_told(errors: str, words: str) -> None:
    assert what_git_said(errors) == words


def test_references_by_their_whole_names_and_short_commits(code: Repository) -> None:
    git(code.folder, "tag", "v1")
    first = git(code.folder, "rev-parse", "HEAD")
    with opened(local=True) as repository:
        for reference in ("refs/heads/main", "heads/main", "refs/tags/v1", "tags/v1", "HEAD", ""):
            assert repository.resolve(code.source, reference)[1] == first
        with pytest.raises(SourceFailed, match="A commit is named by its full id"):
            repository.resolve(code.source, first[:8])


def test_a_tree_of_trees_is_refused_before_it_is_held_in_memory(code: Repository) -> None:
    """Eight levels of ten equal folders: a hundred million names in a few kilobytes."""
    tree = git(code.folder, "rev-parse", "HEAD^{tree}")
    for _ in range(8):
        rows = "".join(f"040000 tree {tree}\tf{number}\n" for number in range(10))
        made = subprocess.run(
            ["git", "mktree"], cwd=code.folder, input=rows, capture_output=True, text=True, check=True
        )
        tree = made.stdout.strip()
    git(code.folder, "update-ref", "refs/heads/main", git(code.folder, "commit-tree", "-m", "bomb", tree))
    with pytest.raises(SourceFailed, match="more than 5000 files or 64 MiB"):
        fetch(own(code), [code.folder.parent])


def test_what_a_host_sends_has_a_limit(code: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("environments_app.terraform.git.MOST_WRITTEN", 64 * 1024)
    (code.folder / "noise").write_bytes(os.urandom(1024 * 1024))
    code.commit()
    with pytest.raises(SourceFailed):
        fetch(own(code), [code.folder.parent])


def test_git_and_what_it_started_end_with_whoever_waits_for_it(tmp_path: Path) -> None:
    """A host that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}/a.git"

        def lost() -> None:
            raise RuntimeError("the claim is lost")

        with pytest.raises(RuntimeError, match="the claim is lost"), opened(look=lost) as repository:
            repository.resolve(address, "main")
        eventually(lambda: not asking(address), seconds=5, why="git and git-remote-https are gone")


def asking(address: str) -> list[bytes]:
    """The command lines of processes of this machine that name the address."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.append(path.read_bytes())
    return [line for line in found if address.encode() in line]
