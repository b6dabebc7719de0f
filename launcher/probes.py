"""Is a program ready? Each probe is one quick question; None means yes, a string says why not yet."""

import http.client
import socket
from collections.abc import Callable
from pathlib import Path

_TIMEOUT_SECONDS = 2.0
_ANSWER_LENGTH = 300


def http_ok(host: str, port: int, path: str, *, host_header: str | None = None) -> Callable[[], str | None]:
    """A probe that wants status 200 from `GET path`."""

    def probe() -> str | None:
        connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("GET", path, headers={"Host": host_header or host})
            response = connection.getresponse()
            if response.status == http.HTTPStatus.OK:
                return None
            body = response.read(_ANSWER_LENGTH).decode(errors="replace").strip()
            return f"GET {path} answers {response.status} {body}".rstrip()
        except (OSError, http.client.HTTPException) as error:
            return f"GET {path}: {error}"
        finally:
            connection.close()

    return probe


def redis_answers(path: Path) -> Callable[[], str | None]:
    """A probe that wants PONG from the server at a unix socket (it says LOADING until its data is read)."""

    def probe() -> str | None:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_TIMEOUT_SECONDS)
                connection.connect(str(path))
                connection.sendall(b"PING\r\n")
                answer = connection.recv(_ANSWER_LENGTH)
        except OSError as error:
            return f"PING: {error}"
        return None if answer.startswith(b"+PONG") else answer.decode(errors="replace").strip()

    return probe
