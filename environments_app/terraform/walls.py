"""What foreign Terraform may open on the worker: its workspace, itself, its providers, and what every program needs."""

from collections.abc import Mapping
from pathlib import Path

from controlplane.lib.process import Walls
from environments_app.terraform.workspace import Workspace

LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo")
AUTHORITIES = (
    "/etc/ca-certificates", "/etc/pki/ca-trust", "/etc/pki/tls/cacert.pem", "/etc/pki/tls/certs",
    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem", "/etc/ssl/certs",
    "/usr/local/share/ca-certificates", "/usr/share/ca-certificates", "/var/lib/ca-certificates",
)  # fmt: skip
"""Where Go looks for certificate authorities (crypto/x509, root_linux.go), and where distributions keep them."""
NAMES = (
    "/etc/gai.conf", "/etc/hosts", "/etc/localtime", "/etc/nsswitch.conf", "/etc/protocols", "/etc/resolv.conf",
    "/etc/services",
    # resolv.conf is a link to one of these, where it is written anew while a run lasts.
    "/run/NetworkManager", "/run/resolvconf", "/run/systemd/resolve",
)  # fmt: skip
"""How names and ports are resolved (nsswitch.conf(5), resolv.conf(5), gai.conf(5))."""
NAMED = ("SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE")
"""Variables of the worker's environment that name authorities of its own; folders are parted by colons."""


def around(workspace: Workspace, terraform: Path, providers: Path | None, own: Mapping[str, str]) -> Walls:
    """The walls of one run. `providers`: the mirror that they are linked from; `own`: the worker's environment."""
    named = [path for name in NAMED for path in own.get(name, "").split(":") if path]
    mirror = [] if providers is None else [providers]
    reads = [*map(Path, (*LIBRARIES, *AUTHORITIES, *NAMES, *named)), terraform, *mirror]
    return Walls(tuple(reads), (workspace.folder, workspace.temporary, Path("/dev/null")))
