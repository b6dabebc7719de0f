"""An API gateway and a user pool, by the real Terraform in the sandbox: no key and no client secret in the state."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from environments_app.schema import parse, render_variables
from tests import factories
from tests.sandbox_fixture import SandboxProcess, start_sandbox
from tests.terraform_fixture import TerraformFolder, changes, terraform_folder

CLIENT_SECRET = "GOCSPX-of-whom-it-concerns"
PREPARED: dict[str, Any] = factories.SMALL_CONFIG | {
    "services": {
        "api": {
            **factories.SMALL_CONFIG["services"]["api"],
            "routing": {"container": "api", "health_check": {"path": "/up"}},
        }
    },
    "load_balancer": {},
    "buckets": {"uploads": {"purpose": "Uploads", "cors_origins": ["shop.example.com"], "force_destroy": True}},
    "secrets": {"google": {"kind": "external"}},
}
ACCESS: dict[str, Any] = {
    "api_gateway": {
        "usage_plans": {
            "free": {"requests_per_minute": 60, "requests_per_month": 10_000},
            "premium": {"requests_per_minute": 1000},
        },
        "cache_ttl_seconds": 300,
        "cache_query_parameters": ["page"],
    },
    "waf": {"attach_to": "api_gateway"},
    "user_pool": {
        "mfa": "ON",
        "mfa_methods": ["SMS", "TOTP"],
        "sign_in_prefix": "shop",
        "callback_urls": ["https://shop.example.com/in"],
        "social_providers": [{"provider": "Google", "secret": "google"}],
        "identity_pool": True,
        "identity_buckets": ["uploads"],
    },
}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path / "aws", scale=50) as running:
        running.client("s3").create_bucket(Bucket="state")
        yield running


def variables(document: dict[str, Any]) -> dict[str, Any]:
    return render_variables(system="shop", environment="staging", config=parse(document))


def outputs(stack: TerraformFolder, name: str) -> Any:
    return json.loads(stack.must("output", "-json", name))


@pytest.mark.long
def test_users_sign_in_and_callers_bring_keys(tmp_path: Path, sandbox: SandboxProcess) -> None:
    stack = terraform_folder(tmp_path, sandbox.url)
    stack.settle(variables(PREPARED))
    sandbox.client("secretsmanager").put_secret_value(
        SecretId=outputs(stack, "secret_arns")["google"],
        SecretString=json.dumps({"client_id": "shop-at-google", "client_secret": CLIENT_SECRET}),
    )
    planned = stack.settle(variables(PREPARED | ACCESS))
    pool, api = outputs(stack, "user_pool"), outputs(stack, "api_gateway")

    users = sandbox.client("cognito-idp")
    google = users.describe_identity_provider(UserPoolId=pool["id"], ProviderName="Google")["IdentityProvider"]
    client = users.describe_user_pool_client(UserPoolId=pool["id"], ClientId=pool["client_id"])["UserPoolClient"]
    assert google["ProviderDetails"]["client_secret"] == CLIENT_SECRET, "CloudFormation read it"
    assert client["SupportedIdentityProviders"] == ["COGNITO", "Google"]
    assert "ClientSecret" not in client
    assert CLIENT_SECRET not in json.dumps(planned) + stack.state() + stack.must("output", "-json")

    bucket = outputs(stack, "buckets")["uploads"]
    [rule] = sandbox.client("s3").get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert set(rule["AllowedMethods"]) == {"GET", "HEAD", "PUT", "POST", "DELETE"}, "users write from the site's pages"
    assert (rule["AllowedOrigins"], rule["ExposeHeaders"]) == (["https://shop.example.com"], ["ETag"])

    gateway = sandbox.client("apigateway")
    key = gateway.create_api_key(name="partner", enabled=True)
    gateway.create_usage_plan_key(usagePlanId=api["usage_plan_ids"]["premium"], keyType="API_KEY", keyId=key["id"])
    firewalls = sandbox.client("wafv2")
    stage = f"arn:aws:apigateway:us-east-1::/restapis/{api['id']}/stages/live"
    assert firewalls.get_web_acl_for_resource(ResourceArn=stage)["WebACL"]["Name"] == "shop-staging"
    plan = gateway.get_usage_plan(usagePlanId=api["usage_plan_ids"]["premium"])
    assert plan["throttle"]["rateLimit"] == pytest.approx(1000 / 60)
    assert changes(stack.plan()) == {}, "keys that people make are no drift"

    tasks = outputs(stack, "services")["api"]["task_template"]["container_definitions"]
    told = {variable["name"]: variable["value"] for variable in tasks[0]["environment"]}
    assert (told["USER_POOL_ID"], told["USER_POOL_CLIENT_ID"]) == (pool["id"], pool["client_id"])

    fewer = {
        "api_gateway": {"usage_plans": {"premium": {"requests_per_minute": 600}}},
        "user_pool": {"mfa_methods": ["TOTP"], "callback_urls": ["https://shop.example.com/in"]},
    }
    other_port = json.loads(json.dumps(PREPARED["services"]))
    other_port["api"]["containers"]["api"]["port"] = 9090
    changed = stack.settle(variables(PREPARED | fewer | {"services": other_port}))
    group = 'module.service["api"].aws_lb_target_group.this[0]'
    assert group not in changes(changed), "another port replaces no target group under traffic"
    assert outputs(stack, "services")["api"]["load_balancer"]["container_port"] == 9090
    assert not [each for each in changes(changed) if "security_group" in each], "tasks on the old port go on serving"
    assert users.list_identity_providers(UserPoolId=pool["id"])["Providers"] == []
    stack.destroy()
