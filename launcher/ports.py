"""Which port to listen on."""

import errno
import random
import socket
from pathlib import Path

# Below the range from which Linux takes the ports of outgoing connections (32768 and up), so that a remembered
# port is still free after a restart.
_CANDIDATES = range(20_000, 30_000)


def problem_with(host: str, port: int) -> str | None:
    """Why nothing can listen on host and port, or None."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        return "it is in use by another program" if error.errno == errno.EADDRINUSE else str(error)
    return None


def free_port(host: str) -> int:
    """A port that nobody listens on."""
    return next(port for port in random.sample(_CANDIDATES, len(_CANDIDATES)) if not problem_with(host, port))


def remembered_port(path: Path, host: str) -> int:
    """The port that `path` holds while it is free, else a new one, which is written there."""
    try:
        port = int(path.read_text())
    except (OSError, ValueError):
        port = 0
    if port not in _CANDIDATES or problem_with(host, port):
        port = free_port(host)
        path.write_text(str(port))
    return port
