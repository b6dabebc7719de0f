"""An HTTP endpoint that SNS may deliver to: keeps what it gets, answers as told, verifies signatures."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class Subscriber:
    """`statuses` are answered in turn, 200 once they are used up."""

    def __init__(self) -> None:
        self.received: list[tuple[Mapping[str, str], str]] = []
        self.statuses: list[int] = []
        self.url = ""

    def messages(self, kind: str) -> list[dict[str, Any]]:
        found = [json.loads(body) for headers, body in self.received if "x-amz-sns-rawdelivery" not in headers]
        return [message for message in found if message["Type"] == kind]


@contextmanager
def subscriber() -> Iterator[Subscriber]:
    keeps = Subscriber()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            keeps.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(keeps.statuses.pop(0) if keeps.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    keeps.url = f"http://127.0.0.1:{server.server_port}/alarms"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield keeps
    finally:
        server.shutdown()
        server.server_close()


def verify(message: Mapping[str, Any]) -> None:
    """Raises InvalidSignature. The certificate is fetched from where the message says it is."""
    answer = urllib3.request("GET", message["SigningCertURL"], retries=False, timeout=10)
    key = x509.load_pem_x509_certificate(answer.data).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    text = "".join(f"{name}\n{message[name]}\n" for name in SIGNED[message["Type"]] if name in message)
    algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}[message["SignatureVersion"]]  # noqa: S303 - SNS's version 1
    key.verify(base64.b64decode(message["Signature"]), text.encode(), padding.PKCS1v15(), algorithm)
