"""Somebody's own application, for tests that put a real command in an image's place. Run as a program.

It serves on $PORT: `/` says who it is, `/echo` answers the body, `/large?N` answers N bytes, `/slow?SECONDS`
takes its time, `/crash` ends the process with 9. SIGTERM ends it with 0 once it has answered what it was asked.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = b"x" * 65_536


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _, number = self.path.partition("?")
        if path == "/crash":
            os._exit(9)
        if path == "/slow":
            time.sleep(float(number))
        if path == "/large":
            self._head(int(number))
            for start in range(0, int(number), len(CHUNK)):
                self.wfile.write(CHUNK[: int(number) - start])
            return
        about = {"pid": os.getpid(), "port": os.environ["PORT"], "greeting": os.environ.get("GREETING")}
        self._whole(json.dumps(about | {"headers": {name.lower(): value for name, value in self.headers.items()}}))

    def do_POST(self) -> None:
        self._whole(self.rfile.read(int(self.headers["content-length"])).decode())

    def _whole(self, text: str) -> None:
        self._head(len(text.encode()))
        self.wfile.write(text.encode())

    def _head(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.send_header("Set-Cookie", "session=1")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        print(format % arguments, flush=True)


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["migrate"]:
        print("migrated", flush=True)
        return int(arguments[1])
    if arguments[:1] == ["stubborn"]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
    server.daemon_threads = False
    if arguments[:1] != ["stubborn"]:
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    if arguments[:1] == ["with-child"]:
        print("child", subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
    print("ready", flush=True)
    server.serve_forever(poll_interval=0.05)
    print("ended in good order", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
