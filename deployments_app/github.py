"""GitHub's webhook events, as far as they tell of a container image. Pure.

Names and shapes are those of GitHub's "Webhook events and payloads" reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controlplane.lib.errors import Refusal
from deployments_app.webhooks import LONGEST_VERSION, ReleaseNotice, read_json, read_notice

SIGNATURE = "X-Hub-Signature-256"
DELIVERY = "X-GitHub-Delivery"
EVENT = "X-GitHub-Event"
PACKAGE_EVENTS = frozenset({"registry_package", "package"})


@dataclass(frozen=True)
class NotARelease:
    """An event that tells of no image; `why` says so."""

    why: str


def parse(event: str, body: bytes) -> ReleaseNotice | NotARelease | Refusal:
    """The release in a delivery. The package's name (its last part) is the name of the service."""
    document = read_json(body)
    if isinstance(document, Refusal):
        return document
    if event not in PACKAGE_EVENTS:
        return NotARelease(f"{event or 'no event'}: only published container packages are releases")
    if document.get("action") != "published":
        return NotARelease(f"{event}: {document.get('action')}")
    try:
        return _published(_mapping(document[event]))
    except (KeyError, TypeError) as error:
        return Refusal("VALIDATION_ERROR", f"The {event} event is not in GitHub's shape: {error}.", 422)


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError("an object is missing")
    return value


def _published(package: Mapping[str, Any]) -> ReleaseNotice | NotARelease | Refusal:
    if str(package["package_type"]).upper() != "CONTAINER":
        return NotARelease(f"a package of type {package['package_type']}")
    version = _mapping(package["package_version"])
    metadata = _mapping(version["container_metadata"])
    tag = str(_mapping(metadata["tag"]).get("name") or "")
    name = f"{package['namespace']}/{package['name']}".lower()
    release = _mapping(version.get("release") or {})
    made = release.get("created_at") or version.get("created_at")
    return read_notice(
        {
            "service": str(package["name"]).rpartition("/")[2],
            "image": f"ghcr.io/{name}" + (f":{tag}" if tag else ""),
            "digest": str(_mapping(metadata["tag"]).get("digest") or version["version"]),
            "commit": str(version["target_oid"]),
            "branch": str(version["target_commitish"]),
            "run_url": str(version.get("html_url") or ""),
            "version": tag[:LONGEST_VERSION],
            "author": str(_mapping(version.get("author") or {}).get("login") or ""),
            "committed_at": str(made) if made else None,
        }
    )
