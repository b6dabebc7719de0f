"""What a deployment is aimed at: the service as the environment's last apply left it, and the revision to run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from controlplane.lib.aws import Account
from controlplane.lib.errors import Refusal
from deployments_app import policies, routing, taskdefinition
from deployments_app.models import Deployment, Release
from environments_app import schema
from environments_app.accounts import account_of
from environments_app.models import Environment, StateVersion

CARRIED_OUT = ("rolling",)
"""The strategies that this version of the controller knows."""


@dataclass(frozen=True)
class Prepared:
    """Everything that is decided before a deployment begins. `target`: the stack's output `services[name]`."""

    strategy: str
    target: Mapping[str, Any]
    rendered: Mapping[str, Any]
    bound: Mapping[str, Any]
    account: Account


def hold(environment: Environment) -> None:
    """Lets nobody else decide what is deployed there until the transaction ends.

    SQLite needs no row lock: its transactions begin with the lock of the whole database.
    """
    Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)


def account_key(account: Account) -> str:
    """ "account:region": what looks are made by. An account without a role is Slipway's own."""
    parts = account.role_arn.split(":")
    return f"{parts[4] if len(parts) > 4 else 'own'}:{account.region}"


def account_for(deployment: Deployment) -> Account:
    """Where the deployment was begun: the configuration that it is bound to says so, not one that was saved since."""
    environment = deployment.environment
    bound = environment.config_versions.get(number=deployment.bound["config_version"])
    return account_of(environment, bound.config, "deploy")


def policy_of(environment: Environment, service: str) -> schema.services.DeploymentPolicy | None:
    """How the environment's configuration wants this service deployed; None where it has no such service."""
    found = environment.config_version.config.services.get(service)
    return found.deployment if found else None


def last_succeeded(environment: Environment, service_id: UUID) -> Deployment | None:
    """The deployment whose result runs there as far as Slipway knows."""
    done = Deployment.objects.standing().filter(environment=environment, service_id=service_id)
    return done.select_related("release").order_by("-finished_at").first()


def prepare(environment: Environment, release: Release, strategy: str | None, kind: str) -> Prepared | Refusal:
    """What deploying this release there would mean now; a Refusal says what is missing."""
    slug = release.service.slug
    policy = policy_of(environment, slug)
    if policy is None:
        return Refusal("NO_SUCH_SERVICE", f"{environment} has no service {slug} in its configuration.")
    chosen = strategy or policy.strategy
    if chosen not in CARRIED_OUT:
        known = ", ".join(CARRIED_OUT)
        return Refusal("STRATEGY_UNSUPPORTED", f"The strategy {chosen} is not carried out yet. Known: {known}.", 422)
    state = StateVersion.objects.filter(environment=environment).first()
    target = (state.outputs.get("services") or {}).get(slug) if state else None
    if not isinstance(target, dict):
        return Refusal(
            "NOT_PROVISIONED",
            f"The service {slug} does not exist in {environment} yet. Plan and apply the infrastructure first.",
        )
    before = _ran_before(environment, release) if kind == "rollback" else None
    if before is not None:  # a rollback takes what ran, whole, and leads the traffic to the port that it had
        target = {name: value for name, value in target.items() if name != "load_balancer"}
        target |= {name: value for name, value in before.target.items() if name == "load_balancer"}
    rendered = dict(before.rendered) if before is not None else _render(environment, release, target)
    if isinstance(rendered, Refusal):
        return rendered
    return Prepared(
        strategy=chosen,
        target=target,
        rendered=rendered,
        bound=policies.bound_inputs(
            digests=release.digests,
            rendered=rendered,
            load_balancer=routing.words(target),
            strategy={"name": chosen, **policy.model_dump(mode="json", exclude={"strategy"})},
            config_version=environment.config_version.number,
            protection_version=environment.protection.number,
        ),
        account=account_of(environment, environment.config_version.config, "deploy"),
    )


def _ran_before(environment: Environment, release: Release) -> Deployment | None:
    return Deployment.objects.filter(environment=environment, release=release, state="succeeded").first()


def _render(environment: Environment, release: Release, target: Mapping[str, Any]) -> Mapping[str, Any] | Refusal:
    """The new revision: the template with the release's images."""
    running = last_succeeded(environment, release.service_id)
    images = taskdefinition.images_of(running.rendered) if running else {}
    images |= {image.container: image.reference for image in release.images.all()}
    try:
        return taskdefinition.render(target["task_template"], images)
    except taskdefinition.MissingImage as error:
        return Refusal(
            "IMAGE_MISSING",
            f"The container {error} has no image: neither this release brings one nor does one run in {environment}.",
            422,
        )
