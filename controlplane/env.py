"""Every setting an operator can make, in one typed place. README's table is checked against this file."""

import json
import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parent.parent


class Env(BaseSettings):
    """Settings read from environment variables; the alias is the variable's name."""

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True, env_ignore_empty=True)

    data_dir: Path = Field(
        default=REPOSITORY / "var",
        alias="SLIPWAY_DATA_DIR",
        description="Where everything that must survive a restart is kept.",
    )
    port: int = Field(default=8000, alias="PORT", description="Port of the web server.")
    bind: str = Field(default="127.0.0.1", alias="BIND", description="Address the web server listens on.")
    hosts: str = Field(
        default="localhost,127.0.0.1,[::1]",
        alias="SLIPWAY_HOSTS",
        description="Comma-separated names under which browsers reach Slipway.",
    )
    public_url: str = Field(
        default="",
        alias="SLIPWAY_URL",
        description="Address that people use, for links; default `http://BIND:PORT`.",
    )
    https: bool = Field(
        default=False, alias="SLIPWAY_HTTPS", description="Cookies and HSTS for HTTPS only; set behind TLS."
    )
    debug: bool = Field(default=False, alias="SLIPWAY_DEBUG", description="Django's debug mode; never in production.")
    secret_key: str = Field(
        default="",
        alias="SLIPWAY_SECRET_KEY",
        description="Signs sessions and encrypts saved plans; default: made once, kept in the data folder.",
    )
    database_url: str = Field(
        default="", alias="DATABASE_URL", description="PostgreSQL address; default: SQLite (WAL) in the data folder."
    )
    redis_url: str = Field(
        default="redis://127.0.0.1:6379/0",
        alias="REDIS_URL",
        description="Redis or Valkey; default: the bundled server that `make run` starts.",
    )
    aws: Literal["sandbox", "real"] = Field(
        default="sandbox", alias="SLIPWAY_AWS", description="`sandbox` (a local AWS) or `real` (your accounts)."
    )
    sandbox_url: str = Field(
        default="", alias="SLIPWAY_SANDBOX_URL", description="Address of the sandbox; `make run` sets it."
    )
    time_scale: float = Field(
        default=1.0,
        gt=0,
        alias="SLIPWAY_TIME_SCALE",
        description="Speeds up bakes, pauses and schedules; honoured only with the sandbox.",
    )
    terraform_bin: str = Field(
        default="", alias="SLIPWAY_TERRAFORM_BIN", description="Terraform >= 1.11; default: the one on PATH."
    )
    terraform_mirror: str = Field(
        default="",
        alias="SLIPWAY_TERRAFORM_MIRROR",
        description="A filesystem mirror of providers, for machines without the registry.",
    )
    workspaces_dir: str = Field(
        default="",
        alias="SLIPWAY_WORKSPACES_DIR",
        description="Private workspaces of runs; default: in the data folder.",
    )
    terraform_folders: str = Field(
        default="",
        alias="SLIPWAY_TERRAFORM_FOLDERS",
        description="Comma-separated folders that your own Terraform may come from, beside git by https or ssh.",
    )
    terraform_providers: str = Field(
        default="hashicorp/aws,hashicorp/null,hashicorp/random,hashicorp/time",
        alias="SLIPWAY_TERRAFORM_PROVIDERS",
        description="Comma-separated providers that your own Terraform may use.",
    )
    terraform_user: str = Field(
        default="nobody",
        alias="SLIPWAY_TERRAFORM_USER",
        description="Who your own Terraform runs as where the worker is root: a name or a number.",
    )
    terraform_walls: bool = Field(
        default=True,
        alias="SLIPWAY_TERRAFORM_WALLS",
        description="The kernel keeps each run of your own Terraform to its own files (docs/own-terraform.md).",
    )
    lease_seconds: float = Field(
        default=30.0, gt=0, alias="SLIPWAY_LEASE_SECONDS", description="How long a silent worker keeps its claim."
    )

    @property
    def in_sandbox(self) -> bool:
        return self.aws == "sandbox"


def read() -> Env:
    """The environment's settings; where a launcher runs on the same data folder, its addresses fill what is not set."""
    env = Env()
    try:
        running = json.loads((env.data_dir / "running.json").read_text())
    except (OSError, ValueError):
        return env
    return Env(**{name: value for name, value in running.items() if not os.environ.get(name)})


def settings_table() -> str:
    """README's table of all settings, as Markdown."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for field in Env.model_fields.values():
        default = "var/" if field.default == REPOSITORY / "var" else str(field.default)
        shown = f"`{default}`" if default else ""
        rows.append(f"| `{field.alias}` | {shown} | {field.description} |")
    return "\n".join(rows) + "\n"


def _write_readme() -> None:
    path = REPOSITORY / "README.md"
    before, opening, rest = path.read_text().partition("<!-- settings -->\n")
    _, closing, after = rest.partition("<!-- /settings -->")
    path.write_text(before + opening + settings_table() + closing + after)


if __name__ == "__main__":
    _write_readme()
