"""Which Terraform and which provider mirror are chosen, and what a person reads where there is none."""

import re
from pathlib import Path

import pytest

from controlplane.lib.toolchain import (
    Mirror,
    ToolchainError,
    cli_config,
    find_mirror,
    find_terraform,
    listed_cli_config,
    parse_version,
    search_roots,
)


def fake_terraform(path: Path, version: str) -> Path:
    """A program that answers as `terraform version -json` does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n[ "$*" = "version -json" ] && echo \'{{"terraform_version": "{version}"}}\'\n')
    path.chmod(0o755)
    return path


def fake_mirror(root: Path) -> Path:
    (root / "registry.terraform.io" / "hashicorp" / "aws").mkdir(parents=True)
    return root


def unreachable() -> bool:
    return False


def reachable() -> bool:
    return True


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.11.4", (1, 11)), ("v1.9.0-beta1", (1, 9)), ("2.0", (2, 0)), ("unknown", (0, 0)), ("1.x", (0, 0))],
)
def test_versions_are_compared_as_numbers(text: str, version: tuple[int, int]) -> None:
    assert parse_version(text) == version


def test_the_named_binary_wins_over_path(tmp_path: Path) -> None:
    named = fake_terraform(tmp_path / "mine" / "tf", "1.12.0")
    fake_terraform(tmp_path / "bin" / "terraform", "1.11.4")
    found = find_terraform({"SLIPWAY_TERRAFORM_BIN": str(named), "PATH": str(tmp_path / "bin")})
    assert (found.path, found.version) == (named, "1.12.0")


def test_a_named_binary_that_does_not_do_is_not_replaced_by_another(tmp_path: Path) -> None:
    named = fake_terraform(tmp_path / "old", "1.5.7")
    fake_terraform(tmp_path / "bin" / "terraform", "1.11.4")
    with pytest.raises(ToolchainError, match=re.escape(f"{named} is version 1.5.7, too old")):
        find_terraform({"SLIPWAY_TERRAFORM_BIN": str(named), "PATH": str(tmp_path / "bin")})


def test_opentofu_is_taken_where_terraform_is_too_old(tmp_path: Path) -> None:
    fake_terraform(tmp_path / "terraform", "1.4.0")
    tofu = fake_terraform(tmp_path / "tofu", "1.11.0")
    assert find_terraform({"PATH": str(tmp_path)}).path == tofu


def test_a_fetched_binary_in_the_data_folder_is_found(tmp_path: Path) -> None:
    fetched = fake_terraform(tmp_path / "data" / "tools" / "terraform", "1.11.4")
    environ = {"PATH": str(tmp_path / "nothing"), "SLIPWAY_DATA_DIR": str(tmp_path / "data")}
    assert find_terraform(environ).path == fetched


def test_without_any_one_message_names_what_was_tried_and_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controlplane.lib.toolchain.REPOSITORY", tmp_path)
    broken = tmp_path / "bin" / "terraform"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(ToolchainError) as raised:
        find_terraform({"PATH": str(broken.parent)})
    message = str(raised.value)
    assert str(broken) in message
    assert "SLIPWAY_TERRAFORM_BIN" in message
    assert "developer.hashicorp.com/terraform/install" in message


def test_the_named_mirror_is_used_without_asking_the_registry(tmp_path: Path) -> None:
    def never() -> bool:
        raise AssertionError("the registry was asked")

    fake_mirror(tmp_path)
    mirror = find_mirror({"SLIPWAY_TERRAFORM_MIRROR": str(tmp_path)}, reachable=never)
    assert mirror is not None
    assert mirror.path == tmp_path


def test_a_named_folder_that_is_no_mirror_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="holds no folder registry"):
        find_mirror({"SLIPWAY_TERRAFORM_MIRROR": str(tmp_path)}, reachable=unreachable)


def test_a_mirror_lying_about_is_left_alone_while_the_registry_answers(tmp_path: Path) -> None:
    assert find_mirror({}, roots=[fake_mirror(tmp_path)], reachable=reachable) is None


def test_without_the_registry_the_first_mirror_with_the_aws_provider_is_used_and_said(tmp_path: Path) -> None:
    (tmp_path / "a" / "registry.terraform.io" / "hashicorp" / "random").mkdir(parents=True)
    roots = [tmp_path / "none", tmp_path / "a", fake_mirror(tmp_path / "b"), fake_mirror(tmp_path / "c")]
    mirror = find_mirror({}, roots=roots, reachable=unreachable)
    assert mirror is not None
    assert mirror.path == tmp_path / "b"
    assert "registry.terraform.io cannot be reached" in mirror.reason
    assert str(tmp_path / "b") in mirror.reason


def test_without_registry_and_mirror_terraform_itself_shall_say_so(tmp_path: Path) -> None:
    assert find_mirror({}, roots=[tmp_path], reachable=unreachable) is None


def test_terraforms_implied_folders_are_searched_first() -> None:
    roots = search_roots({"HOME": "/home/ana", "XDG_DATA_DIRS": "/one:/two"})
    assert roots[:4] == [
        Path("/home/ana/.terraform.d/plugins"),
        Path("/home/ana/.local/share/terraform/plugins"),
        Path("/one/terraform/plugins"),
        Path("/two/terraform/plugins"),
    ]
    assert Path("/opt") in roots
    defaults = search_roots({"HOME": "/home/ana", "XDG_DATA_HOME": "/data"})
    assert defaults[1:4] == [
        Path("/data/terraform/plugins"),
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
    ]


def test_with_a_mirror_the_registry_is_excluded() -> None:
    text = cli_config(Mirror(Path("/m/a b"), "because"), Path("/cache"))
    assert text == (
        "disable_checkpoint = true\n\n"
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        '    path    = "/m/a b"\n'
        '    include = ["registry.terraform.io/*/*"]\n'
        "  }\n"
        "  direct {\n"
        '    exclude = ["registry.terraform.io/*/*"]\n'
        "  }\n"
        "}\n"
    )


def test_without_a_mirror_downloads_are_kept() -> None:
    assert 'plugin_cache_dir   = "/var/cache"' in cli_config(None, Path("/var/cache"))


def test_foreign_code_gets_the_listed_providers_and_no_other() -> None:
    listed = ["hashicorp/aws", "example.com/team/own"]
    text = listed_cli_config(Mirror(Path("/m"), "because"), listed)
    assert 'path    = "/m"' in text
    assert 'include = ["example.com/team/own", "registry.terraform.io/hashicorp/aws"]' in text
    assert "direct" not in text
    from_registry = listed_cli_config(None, listed)
    assert 'include = ["example.com/team/own", "registry.terraform.io/hashicorp/aws"]' in from_registry
    assert "plugin_cache_dir" not in text + from_registry
