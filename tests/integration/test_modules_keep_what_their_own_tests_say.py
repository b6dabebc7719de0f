"""The tests of each Terraform module (`terraform test`, against a mock of the provider) pass."""

from pathlib import Path

import pytest

from tests.terraform_fixture import SOURCE, terraform_folder

TESTED = sorted({path.parents[1].name for path in SOURCE.glob("modules/*/tests/*.tftest.hcl")})


@pytest.mark.parametrize("module", TESTED)
def test_a_module_keeps_what_its_own_tests_say(module: str, tmp_path: Path) -> None:
    done = terraform_folder(tmp_path, root=f"modules/{module}").run("test", "-no-color")

    assert done.returncode == 0, done.stdout + done.stderr
