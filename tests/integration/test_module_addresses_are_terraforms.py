"""Modules laid out by Slipway are what the real terraform finds: by the address that it would have written itself."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from controlplane.lib.toolchain import find_terraform
from environments_app.terraform import modules
from environments_app.terraform.addresses import Remote
from environments_app.terraform.fetched import Fetched
from environments_app.terraform.inspection import inspect

ADDRESSES = {
    "git::https://git.example.com/a.git": ("https://git.example.com/a.git", "", "."),
    "git::https://git.example.com:8443/team/a?ref=v1.2.0": ("https://git.example.com:8443/team/a", "v1.2.0", "."),
    "git::https://git.example.com/a.git//b/c?ref=v1&depth=1": ("https://git.example.com/a.git", "v1", "b/c"),
    "git::https://git.example.com/a.git//b?depth=1&ref=release/2026-11": (
        "https://git.example.com/a.git",
        "release/2026-11",
        "b",
    ),
    "git::https://git.example.com/~a/x+y.git?ref=a+b": ("https://git.example.com/~a/x+y.git", "a+b", "."),
    "git::ssh://git@git.example.com/a.git//b?ref=v1": ("ssh://git@git.example.com/a.git", "v1", "b"),
    "git::ssh://git.example.com:2222/a": ("ssh://git.example.com:2222/a", "", "."),
    "git@git.example.com:team/a.git": ("git@git.example.com:team/a.git", "", "."),
    "git@git.example.com:team/a.git//b?ref=v1": ("git@git.example.com:team/a.git", "v1", "b"),
    "github.com/a/b": ("https://github.com/a/b.git", "", "."),
    "github.com/a/b.git//c?ref=v1": ("https://github.com/a/b.git", "v1", "c"),
    "git::https://git.example.com/a.git//b/?ref=v1": ("https://git.example.com/a.git", "v1", "b"),
    "git::https://git.example.com/a/?ref=v1": ("https://git.example.com/a", "v1", "."),
    "github.com/a/b/c?ref=v1": ("https://github.com/a/b.git", "v1", "c"),
    "github.com/a/b//c/?ref=refs/tags/v1": ("https://github.com/a/b.git", "refs/tags/v1", "c"),
    "./here": None,
    "./here/../here/": None,
    "./here/./": None,
    ".//here": None,
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_terraform_takes_what_was_laid_out(tmp_path: Path, address: str) -> None:
    asked: list[Remote] = []

    def fetch(key: str, remote: Remote) -> Fetched:
        asked.append(remote)
        return Fetched({f"{folder}main.tf": b'output "it" {\n  value = 1\n}\n' for folder in ("", "b/", "b/c/", "c/")})

    main = f'module "it" {{\n  source = "{address}"\n}}\noutput "it" {{\n  value = module.it.it\n}}\n'
    files = {"main.tf": main.encode(), "here/main.tf": b'output "it" {\n  value = 1\n}\n'}
    laid = modules.lay(".", inspect(files, ".", frozenset()), frozenset(), fetch)
    assert laid.refused == ()
    expected = ADDRESSES[address]
    assert [(each.repository, each.reference, each.folder) for each in asked] == ([expected] if expected else [])
    assert is_valid(tmp_path, {**files, **laid.files})


def test_terraform_refuses_what_was_laid_out_for_another_address(tmp_path: Path) -> None:
    files = {"main.tf": b'module "it" {\n  source = "./here/"\n}\n', "here/main.tf": b""}
    listed = [{"Key": "", "Source": "", "Dir": "."}, {"Key": "it", "Source": "./there", "Dir": "here"}]
    assert not is_valid(
        tmp_path, {**files, ".terraform/modules/modules.json": json.dumps({"Modules": listed}).encode()}
    )


def is_valid(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether the real terraform finds everything in the files."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    terraform = str(find_terraform(os.environ).path)
    environment = {"PATH": os.environ["PATH"]}
    command = [terraform, "validate", "-json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    return bool(json.loads(done.stdout)["valid"])
