"""Every module keeps what it promises: its own tests (`modules/NAME/tests`), run by `terraform test`."""

from pathlib import Path

import pytest

from tests.terraform_fixture import SOURCE, terraform_folder

TESTED = sorted(path.parent.name for path in SOURCE.glob("modules/*/tests") if list(path.glob("*.tftest.hcl")))


def test_the_tests_are_found() -> None:
    assert {"ec2_capacity", "ecs_cluster", "ecs_service", "people_roles"} <= set(TESTED)


@pytest.mark.parametrize("module", TESTED)
def test_a_module_passes_its_tests(module: str, tmp_path: Path) -> None:
    done = terraform_folder(tmp_path, root=f"modules/{module}").run("test", "-no-color")

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert " 0 failed." in done.stdout
