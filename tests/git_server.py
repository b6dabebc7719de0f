"""git over https on this machine: the real `git http-backend`, behind a certificate of the tests' own authority."""

import base64
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.certificates import self_signed


@dataclass
class GitServer:
    """Serves the repositories below a folder; `authority` is a file that SSL_CERT_FILE may name, readable by all.

    asked: the path of every request so far. on_request: called with the path before each is answered.
    """

    url: str
    authority: Path
    asked: list[str] = field(default_factory=list)
    authorization: str = ""
    on_request: Callable[[str], None] = lambda path: None

    def demand(self, name: str, word: str) -> None:
        """From now on only who signs in so is answered."""
        self.authorization = "Basic " + base64.b64encode(f"{name}:{word}".encode()).decode()


@contextmanager
def serving(folder: Path) -> Iterator[GitServer]:
    """The server as long as the block lasts."""
    keys = Path(tempfile.mkdtemp(prefix="git-server-"))
    keys.chmod(0o755)
    authority, key = self_signed("127.0.0.1", keys)
    made = GitServer("", authority)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(folder, made))
    made.url = f"https://127.0.0.1:{server.server_address[1]}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()
    shutil.rmtree(keys)


def _handler(folder: Path, server: GitServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request as CGI (RFC 3875), which is what git http-backend speaks."""

        def _answer(self) -> None:
            asked = urlsplit(self.path)
            server.asked.append(asked.path)
            server.on_request(asked.path)
            if server.authorization and self.headers.get("Authorization") != server.authorization:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            environment = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": asked.path,
                "QUERY_STRING": asked.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                # The repositories are this test's own, whoever runs it.
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
            }
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            done = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=True)
            heading, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(row.split(": ", 1) for row in heading.decode().split("\r\n"))
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: what went wrong is what git says."""

    return Handler
