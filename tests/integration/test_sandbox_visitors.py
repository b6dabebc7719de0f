"""Only programs of this machine and the sandbox's own page may use it: no page that somebody visits meanwhile."""

from typing import Any

import pytest
import urllib3

from tests.sandbox_fixture import SandboxProcess

CREDENTIAL = "Credential=any/20261120/us-east-1/ssm/aws4_request"
SIGNED = {
    "Authorization": f"AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host, Signature=x",
    "X-Amz-Target": "AmazonSSM.DescribeParameters",
    "Content-Type": "application/x-amz-json-1.1",
}
DOORS: list[tuple[str, str, dict[str, str]]] = [
    ("POST", "/", SIGNED),
    ("POST", "/_sandbox/clock", {}),
    ("POST", "/moto-api/reset", {}),
    ("GET", "/_sandbox/calls", {}),
    ("OPTIONS", "/", {"Access-Control-Request-Method": "POST"}),
    ("GET", "/?Action=ListTopics&X-Amz-Credential=any/20261120/us-east-1/sns/aws4_request", {}),
]
FOREIGN = [
    {"Origin": "https://evil.example.com"},
    {"Origin": "null"},
    {"Host": "evil.example.com:5000", "Origin": "http://evil.example.com:5000"},
    {"Host": "evil.example.com:5000"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
]


def asked(sandbox: SandboxProcess, method: str, path: str, headers: dict[str, str]) -> Any:
    return urllib3.request(method, f"{sandbox.url}{path}", headers=headers, body=b"{}" if method == "POST" else None)


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
@pytest.mark.parametrize(("method", "path", "headers"), DOORS, ids=[f"{method} {path}" for method, path, _ in DOORS])
def test_a_page_of_another_site_is_refused(
    sandbox: SandboxProcess, method: str, path: str, headers: dict[str, str], foreign: dict[str, str]
) -> None:
    answer = asked(sandbox, method, path, {**headers, **foreign})
    assert answer.status == 403, answer.data
    assert answer.json()["error"]
    assert not any(name.lower().startswith("access-control-") for name in answer.headers)


def test_programs_and_the_own_page_may(sandbox: SandboxProcess) -> None:
    own: list[dict[str, str]] = [
        {},
        {"Origin": sandbox.url},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ]
    for headers in own:
        assert asked(sandbox, "POST", "/_sandbox/clock", headers).status == 200
        assert asked(sandbox, "POST", "/", {**SIGNED, **headers}).status == 200
    port = sandbox.url.rpartition(":")[2]
    assert asked(sandbox, "GET", "/_sandbox/health", {"Host": f"localhost:{port}"}).status == 200


def test_a_link_to_the_page_can_be_followed(sandbox: SandboxProcess) -> None:
    clicked = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}
    assert asked(sandbox, "GET", "/_sandbox/", clicked).status == 200
    assert asked(sandbox, "GET", "/_sandbox/calls", clicked).status == 403


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/bucket/key", {"Authorization": "AWS AKIA1234567890123456:signature"}),
        ("/bucket/key?AWSAccessKeyId=AKIA1234567890123456&Signature=x&Expires=1", {}),
    ],
    ids=["header", "presigned"],
)
def test_real_keys_are_refused_in_the_older_signature_too(
    sandbox: SandboxProcess, path: str, headers: dict[str, str]
) -> None:
    answer = asked(sandbox, "PUT", path, headers)
    assert answer.status == 403
    assert b"looks like a real one" in answer.data


@pytest.mark.parametrize("order", [b'{"advance": NaN}', b'{"scale": 1e999}', b'{"advance": Infinity}'])
def test_no_clock_shows_a_time_that_is_none(sandbox: SandboxProcess, order: bytes) -> None:
    answer = urllib3.request("POST", f"{sandbox.url}/_sandbox/clock", body=order)
    assert answer.status == 400
    assert sandbox.control("GET", "health")["status"] == "ok"
