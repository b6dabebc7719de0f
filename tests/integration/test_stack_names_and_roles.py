"""Services find each other by names, and people have roles: made by the real Terraform, found in the sandbox."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from environments_app.schema import parse, render_variables
from tests import factories
from tests.sandbox_fixture import SandboxProcess, start_sandbox
from tests.terraform_fixture import TerraformFolder, changes, terraform_folder

pytestmark = pytest.mark.systems
ACCOUNT = "arn:aws:iam::123456789012:root"


def configured(**api: Any) -> dict[str, Any]:
    """web calls api, which is found as `backend`; developers come from the account, nobody is an admin."""
    document: dict[str, Any] = json.loads(json.dumps(factories.SMALL_CONFIG))
    document["network"]["nat_gateways"] = "none"
    service = document["services"]["api"] | {"tier": "public"}
    document["services"] = {
        "api": service | {"discovery_name": "backend", "receives_from": ["web"], **api},
        "web": service,
    }
    document["people_roles"] = {"developers": [ACCOUNT]}
    variables: dict[str, Any] = render_variables(system="shop", environment="development", config=parse(document))
    return variables


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path / "aws") as running:
        running.client("s3").create_bucket(Bucket="state")
        yield running


def applied(stack: TerraformFolder, variables: dict[str, Any]) -> None:
    stack.write_variables(variables)
    stack.plan()
    stack.apply_saved()
    assert changes(stack.plan()) == {}


def test_names_and_roles_are_made_changed_and_destroyed(tmp_path: Path, sandbox: SandboxProcess) -> None:
    stack = terraform_folder(tmp_path, sandbox.url)
    applied(stack, configured())

    assert found_as(sandbox) == {"api": [("backend", "backend", 8080)], "web": []}
    iam = sandbox.client("iam")
    names = {role["RoleName"] for role in iam.list_roles()["Roles"]}
    assert "shop-development-developer" in names
    assert "shop-development-admin" not in names
    trust = iam.get_role(RoleName="shop-development-developer")["Role"]["AssumeRolePolicyDocument"]
    document = trust if isinstance(trust, dict) else json.loads(unquote(trust))
    assert document["Statement"][0]["Principal"] == {"AWS": ACCOUNT}

    applied(stack, configured(discovery_name="api"))
    assert found_as(sandbox)["api"] == [("api", "api", 8080)]

    stack.must("destroy", "-no-color", "-input=false", "-auto-approve")
    assert '"resources": []' in stack.state()


def found_as(sandbox: SandboxProcess) -> dict[str, list[tuple[str, str, int]]]:
    """Service -> the names that it has in Service Connect: in the namespace, for clients, and the port."""
    described = sandbox.client("ecs").describe_services(cluster="shop-development", services=["api", "web"])["services"]
    connected = {each["serviceName"]: each["deployments"][0]["serviceConnectConfiguration"] for each in described}
    assert all(each["enabled"] for each in connected.values())
    return {
        name: [
            (each["discoveryName"], each["clientAliases"][0]["dnsName"], each["clientAliases"][0]["port"])
            for each in settings.get("services", [])
        ]
        for name, settings in connected.items()
    }
