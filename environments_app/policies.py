"""Domain decisions without a database: what binds an approval, what is worth a note, what weakens a protection."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from environments_app.schema import EnvironmentConfig, Protection, unprovisioned, warnings

KEEPS_DATA = frozenset(
    {
        "aws_db_instance",
        "aws_elasticache_replication_group",
        "aws_elasticache_cluster",
        "aws_s3_bucket",
        "aws_efs_file_system",
        "aws_dynamodb_table",
        "aws_secretsmanager_secret",
        "aws_kms_key",
    }
)
"""Resource types whose destruction loses something that a second apply does not bring back."""
CANCELED = "CANCELED"
"""The code of a Terraform that someone asked to stop (terraform.runner)."""


@dataclass(frozen=True)
class Finding:
    """One result of a policy. `refuses`: nothing runs while it stands."""

    title: str
    detail: str = ""
    refuses: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def bound_inputs(
    *,
    plan_sha256: str,
    lineage: str,
    serial: int,
    config_version: int,
    config_digest: str,
    modules_revision: str,
    variables_fingerprint: str,
    protection_version: int,
) -> dict[str, Any]:
    """What an approval of a run is an approval of (design, section 4)."""
    return {
        "plan_sha256": plan_sha256,
        "state_lineage": lineage,
        "state_serial": serial,
        "config_version": config_version,
        "config_digest": config_digest,
        "modules_revision": modules_revision,
        "variables_fingerprint": variables_fingerprint,
        "protection_version": protection_version,
    }


def findings(
    summary: Mapping[str, Any],
    cost: Mapping[str, Any],
    config: EnvironmentConfig,
    *,
    tier: str,
) -> list[Finding]:
    """What people should read before they decide, gravest first. In production an unknown cost in whole refuses."""
    found = []
    lost = [
        change["address"]
        for change in summary["changes"]
        if change["action"] in {"delete", "replace"} and change["type"] in KEEPS_DATA
    ]
    if lost:
        found.append(
            Finding(
                f"{len(lost)} {'resources that keep' if len(lost) > 1 else 'resource that keeps'} data would be lost",
                ", ".join(lost),
            )
        )
    found += _cost_findings(cost, config, tier)
    advice = warnings(config, tier=tier)
    found += [Finding(f"{item.path}: {item.problem}", f"Better: {item.expected}") for item in advice]
    found += [Finding(f"{gap.path}: this version does not make it", gap.means) for gap in unprovisioned(config)]
    return found


def _cost_findings(cost: Mapping[str, Any], config: EnvironmentConfig, tier: str) -> list[Finding]:
    if "error" in cost:
        return [Finding("The cost could not be estimated", cost["error"], refuses=tier == "production")]
    found = []
    after = cost["after"]
    budget = config.budget.monthly_usd if config.budget else None
    high = after["range"]["high"]
    if budget is not None and after["total_monthly_cost"] > budget:
        found.append(
            Finding(
                f"${after['total_monthly_cost'] - budget:.2f} a month over the budget",
                f"${after['total_monthly_cost']:.2f} expected, of ${budget:.2f}",
            )
        )
    elif budget is not None and high is not None and high > budget:
        found.append(Finding("The upper bound is over the budget", f"${high:.2f} of ${budget:.2f}"))
    if after["unknown"]:
        count = len(after["unknown"])
        found.append(
            Finding(
                f"{count} resource{'s' * (count > 1)} without a known price, not in the sum",
                ", ".join(after["unknown"]),
            )
        )
    return found


@dataclass(frozen=True)
class Failure:
    """A failure as a person reads it: what happened, what it means, what to do next."""

    code: str
    cause: str
    effect: str
    next_step: str
    details: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def plan_failure(code: str, cause: str, details: Sequence[str] = ()) -> Failure:
    next_step = "Read the error in the output, put the configuration right, and plan again."
    if code == CANCELED:
        next_step = "Plan again when you want to go on."
    return Failure(code, cause, "Nothing was changed: a plan only reads.", next_step, details)


def apply_failure(code: str, cause: str, done: int, total: int, details: Sequence[str] = ()) -> Failure:
    """An apply that stopped on the way, by itself or asked to: says honestly how far it came."""
    effect = (
        f"{done} of {total} changes were made and are recorded in the state; the others were not made."
        if done
        else "No change was completed."
    )
    return Failure(code, cause, effect, "Plan again: the new plan shows exactly what is still to be done.", details)


def outcome_unknown(reason: str) -> Failure:
    """An apply of which nobody saw the end."""
    return Failure(
        "OUTCOME_UNKNOWN",
        f"Nobody saw how the apply ended: {reason}.",
        "Some of the changes may have been made. The environment stays locked, and nothing is tried again by itself.",
        "An operator reconciles: Slipway frees the dead process's state lock and compares AWS with the approved plan.",
    )


def weakenings(old: Protection, new: Protection) -> list[str]:
    """What `new` lets happen that `old` does not, a sentence each; empty where it is as strict or stricter."""
    found = []
    for name, what in (("required_approvals", "An apply"), ("required_release_approvals", "A release")):
        before, after = getattr(old, name), getattr(new, name)
        if after < before:
            found.append(f"{what} needs {after} instead of {before} approvals.")
    if new.auto_deploy and not old.auto_deploy:
        found.append("Releases from CI deploy by themselves.")
    if new.requester_may_approve and not old.requester_may_approve:
        found.append("Who asks for a change may approve it.")
    if old.branches and not new.branches:
        found.append("Any branch may be released.")
    elif old.branches:
        found += [f"The branch {glob} may be released." for glob in new.branches if not _is_covered(glob, old.branches)]
    for name, least in old.required_evidence.items():
        if name not in new.required_evidence:
            found.append(f"The evidence {name} is not required.")
        elif new.required_evidence[name] < least:
            found.append(f"The evidence {name} may be {new.required_evidence[name]:g} instead of {least:g}.")
    return found


def _is_covered(glob: str, globs: Sequence[str]) -> bool:
    """Whether every branch that `glob` names is surely one of `globs`.

    A glob whose only wildcard is the star covers what it matches as text: its stars take the other's wildcards in
    whole. Of other wildcards nobody can say so; only the same glob covers itself then.
    """
    return any(glob == other or (not set(other) & set("?[") and fnmatchcase(glob, other)) for other in globs)
