"""What the launcher reads from the environment (the product's own settings: controlplane/env.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"


class ConfigError(Exception):
    """A setting is wrong; the message says which one and what would be right."""


@dataclass(frozen=True)
class Config:
    """`redis_url` is empty where the bundled server is to be started, `sandbox_port` 0 where it is free to choose."""

    data_dir: Path
    bind: str
    port: int
    redis_url: str
    sandbox: bool
    sandbox_port: int

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    @property
    def connect_host(self) -> str:
        """Where this machine reaches the web server: a wildcard address is listened on, not connected to."""
        return {"0.0.0.0": LOOPBACK, "::": "::1"}.get(self.bind, self.bind)  # noqa: S104  nothing listens here

    @property
    def url(self) -> str:
        host = f"[{self.connect_host}]" if ":" in self.connect_host else self.connect_host
        return f"http://{host}:{self.port}/"


def from_environ(environ: Mapping[str, str]) -> Config:
    """Raises ConfigError; an empty variable counts as not set."""
    aws = environ.get("SLIPWAY_AWS") or "sandbox"
    if aws not in ("sandbox", "real"):
        raise ConfigError(f"SLIPWAY_AWS is {aws!r}; it must be 'sandbox' or 'real'.")
    data_dir = Path(environ.get("SLIPWAY_DATA_DIR") or REPOSITORY / "var")
    return Config(
        data_dir=data_dir.expanduser().absolute(),
        bind=environ.get("BIND") or LOOPBACK,
        port=_port(environ, "PORT", 8000),
        redis_url=environ.get("REDIS_URL") or "",
        sandbox=aws == "sandbox",
        sandbox_port=_port(environ, "SANDBOX_PORT", 0),
    )


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not 0 <= int(text) <= 65535 or (int(text) == 0 and default):
        raise ConfigError(f"{name} is {text!r}; it must be a port, 1 to 65535.")
    return int(text)
