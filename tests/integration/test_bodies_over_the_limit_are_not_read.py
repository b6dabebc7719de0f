"""The web server refuses a body over the limit without taking it in, and reads one below it whatever its form."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse

import pytest
from django.conf import settings

from controlplane.core.models import ApiToken, AuditEvent
from environments_app.models import Environment
from tests import factories
from tests.server_fixture import HOST, WebProcess, start_web

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
TEN_MEGABYTES = 10_000_000
WEBHOOK = "/api/v1/webhooks/ci/shop"
CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


@pytest.fixture(scope="module")
def web(django_db_setup: None, redis_server: str) -> Iterator[WebProcess]:
    with start_web() as process:
        yield process


@pytest.fixture
def connection(web: WebProcess) -> Iterator[HTTPConnection]:
    """One connection to the server; an answer that does not come is an error."""
    with closing(HTTPConnection(HOST, web.port, timeout=20)) as made:
        yield made


@pytest.fixture
def environment() -> Environment:
    return factories.environment(factories.system("shop"))


def begin(connection: HTTPConnection, path: str, method: str = "POST", **headers: str) -> socket.socket:
    """Sends a request's head; the body is up to the caller."""
    connection.putrequest(method, path)
    for name, value in {"Content-Type": "application/json", "X-Request-ID": "req-12345678", **headers}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    return connection.sock


def is_too_large(response: HTTPResponse) -> None:
    assert response.status == 413
    error = json.loads(response.read())["error"]
    assert error.keys() == {"code", "message", "details", "requestId", "timestamp"}
    assert error["code"] == "BODY_TOO_LARGE"
    assert error["requestId"] == response.headers["X-Request-ID"] == "req-12345678"


def config_of(environment: Environment) -> tuple[str, dict[str, str]]:
    """An address of the API that reads its body, and the head that lets an admin in."""
    _, token = ApiToken.issue(factories.member(environment.system, "admin"), "test")
    return f"/api/v1/environments/shop/{environment.slug}/config", {"Authorization": f"Bearer {token}"}


def test_a_webhook_is_refused_by_its_length_before_any_of_its_body_came(
    connection: HTTPConnection, environment: Environment
) -> None:
    begin(connection, WEBHOOK, Content_Length=str(TEN_MEGABYTES))
    is_too_large(connection.getresponse())
    event = AuditEvent.objects.get(action="webhook.refused")
    assert (event.after, event.request_id) == ({"code": "BODY_TOO_LARGE"}, "req-12345678")


def test_who_asks_first_is_told_not_to_send(connection: HTTPConnection, environment: Environment) -> None:
    """curl asks for bodies over 1 MiB; "100 Continue" would be the invitation."""
    sock = begin(connection, WEBHOOK, Content_Length=str(TEN_MEGABYTES), Expect="100-continue")
    assert sock.recv(12) == b"HTTP/1.1 413"


def test_who_sends_it_all_reads_the_answer_and_goes_on(connection: HTTPConnection, environment: Environment) -> None:
    begin(connection, WEBHOOK, Content_Length=str(TEN_MEGABYTES)).sendall(b"x" * TEN_MEGABYTES)
    is_too_large(connection.getresponse())
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200


@pytest.mark.parametrize("form", ["application/json", "multipart/form-data; boundary=b"])
def test_an_api_call_is_refused_by_its_length(connection: HTTPConnection, environment: Environment, form: str) -> None:
    path, head = config_of(environment)
    head["Content-Type"] = form
    begin(connection, path, "PUT", Content_Length=str(LIMIT + 1), **head)
    is_too_large(connection.getresponse())


@pytest.mark.parametrize("cookie", [f"csrftoken={'a' * 32}", ""])
@pytest.mark.parametrize("form", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"])
def test_a_page_says_it_in_words(connection: HTTPConnection, form: str, cookie: str) -> None:
    """Whatever the form's encoding, and whether or not its sender got it from us."""
    head = {"Content-Type": form, "Cookie": cookie}
    begin(connection, "/accounts/login/", Content_Length=str(TEN_MEGABYTES), **head)
    response = connection.getresponse()
    assert response.status == 413
    assert "That was too large" in response.read().decode()


def test_a_body_without_a_length_is_read_to_the_limit_only(
    connection: HTTPConnection, environment: Environment
) -> None:
    """Its end is never sent: who waits for it does not answer."""
    path, head = config_of(environment)
    sock = begin(connection, path, "PUT", Transfer_Encoding="chunked", **head)
    for _ in range(LIMIT // 0x10000 + 1):
        sock.sendall(CHUNK)
    is_too_large(connection.getresponse())


def test_a_length_beside_chunks_is_not_believed(django_db_setup: None, redis_server: str) -> None:
    """uvicorn's other parser lets both through and goes by the chunks; httptools refuses such a request."""
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "10"}
    with start_web(http="h11") as web, closing(HTTPConnection(HOST, web.port, timeout=20)) as made:
        sock = begin(made, "/accounts/login/", Transfer_Encoding="chunked", **form)
        for _ in range(LIMIT // 0x10000 + 1):
            sock.sendall(CHUNK)
        assert made.getresponse().status == 413


def test_a_body_without_a_length_that_is_small_gets_through(
    connection: HTTPConnection, environment: Environment
) -> None:
    path, head = config_of(environment)
    sock = begin(connection, path, "PUT", Transfer_Encoding="chunked", **head)
    for piece in (b'{"config": {}, "based_on": "ni', b'ne", "reason": "try"}'):
        sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
    sock.sendall(b"0\r\n\r\n")
    response = connection.getresponse()
    assert response.status == 422
    assert json.loads(response.read())["error"]["details"]["problems"][0]["field"] == "based_on"


def test_a_body_of_exactly_the_limit_is_read(connection: HTTPConnection, environment: Environment) -> None:
    begin(connection, WEBHOOK, Content_Length=str(LIMIT)).sendall(b"x" * LIMIT)
    assert connection.getresponse().status == 401
