"""Resource types that the reference systems need and the bundled stack does not make (yet), with the real provider.

`tests/terraform/ec2_capacity` is capacity on EC2 instances, `tests/terraform/beyond_the_stack` everything else.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.terraform_fixture import REPOSITORY_ROOT, TerraformFolder, changes, terraform_folder

pytestmark = pytest.mark.systems


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path / "aws", scale=50) as running:
        running.client("s3").create_bucket(Bucket="state")
        yield running


def module(name: str, tmp_path: Path, sandbox: SandboxProcess) -> TerraformFolder:
    folder = terraform_folder(tmp_path, sandbox.url, source=REPOSITORY_ROOT / "tests/terraform", root=name)
    with zipfile.ZipFile(folder.path / "function.zip", "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return None\n")
    return folder


def make(root: TerraformFolder, generation: int) -> None:
    root.write_variables({"generation": generation})
    planned = changes(root.plan())
    assert planned
    root.apply_saved()
    assert changes(root.plan()) == {}, "the second plan is empty"


def test_capacity_on_instances_is_made_used_changed_and_destroyed(tmp_path: Path, sandbox: SandboxProcess) -> None:
    root = module("ec2_capacity", tmp_path, sandbox)
    make(root, 1)
    service = sandbox.client("ecs").describe_services(
        cluster="programador-musical", services=["programador-musical"]
    )["services"][0]  # fmt: skip
    assert service["capacityProviderStrategy"][0]["capacityProvider"] == "instances"
    eventually(lambda: _running(sandbox) == 1, seconds=60, why="a task on an instance of the group")

    make(root, 2)
    root.must("destroy", "-no-color", "-input=false", "-auto-approve")
    assert '"resources": []' in root.state()


def _running(sandbox: SandboxProcess) -> int:
    described = sandbox.client("ecs").describe_services(cluster="programador-musical", services=["programador-musical"])
    return int(described["services"][0]["runningCount"])


def test_what_lies_beyond_the_stack_is_made_changed_and_destroyed(tmp_path: Path, sandbox: SandboxProcess) -> None:
    root = module("beyond_the_stack", tmp_path, sandbox)
    make(root, 1)
    make(root, 2)
    root.must("destroy", "-no-color", "-input=false", "-auto-approve")
    assert '"resources": []' in root.state()
