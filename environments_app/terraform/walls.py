"""What foreign Terraform may open on the worker: its workspace, itself, its providers, and the system's own files."""

from collections.abc import Mapping
from pathlib import Path

from controlplane.lib.process import Walls
from environments_app.terraform.workspace import Workspace

PROGRAMS = ("/usr", "/bin", "/lib", "/lib64")
"""Libraries and certificate authorities; nothing here is anybody's secret (hier(7): read-only data to be shared)."""
SETTINGS = tuple(
    f"/etc/{name}"
    for name in (
        "ssl", "pki", "ca-certificates", "ld.so.cache", "localtime",
        # How names and ports are resolved (nsswitch.conf(5), resolv.conf(5), gai.conf(5)).
        "gai.conf", "hosts", "nsswitch.conf", "protocols", "resolv.conf", "services",
    )
)  # fmt: skip
DEVICES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom"))
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE")
"""Variables of the worker's environment that name authorities of its own."""


def around(workspace: Workspace, terraform: Path, providers: Path | None, own: Mapping[str, str]) -> Walls:
    """The walls of one run. `providers`: the mirror that they are linked from; `own`: the worker's environment."""
    named = [own[name] for name in CERTIFICATES if own.get(name)]
    mirror = [] if providers is None else [providers]
    reads = [*map(Path, (*PROGRAMS, *SETTINGS, *named)), terraform, *mirror]
    return Walls(tuple(reads), (workspace.folder, workspace.temporary, *map(Path, DEVICES)))
