"""Local ports for programs that must be told theirs."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A loopback port that nothing listens on now; nobody else gets it from the system for a while."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
