"""Modules from other repositories: looked at before what they name is fetched, laid out as Terraform would."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from environments_app.terraform import modules
from environments_app.terraform.addresses import Remote
from environments_app.terraform.fetched import Fetched, SourceFailed
from environments_app.terraform.inspection import inspect
from tests.foreign_code import ALLOWED, EVIL

HOST = "https://git.example.com"


def using(**sources: str) -> bytes:
    return "".join(f'module "{name}" {{\n  source = "{source}"\n}}\n' for name, source in sources.items()).encode()


class Hosts:
    """Repositories by address, and which of them were asked for."""

    def __init__(self, **repositories: Mapping[str, bytes]) -> None:
        self._repositories = {f"{HOST}/{name}.git": files for name, files in repositories.items()}
        self.asked: list[tuple[str, str, str]] = []

    def fetch(self, key: str, address: Remote) -> Fetched:
        self.asked.append((key, address.repository.removeprefix(f"{HOST}/"), address.reference))
        return Fetched(self._repositories[address.repository], "c" * 40)


def lay(hosts: Hosts, files: Mapping[str, bytes], root: str = ".") -> modules.Laid:
    return modules.lay(root, inspect(files, root, ALLOWED), ALLOWED, hosts.fetch)


def listed(laid: modules.Laid, root: str = "") -> dict[str, tuple[str, str]]:
    entries: list[dict[str, Any]] = json.loads(laid.files[f"{root}.terraform/modules/modules.json"])["Modules"]
    return {entry["Key"]: (entry["Source"], entry["Dir"]) for entry in entries}


def test_every_use_has_its_place_and_each_repository_is_fetched_once() -> None:
    hosts = Hosts(
        net={"subnets/main.tf": using(naming="../naming", tags=f"git::{HOST}/tags.git"), "naming/main.tf": b""},
        tags={"main.tf": b""},
    )
    net = f"git::{HOST}/net.git//subnets?ref=v1"
    files = {
        "live/main.tf": using(a=net, b=net, here="../modules/here"),
        "modules/here/main.tf": using(tags=f"git::{HOST}/tags.git"),
    }
    laid = lay(hosts, files, "live")
    assert laid.refused == ()
    assert listed(laid, "live/") == {
        "": ("", "."),
        "a": (net, ".terraform/modules/a/subnets"),
        "b": (net, ".terraform/modules/b/subnets"),
        "here": ("../modules/here", "../modules/here"),
        "a.naming": ("../naming", ".terraform/modules/a/naming"),
        "a.tags": (f"git::{HOST}/tags.git", ".terraform/modules/a.tags"),
        "b.naming": ("../naming", ".terraform/modules/b/naming"),
        "b.tags": (f"git::{HOST}/tags.git", ".terraform/modules/b.tags"),
        "here.tags": (f"git::{HOST}/tags.git", ".terraform/modules/here.tags"),
    }
    assert hosts.asked == [("a", "net.git", "v1"), ("a.tags", "tags.git", "")]
    assert laid.files["live/.terraform/modules/b/naming/main.tf"] == b""


def test_nothing_that_a_refused_module_names_is_fetched() -> None:
    hosts = Hosts(net={"main.tf": using(tags=f"git::{HOST}/tags.git") + EVIL.encode()}, tags={"main.tf": b""})
    laid = lay(hosts, {"main.tf": using(net=f"git::{HOST}/net.git?ref=v1")})
    assert [str(each).partition(":")[0] for each in laid.refused] == [".terraform/modules/net/main.tf line 5"]
    assert [repository for _, repository, _ in hosts.asked] == ["net.git"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("main.tf", using(more="git::http://example.com/a.git")),
        ("main.tf", using(more="https://example.com/a.zip")),
        ("main.tf", using(more="../../../outside")),
        ("main.tf", using(more="./.terraform/modules/evil")),
        ("a.tofu", b""),
        (".terraform/modules/evil/main.tf", EVIL.encode()),
    ],
)
def test_a_module_is_held_to_what_a_source_is(name: str, code: bytes) -> None:
    hosts = Hosts(net={"main.tf": b"", name: code})
    laid = lay(hosts, {"main.tf": using(net=f"git::{HOST}/net.git")})
    assert laid.refused


def test_a_folder_of_the_repository_that_is_not_there() -> None:
    laid = lay(Hosts(net={"main.tf": b""}), {"main.tf": using(net=f"git::{HOST}/net.git//nowhere")})
    assert [each.what for each in laid.refused] == ["there is no Terraform code here"]


def test_a_module_without_a_name() -> None:
    (each,) = inspect({"main.tf": b'module {\n  source = "./b"\n}\n', "b/main.tf": b""}, ".", ALLOWED).refused
    assert "has a name that is no name" in each.what


@pytest.mark.parametrize("path", ["${path.root}/slipway-secrets.auto.tfvars.json", "slipway-secrets.auto.tfvars.json"])
def test_a_module_of_another_repository_opens_nothing_of_the_root_module(path: str) -> None:
    hosts = Hosts(net={"main.tf": f'locals {{\n  it = file("{path}")\n}}\n'.encode()})
    laid = lay(hosts, {"main.tf": using(net=f"git::{HOST}/net.git")})
    assert ["outside of the source" in each.what for each in laid.refused] == [True]


@pytest.mark.parametrize("name", ["../../evil", "a/b", "a.b", "-a", ""])
def test_a_name_that_would_lead_elsewhere(name: str) -> None:
    (each,) = inspect({"main.tf": using(**{name: "./b"}), "b/main.tf": b""}, ".", ALLOWED).refused
    assert "has a name that is no name" in each.what


def test_a_module_that_is_said_twice_is_refused() -> None:
    files = {"main.tf": using(a="./b"), "override.tf": using(a="./c"), "b/main.tf": b"", "c/main.tf": b""}
    assert [each.file for each in inspect(files, ".", ALLOWED).refused] == ["override.tf"]


def test_a_module_that_uses_itself_comes_to_an_end() -> None:
    hosts = Hosts(net={"main.tf": using(again=f"git::{HOST}/net.git")})
    with pytest.raises(SourceFailed, match="See that no module uses itself"):
        lay(hosts, {"main.tf": using(net=f"git::{HOST}/net.git")})
    with pytest.raises(SourceFailed, match="See that no module uses itself"):
        lay(hosts, {"main.tf": using(a="./a"), "a/main.tf": using(a="../a")})


def test_what_git_left_out_of_a_module_is_told_with_its_place() -> None:
    refusal = Fetched({"main.tf": b""}, "c" * 40, inspect({"a.tf": b"", "b.tfstate": b""}, ".", ALLOWED).refused)
    found = inspect({"main.tf": using(net=f"git::{HOST}/net.git")}, ".", ALLOWED)
    laid = modules.lay(".", found, ALLOWED, lambda key, address: refusal)
    assert [each.file for each in laid.refused] == [".terraform/modules/net/b.tfstate"]
