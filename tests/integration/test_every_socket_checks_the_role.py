"""Walks every WebSocket of the product as nobody, as a stranger, and as each role."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from controlplane.core.models import OutputStream
from controlplane.core.policies import Role
from controlplane.core.services import output
from controlplane.lib import live
from controlplane.urls import websocket_urlpatterns
from environments_app.models import Environment
from tests import factories
from tests.server_fixture import WebProcess, next_message, session_cookie, start_web

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def web(django_db_setup: None, redis_server: str) -> Iterator[WebProcess]:
    with start_web() as process:
        yield process


@pytest.fixture(autouse=True)
def real_doorbell(settings: Any, redis_server: str) -> None:
    """What this process rings is heard in the web process."""
    settings.CHANNEL_LAYERS = settings.SLIPWAY_REAL_CHANNEL_LAYERS


@pytest.fixture
def environment() -> Environment:
    return factories.environment()


@pytest.fixture
def stream(environment: Environment) -> OutputStream:
    """A log of one line that has ended."""
    made = output.open_stream(environment.system, ("run", uuid4()), "terraform")
    writer = output.OutputWriter(made)
    writer.line("secret enough")
    writer.close()
    output.close_stream(made.pk)
    return made


@pytest.fixture
def addresses(environment: Environment, stream: OutputStream) -> dict[str, str]:
    """A real address for each pattern."""
    return {
        "ws/output/<uuid:stream_id>": f"/ws/output/{stream.pk}",
        "ws/live": f"/ws/live?topic=environment:{environment.pk}",
    }


def first_word(web: WebProcess, address: str, cookie: str, topic: str) -> dict[str, Any] | int:
    """The first message that comes while the topic is rung again and again; or a close code (0: gone without one)."""
    with web.socket(address, cookie=cookie) as socket:
        for _ in range(50):
            live.ring(topic, "changed")
            try:
                return next_message(socket, 0.2)
            except TimeoutError:
                continue
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 0
    raise AssertionError(f"{address} says nothing")


def test_what_is_walked_is_every_socket(addresses: dict[str, str]) -> None:
    assert addresses.keys() == {str(entry.pattern) for entry in websocket_urlpatterns}


def test_members_of_every_role_listen_and_others_do_not(
    web: WebProcess, environment: Environment, addresses: dict[str, str]
) -> None:
    topic = f"environment:{environment.pk}"
    stranger = factories.member(factories.system(), Role.ADMIN)
    members = [session_cookie(factories.member(environment.system, role)) for role in Role]
    for address in addresses.values():
        assert first_word(web, address, "", topic) == 4401, address
        assert first_word(web, address, session_cookie(stranger), topic) == 4403, address
        for cookie in members:
            said = first_word(web, address, cookie, topic)
            assert isinstance(said, dict), (address, said)
            assert said.get("topic") == topic or said["lines"][0][1] == "secret enough"
