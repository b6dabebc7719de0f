"""An environment's configuration for programs: its versions, what differs between two, a new one, an old one again."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from controlplane.core.api import actor_of, not_found, unless_refused
from controlplane.core.policies import Capability
from environments_app.api import find_environment
from environments_app.models import ConfigVersion, Environment
from environments_app.schema.compare import compare
from environments_app.services import configs

router = Router()
HERE = "/environments/{system}/{environment}/config"
MOST_VERSIONS = 100


class ConfigIn(Schema):
    """`based_on` is the version that you edited; a newer one that was saved meanwhile answers 409."""

    config: dict[str, Any]
    based_on: int
    reason: str = Field(min_length=1, max_length=300)


class VersionOut(Schema):
    """Who saved a version, when and why."""

    version: int
    digest: str
    author: str
    reason: str
    created_at: datetime


class ConfigOut(VersionOut):
    config: dict[str, Any]


class DifferenceOut(Schema):
    """One setting that differs, or a whole entry that only one side has; what a side does not have is null."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class Compared(Schema):
    from_version: int
    to_version: int
    differences: list[DifferenceOut]


class Between(Schema):
    """The two versions to compare, by number."""

    from_version: int = Field(alias="from")
    to_version: int = Field(alias="to")


class RestoreIn(Schema):
    """`version` is what comes back; `based_on` the newest one that you know, as for a change."""

    version: int
    based_on: int
    reason: str = Field(min_length=1, max_length=300)


def _describe(version: ConfigVersion) -> dict[str, Any]:
    return {
        "version": version.number,
        "digest": version.digest,
        "author": version.author_name,
        "reason": version.reason,
        "created_at": version.created_at,
    }


def _describe_whole(version: ConfigVersion) -> dict[str, Any]:
    return {**_describe(version), "config": version.document}


def _find_version(environment: Environment, number: int) -> ConfigVersion:
    found = configs.find_version(environment, number)
    if found is None:
        raise not_found("version")
    return found


@router.get(HERE, response=ConfigOut)
def get_config(request: HttpRequest, system: str, environment: str) -> dict[str, Any]:
    return _describe_whole(find_environment(request, system, environment, Capability.VIEW).config_version)


@router.put(HERE, response=ConfigOut)
def put_config(request: HttpRequest, system: str, environment: str, body: ConfigIn) -> dict[str, Any]:
    found = find_environment(request, system, environment, Capability.CONFIGURE)
    saved = configs.save_config(actor_of(request), found, body.config, based_on=body.based_on, reason=body.reason)
    return _describe_whole(unless_refused(saved))


@router.get(f"{HERE}/versions", response=list[VersionOut])
def list_versions(
    request: HttpRequest,
    system: str,
    environment: str,
    before: int | None = Query(None, ge=1),
    limit: int = Query(50, ge=1, le=MOST_VERSIONS),
) -> list[dict[str, Any]]:
    """Newest first, without their content. `before`: only versions below this number, for the next page."""
    found = find_environment(request, system, environment, Capability.VIEW)
    versions = found.config_versions.defer("document")
    if before is not None:
        versions = versions.filter(number__lt=before)
    return [_describe(version) for version in versions[:limit]]


@router.get(f"{HERE}/versions/{{number}}", response=ConfigOut)
def get_version(request: HttpRequest, system: str, environment: str, number: int) -> dict[str, Any]:
    return _describe_whole(_find_version(find_environment(request, system, environment, Capability.VIEW), number))


@router.get(f"{HERE}/compare", response=Compared)
def compare_versions(request: HttpRequest, system: str, environment: str, between: Query[Between]) -> dict[str, Any]:
    """What differs between two versions, setting by setting."""
    found = find_environment(request, system, environment, Capability.VIEW)
    before, after = (_find_version(found, number) for number in (between.from_version, between.to_version))
    differences = compare(before.document, after.document)
    return {
        "from_version": before.number,
        "to_version": after.number,
        "differences": [
            {"path": each.name, "kind": each.kind, "before": each.before, "after": each.after} for each in differences
        ],
    }


@router.post(f"{HERE}/restore", response=ConfigOut)
def restore_config(request: HttpRequest, system: str, environment: str, body: RestoreIn) -> dict[str, Any]:
    """What an old version said, as a new version."""
    found = find_environment(request, system, environment, Capability.CONFIGURE)
    restored = configs.restore_config(
        actor_of(request), found, body.version, based_on=body.based_on, reason=body.reason
    )
    return _describe_whole(unless_refused(restored))
