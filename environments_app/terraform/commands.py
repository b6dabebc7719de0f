"""Which terraform commands a run needs. Built purely (python-terraform spells them), run by `runner.py`."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from python_terraform import IsFlagged, Terraform

from controlplane.lib.aws import Account
from controlplane.lib.aws.session import SANDBOX_KEY
from controlplane.lib.process import Command, Walls

PLAN_FILE = "slipway.tfplan"
VARIABLES_FILE = "slipway.auto.tfvars.json"
SECRETS_FILE = "slipway-secrets.auto.tfvars.json"
OVERRIDE_FILE = "slipway_override.tf"
BACKEND_FILE = "slipway.s3.tfbackend"
CLI_CONFIG_FILE = "slipway.tfrc"
AWS_CONFIG_FILE = "aws.config"

INHERITED = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
INHERITED_AWS = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CA_BUNDLE",
)
OWN_IDENTITY = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
)
"""The worker's own identity. With a role set it is only the source of that role (design, section 11), and stands in
the private config file: here the SDK for Go would take it in the role's place."""

LONGEST_SOCKET = 107
"""Bytes in the address of a Unix socket (unix(7): sun_path, without its closing zero)."""
PLUGIN_SOCKET = len("/plugin4294967295")
"""What Terraform's plugins add to the folder of temporary files, at most (go-plugin: `os.CreateTemp("", "plugin")`)."""


def temporary_folder(workspace: Path) -> Path:
    """Terraform's folder for temporary files: in the workspace, or where that path is too long for a socket, outside.

    Its plugins listen on sockets there, and say nothing but that they could not start.
    """
    inside = workspace / "tmp"
    if len(os.fsencode(inside)) + PLUGIN_SOCKET <= LONGEST_SOCKET:
        return inside
    return Path(tempfile.gettempdir()) / f"slipway-{hashlib.sha256(os.fsencode(workspace)).hexdigest()[:16]}"


def environment(own: Mapping[str, str], workspace: Path, account: Account) -> dict[str, str]:
    """The whole environment of a terraform process: nothing of the worker's but what it needs."""
    result = {name: own[name] for name in INHERITED if name in own}
    result |= {
        "HOME": str(workspace),
        "TMPDIR": str(temporary_folder(workspace)),
        "TF_CLI_CONFIG_FILE": str(workspace / CLI_CONFIG_FILE),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "AWS_REGION": account.region,
    }
    if account.endpoint_url:
        return result | {
            "AWS_ENDPOINT_URL": account.endpoint_url,
            "AWS_ACCESS_KEY_ID": SANDBOX_KEY,
            "AWS_SECRET_ACCESS_KEY": SANDBOX_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
        }
    result |= {name: own[name] for name in INHERITED_AWS if name in own}
    if account.role_arn:
        return result | {"AWS_CONFIG_FILE": str(workspace / AWS_CONFIG_FILE), "AWS_PROFILE": "slipway"}
    return result | {name: own[name] for name in OWN_IDENTITY if name in own}


def default_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags for everything that the AWS provider makes, as it reads them from its environment (since its 5.62).

    Source: the AWS provider's documentation, "default_tags Configuration Block".
    """
    return {f"TF_AWS_DEFAULT_TAGS_{name}": value for name, value in tags.items()}


class Commands:
    """The commands of one run, all in its stack folder with its environment."""

    def __init__(
        self,
        terraform: Path,
        stack: Path,
        environment: Mapping[str, str],
        *,
        backend_file: str = f"../{BACKEND_FILE}",
        user: int | None = None,
        walls: Walls | None = None,
        gets_modules: bool = True,
    ) -> None:
        self._terraform = Terraform(working_dir=str(stack), terraform_bin_path=str(terraform))
        self._stack, self._environment, self._backend_file = stack, environment, backend_file
        self._user, self._walls, self._gets_modules = user, walls, gets_modules

    def _command(self, name: str, *arguments: str, **options: object) -> Command:
        argv = self._terraform.generate_cmd_string(name, *arguments, **options)
        return Command(tuple(argv), self._stack, self._environment, self._user, self._walls)

    def init(self, *, locked: bool) -> Command:
        """Backend and providers; `locked`: exactly the providers of the lock file that the plan was made with."""
        options: dict[str, object] = {"input": False, "no_color": IsFlagged, "backend_config": self._backend_file}
        if not self._gets_modules:
            options["get"] = False
        return self._command("init", **options, **({"lockfile": "readonly"} if locked else {}))

    def plan(self, kind: str) -> Command:
        """`kind` as in Run.kind. Drift checks and speculative plans only read: they take no state lock."""
        options: dict[str, object] = {"input": False, "json": IsFlagged, "out": PLAN_FILE}
        if kind == "destroy":
            options["destroy"] = IsFlagged
        if kind in {"drift", "speculative"}:
            return self._command("plan", **options, lock=False)
        return self._command("plan", **options, lock_timeout="60s")

    def show(self) -> Command:
        """The saved plan as JSON, on one line."""
        return self._command("show", PLAN_FILE, json=IsFlagged)

    def apply(self) -> Command:
        """Applies exactly the saved plan file."""
        return self._command("apply", PLAN_FILE, input=False, json=IsFlagged, lock_timeout="60s")

    def push_state(self, file: str) -> Command:
        """Writes a state that Terraform could not save itself; refused where the stored one is newer."""
        return self._command("state push", file)

    def output(self) -> Command:
        return self._command("output", json=IsFlagged)
