"""What goes together with your own Terraform, and what the bundled stack cannot do without."""

from collections.abc import Iterator

from environments_app.schema.config import EnvironmentConfig
from environments_app.schema.problems import Problem

KEPT = frozenset(
    {
        "region", "account_role_arn", "account_roles", "tags", "terraform", "services", "alert_routes", "links",
        "budget", "backup", "recovery", "change_windows",
    }
)  # fmt: skip
"""What is still Slipway's to know where somebody else's Terraform makes the infrastructure."""


def either_stack_or_own(config: EnvironmentConfig) -> Iterator[Problem]:
    """The bundled stack needs a network and a service; with your own Terraform what the stack makes is left out."""
    if config.terraform is None:
        if config.network is None:
            yield Problem("network", "is missing", "a value: this setting is required")
        if not config.services:
            yield Problem("services", "{} is not valid", "at least 1 entries")
        return
    for name, field in EnvironmentConfig.model_fields.items():
        if name not in KEPT and getattr(config, name) != field.get_default(call_default_factory=True):
            yield Problem(name, "your own Terraform makes this, not the bundled stack", "left out, or no terraform")


def own_source(config: EnvironmentConfig) -> Iterator[Problem]:
    """A repository is read at a reference, a folder as it is; no variable is given twice."""
    own = config.terraform
    if own is None:
        return
    if own.is_repository and own.reference is None:
        yield Problem("terraform.reference", "is missing", "a branch, a tag or a commit of the repository")
    if not own.is_repository and own.reference is not None:
        yield Problem("terraform.reference", "a folder has no references", "null, or the address of a repository")
    for name in sorted(own.variables.keys() & own.secret_variables.keys()):
        yield Problem(f"terraform.secret_variables.{name}", "the variable is also in variables", "one of the two")
