"""The CI webhook over HTTP: nothing unsigned gets in, everything signed is answered, nothing is taken twice."""

import json
from typing import Any

import pytest
from django.test import Client

from controlplane.core.actors import Actor
from controlplane.core.models import AuditEvent
from controlplane.lib import signing
from deployments_app.models import Release, WebhookDelivery, WebhookSecret
from deployments_app.services import webhooks
from environments_app.models import Environment
from tests import factories

pytestmark = pytest.mark.filterwarnings("error:Returning tuple:DeprecationWarning")
DIGEST = f"sha256:{'a' * 64}"
ACTOR = Actor.slipway("test")


@pytest.fixture
def environment(db: None) -> Environment:
    return factories.environment(factories.system("shop"))


@pytest.fixture
def secret(environment: Environment) -> str:
    return webhooks.issue_secret(ACTOR, environment.system)


def document(**values: Any) -> dict[str, Any]:
    given = {"service": "api", "image": "registry.example.com/shop/api:1.4.2", "digest": DIGEST, "commit": "c0ffee"}
    return {**given, "branch": "main", "run_url": "https://ci.example.com/1", **values}


def post(
    body: bytes | dict[str, Any], secret: str, *, delivery: str = "d-1", system: str = "shop", **given: Any
) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"X-Slipway-Signature-256": signing.sign(secret, raw), "X-Slipway-Delivery": delivery, **given}
    return Client().post(
        f"/api/v1/webhooks/ci/{system}",
        raw,
        content_type="application/json",
        headers={name: value for name, value in headers.items() if value is not None},
    )


def refused(response: Any, status: int, code: str) -> dict[str, Any]:
    """The answer has this status and code in the one error shape, and the audit trail knows of it."""
    assert response.status_code == status, response.content
    error: dict[str, Any] = response.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["requestId"] == response["X-Request-ID"]
    event = AuditEvent.objects.get(action="webhook.refused", request_id=error["requestId"])
    assert event.refused
    assert event.after == {"code": code}
    assert not Release.objects.exists()
    return error


def test_a_signed_delivery_makes_a_release(environment: Environment, secret: str) -> None:
    response = post(document(sequence=7, committed_at="2026-11-01T10:00:00Z"), secret)
    assert response.status_code == 202
    answer = response.json()
    release = Release.objects.get()
    assert answer == {"release": str(release.pk), "created": True, "url": answer["url"]}
    assert answer["url"].endswith(f"/releases/{release.pk}")
    assert (release.version, release.commit, release.sequence) == ("1.4.2", "c0ffee", 7)
    image = release.images.get()
    assert (image.container, image.reference) == ("api", f"registry.example.com/shop/api@{DIGEST}")
    assert AuditEvent.objects.filter(action="release.created", subject_id=str(release.pk)).exists()


@pytest.mark.parametrize("system", ["%00", "a%20b", "é"])
def test_an_address_that_names_no_system_is_not_found(secret: str, system: str) -> None:
    assert post(document(), secret, system=system).status_code == 404


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have_are_refused(secret: str, number: str) -> None:
    raw = json.dumps(document(evidence={"coverage": 1})).replace('"coverage": 1', f'"coverage": {number}').encode()
    refused(post(raw, secret), 400, "MALFORMED_JSON")


@pytest.mark.parametrize(
    "values",
    [
        {"author": "a\x00b"},
        {"evidence": {"nested": [{"a\x00b": 1}]}},
        {"branch": "\ud800"},
        {"committed_at": "0001-01-01T00:00:00+10:00"},
        {"run_url": "javascript:alert(1)"},
    ],
)
def test_text_that_cannot_be_stored_or_shown_is_refused(secret: str, values: dict[str, Any]) -> None:
    refused(post(document(**values), secret), 422, "VALIDATION_ERROR")


def test_a_name_that_no_column_takes_is_refused(secret: str) -> None:
    refused(post(document(image=f"registry.example.com/{'a' * 300}"), secret), 422, "BAD_IMAGE")


def test_a_long_tag_is_cut_where_it_is_the_label(secret: str) -> None:
    assert post(document(image=f"registry.example.com/api:{'v' * 128}"), secret).status_code == 202
    assert Release.objects.get().version == "v" * 80
    assert Release.objects.get().images.get().tag == "v" * 128


def test_images_may_be_given_by_container(environment: Environment, secret: str) -> None:
    body = document(images={"api": {"image": "registry.example.com/api", "digest": DIGEST}})
    del body["image"], body["digest"]
    assert post(body, secret).status_code == 202
    assert Release.objects.get().digests == {"api": DIGEST}


@pytest.mark.parametrize("signature", [None, "", "sha256=", "sha256=" + "0" * 64, "nonsense", "sha256=ü"])
def test_a_wrong_signature_is_refused_before_the_body_is_read(secret: str, signature: str | None) -> None:
    given: dict[str, Any] = {"X-Slipway-Signature-256": signature}
    response = post(b"not json at all", secret, **given)
    refused(response, 401, "BAD_SIGNATURE")


def test_an_unknown_system_looks_like_a_wrong_signature(secret: str) -> None:
    unknown = refused(post(document(), secret, system="nowhere"), 401, "BAD_SIGNATURE")
    wrong = post(document(), "another secret").json()["error"]
    assert unknown["message"] == wrong["message"]


def test_another_systems_secret_opens_nothing(secret: str) -> None:
    other = factories.environment(factories.system("other"))
    refused(post(document(), webhooks.issue_secret(ACTOR, other.system)), 401, "BAD_SIGNATURE")


def test_two_secrets_are_valid_while_one_is_changed(environment: Environment, secret: str) -> None:
    second = webhooks.issue_secret(ACTOR, environment.system)
    assert post(document(commit="1"), secret, delivery="1").status_code == 202
    assert post(document(commit="2"), second, delivery="2").status_code == 202
    third = webhooks.issue_secret(ACTOR, environment.system)
    assert post(document(commit="3"), secret, delivery="3").status_code == 401
    assert post(document(commit="4"), third, delivery="4").status_code == 202
    newest = WebhookSecret.objects.filter(system=environment.system).first()
    assert newest
    assert webhooks.revoke_secret(ACTOR, newest)
    assert not webhooks.revoke_secret(ACTOR, newest)
    assert post(document(commit="5"), third, delivery="5").status_code == 401


def test_the_secret_is_not_stored_in_the_clear(secret: str) -> None:
    stored = WebhookSecret.objects.get()
    assert secret.encode() not in bytes(stored.sealed)
    assert secret[8:] not in stored.hint


def test_ten_megabytes_are_refused_by_their_length(secret: str) -> None:
    body = b"x" * (10 * 1024 * 1024)
    assert refused(post(body, secret), 413, "BODY_TOO_LARGE")["details"] == {"limit": 1024 * 1024}


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000, b"null"])
def test_what_is_no_json_object_is_refused(secret: str, body: bytes) -> None:
    refused(post(body, secret), 400, "MALFORMED_JSON")


def test_a_body_of_unknown_length_is_refused(secret: str) -> None:
    refused(post(b"", secret), 411, "LENGTH_REQUIRED")


@pytest.mark.parametrize("delivery", [None, "", "with space", "x" * 101, "é"])
def test_a_delivery_needs_an_id(secret: str, delivery: str | None) -> None:
    given: dict[str, Any] = {"X-Slipway-Delivery": delivery}
    refused(post(document(), secret, **given), 400, "DELIVERY_MISSING")


def test_an_unknown_service_is_refused_with_the_known_names(secret: str) -> None:
    error = refused(post(document(service="apo"), secret), 404, "UNKNOWN_SERVICE")
    assert error["details"] == {"services": ["api"]}
    assert "api" in error["message"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"digest": "sha256:short"}, "BAD_DIGEST"),
        ({"digest": "sha256:" + "A" * 64}, "BAD_DIGEST"),
        ({"digest": "md5:" + "a" * 32}, "BAD_DIGEST"),
        ({"image": "registry.example.com/api@sha256:" + "b" * 64}, "BAD_DIGEST"),
        ({"image": "https://registry.example.com/api"}, "BAD_IMAGE"),
        ({"image": "UPPER/api"}, "BAD_IMAGE"),
        ({"container": "sidecar"}, "UNKNOWN_CONTAINER"),
        ({"images": {"api": {"image": "a/b", "digest": DIGEST}}}, "VALIDATION_ERROR"),
        ({"commit": ""}, "VALIDATION_ERROR"),
        ({"commit": None}, "VALIDATION_ERROR"),
        ({"sequence": "7"}, "VALIDATION_ERROR"),
        ({"sequence": -1}, "VALIDATION_ERROR"),
        ({"committed_at": "yesterday"}, "VALIDATION_ERROR"),
        ({"run_url": "javascript:alert(1)"}, "VALIDATION_ERROR"),
        ({"surprise": 1}, "VALIDATION_ERROR"),
    ],
)
def test_wrong_fields_are_refused_by_name(secret: str, values: dict[str, Any], code: str) -> None:
    error = refused(post(document(**values), secret), 422, code)
    assert error["details"]


def test_a_repeated_delivery_gets_the_same_release(secret: str) -> None:
    first = post(document(), secret).json()
    again = post(document(), secret)
    assert again.status_code == 202
    assert again.json() == {**first, "created": False}
    assert WebhookDelivery.objects.count() == 1


def test_a_replay_under_a_new_id_makes_no_second_release(secret: str) -> None:
    first = post(document(), secret).json()
    assert post(document(), secret, delivery="d-2").json() == {**first, "created": False}
    assert Release.objects.count() == 1


def test_the_same_digests_are_the_same_release(secret: str) -> None:
    first = post(document(), secret).json()
    rerun = post(document(run_url="https://ci.example.com/2"), secret, delivery="d-2").json()
    assert rerun == {**first, "created": False}
    assert sorted(WebhookDelivery.objects.values_list("outcome", flat=True)) == ["created", "known"]


def test_an_id_cannot_carry_another_body(secret: str) -> None:
    post(document(), secret)
    response = post(document(digest=f"sha256:{'b' * 64}"), secret)
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "DELIVERY_REUSED"
    assert Release.objects.count() == 1


def test_a_refused_delivery_may_be_sent_again_when_it_is_put_right(environment: Environment, secret: str) -> None:
    assert post(document(digest="sha256:short"), secret).status_code == 422
    assert post(document(), secret).status_code == 202


@pytest.mark.django_db
def test_the_body_is_described_in_the_apis_description() -> None:
    client = Client()
    client.force_login(factories.user())
    described = json.dumps(client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/webhooks/ci/{system}"])
    assert all(name in described for name in ("committed_at", "sequence", "evidence", "digest"))
    assert "$defs" not in described
