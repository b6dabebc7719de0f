"""A proxy that leads calls to AWS's own addresses to the sandbox, for what the SDKs let nobody redirect.

The SDK for Go takes a role at STS's real address, whatever AWS_ENDPOINT_URL says. It does heed HTTPS_PROXY and
AWS_CA_BUNDLE, which is how a company's proxy with an authority of its own looks.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.certificates import self_signed


@dataclass(frozen=True)
class AwsProxy:
    """`url` is for HTTPS_PROXY, `authority` for AWS_CA_BUNDLE."""

    url: str
    authority: Path


@contextmanager
def aws_proxy(host: str, target: str, folder: Path) -> Iterator[AwsProxy]:
    """Leads https://host to `target` (http://ADDRESS:PORT), with a certificate of its own in `folder`."""
    certificate, key = self_signed(host, folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            if self.path != f"{host}:443":
                self.send_error(403, "not led anywhere")
                return
            self.send_response(200)
            self.end_headers()
            with context.wrap_socket(self.connection, server_side=True) as inside:
                _Inside(inside, self.client_address, self.server)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    class _Inside(BaseHTTPRequestHandler):
        """One request inside of the tunnel."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            there = HTTPConnection(urlsplit(target).netloc, timeout=20)
            there.request("POST", self.path, body, headers)
            answer = there.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield AwsProxy(f"http://127.0.0.1:{server.server_port}", certificate)
    server.shutdown()
    thread.join()
