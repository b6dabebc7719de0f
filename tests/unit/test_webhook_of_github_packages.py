"""GitHub's own deliveries: a published container is a release, everything else is answered and left alone."""

import json
from typing import Any

import pytest
from django.test import Client

from controlplane.core.actors import Actor
from controlplane.lib import signing
from deployments_app.models import Release
from deployments_app.services import webhooks
from tests import factories

pytestmark = pytest.mark.filterwarnings("error:Returning tuple:DeprecationWarning")
DIGEST = f"sha256:{'c' * 64}"


@pytest.fixture
def secret(db: None) -> str:
    return webhooks.issue_secret(Actor.slipway("test"), factories.environment(factories.system("shop")).system)


def package(**version: Any) -> dict[str, Any]:
    """A `registry_package` event in GitHub's shape, as far as it is read."""
    return {
        "action": "published",
        "registry_package": {
            "name": "api",
            "namespace": "Acme",
            "package_type": "CONTAINER",
            "package_version": {
                "version": DIGEST,
                "target_oid": "d" * 40,
                "target_commitish": "main",
                "html_url": "https://github.com/acme/shop/packages/1",
                "created_at": "2026-11-20T10:00:00Z",
                "author": {"login": "octo"},
                "container_metadata": {"tag": {"name": "v2", "digest": DIGEST}},
                **version,
            },
        },
    }


def post(event: str, document: dict[str, Any], secret: str, delivery: str = "g-1") -> Any:
    raw = json.dumps(document).encode()
    headers = {
        "X-Hub-Signature-256": signing.sign(secret, raw),
        "X-GitHub-Delivery": delivery,
        "X-GitHub-Event": event,
    }
    return Client().post("/api/v1/webhooks/github/shop", raw, content_type="application/json", headers=headers)


def test_a_published_container_is_a_release(secret: str) -> None:
    response = post("registry_package", package(), secret)
    assert response.status_code == 202, response.content
    release = Release.objects.get()
    assert (release.version, release.commit, release.branch, release.author) == ("v2", "d" * 40, "main", "octo")
    assert release.images.get().reference == f"ghcr.io/acme/api@{DIGEST}"
    assert release.committed_at
    again = post("registry_package", package(), secret)
    assert again.json() == {**response.json(), "created": False}


def test_a_ping_is_answered(secret: str) -> None:
    assert post("ping", {"zen": "Design for failure."}, secret).status_code == 200


@pytest.mark.parametrize(
    ("event", "document"),
    [
        ("push", {"ref": "refs/heads/main"}),
        ("registry_package", {**package(), "action": "updated"}),
        ("registry_package", {"action": "published", "registry_package": {"package_type": "npm"}}),
    ],
)
def test_other_events_are_ignored_and_say_so(secret: str, event: str, document: dict[str, Any]) -> None:
    response = post(event, document, secret)
    assert response.status_code == 202
    assert response.json()["ignored"]
    assert not Release.objects.exists()


def test_a_shape_that_is_not_githubs_is_refused(secret: str) -> None:
    response = post(
        "registry_package", {"action": "published", "registry_package": {"package_type": "container"}}, secret
    )
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    "fields",
    [
        {"html_url": "javascript:alert(1)"},
        {"html_url": "https://github.com/" + "a" * 500},
        {"target_commitish": "b" * 201},
        {"target_oid": "c" * 65},
        {"author": {"login": "d" * 151}},
        {"created_at": "yesterday"},
    ],
)
def test_githubs_fields_are_held_to_what_cis_are(secret: str, fields: dict[str, Any]) -> None:
    response = post("registry_package", package(**fields), secret)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "VALIDATION_ERROR"
    assert not Release.objects.exists()


def test_a_long_tag_is_cut_where_it_is_the_label(secret: str) -> None:
    tag = {"name": "v" * 128, "digest": DIGEST}
    assert post("registry_package", package(container_metadata={"tag": tag}), secret).status_code == 202
    assert Release.objects.get().version == "v" * 80


def test_an_unsigned_delivery_is_refused(secret: str) -> None:
    assert post("ping", {}, "another").status_code == 401
