"""Fetching Terraform from a site laid out as HashiCorp's: what is verified, retried and refused."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from controlplane.lib.toolchain import (
    PINNED,
    Release,
    ToolchainError,
    check_terraform,
    fetch_terraform,
    registry_reachable,
    this_platform,
)

PROGRAM = b'#!/bin/sh\necho \'{"terraform_version": "1.11.4"}\'\n'
PATH = "/terraform/1.11.4/terraform_1.11.4_linux_amd64.zip"


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("LICENSE.txt", "terms")
        archive.writestr("terraform", PROGRAM)
    return buffer.getvalue()


ARCHIVE = zipped()
RELEASE = Release("1.11.4", {"linux_amd64": hashlib.sha256(ARCHIVE).hexdigest()})


class Site:
    """A release site whose answers are ordered one by one; the last one is repeated."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes, int]] = [(200, ARCHIVE, len(ARCHIVE))]
        self.requests: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append(self.path)
                status, body, promised = site.answers.pop(0) if len(site.answers) > 1 else site.answers[0]
                self.send_response(status)
                self.send_header("Content-Length", str(promised))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.server.shutdown()
    site.server.server_close()
    thread.join()


def fetch(site: Site, dest: Path, pauses: list[float] | None = None) -> Path:
    record = [] if pauses is None else pauses
    return fetch_terraform(site.url, dest, release=RELEASE, target="linux_amd64", sleep=record.append)


def test_the_pinned_file_becomes_a_program_that_runs(site: Site, tmp_path: Path) -> None:
    path = fetch(site, tmp_path / "tools")
    assert site.requests == [PATH]
    assert check_terraform(path).version == "1.11.4"
    assert [entry.name for entry in (tmp_path / "tools").iterdir()] == ["terraform"]


def test_a_file_with_another_checksum_is_never_used_nor_asked_for_again(site: Site, tmp_path: Path) -> None:
    site.answers = [(200, b"x" + ARCHIVE, len(ARCHIVE) + 1)]
    with pytest.raises(ToolchainError, match="not the file that was pinned"):
        fetch(site, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(site.requests) == 1


def test_a_file_cut_short_is_fetched_again(site: Site, tmp_path: Path) -> None:
    site.answers = [(200, ARCHIVE[:50], len(ARCHIVE)), (200, ARCHIVE, len(ARCHIVE))]
    assert fetch(site, tmp_path).read_bytes() == PROGRAM
    assert len(site.requests) == 2


def test_a_site_in_trouble_is_asked_three_times_with_longer_pauses(site: Site, tmp_path: Path) -> None:
    site.answers = [(503, b"", 0)]
    pauses: list[float] = []
    with pytest.raises(ToolchainError, match="status 503"):
        fetch(site, tmp_path, pauses)
    assert len(site.requests) == 3
    assert pauses == [2.0, 4.0]


def test_a_file_that_is_not_there_is_a_final_answer_with_a_way_out(site: Site, tmp_path: Path) -> None:
    site.answers = [(404, b"", 0)]
    with pytest.raises(ToolchainError, match="404") as raised:
        fetch(site, tmp_path)
    assert "SLIPWAY_TERRAFORM_BIN" in str(raised.value)
    assert len(site.requests) == 1


def test_a_site_that_cannot_be_reached_is_reported_with_a_way_out(site: Site, tmp_path: Path) -> None:
    site.server.server_close()
    with pytest.raises(ToolchainError, match="could not be fetched") as raised:
        fetch(site, tmp_path)
    assert "SLIPWAY_TERRAFORM_BIN" in str(raised.value)


def test_a_platform_without_a_pin_is_refused_before_anything_is_asked(site: Site, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="no pinned Terraform for plan9_mips"):
        fetch_terraform(site.url, tmp_path, target="plan9_mips")
    assert site.requests == []


def test_this_machine_has_a_pin() -> None:
    assert this_platform() in PINNED.sha256


def test_the_registry_counts_as_reachable_only_where_it_answers(site: Site) -> None:
    site.answers = [(200, b"{}", 2), (403, b"", 0)]
    assert registry_reachable(f"{site.url}/answers")
    assert not registry_reachable(f"{site.url}/refuses")


def test_a_registry_that_is_silent_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controlplane.lib.toolchain._PROBE_SECONDS", 0.2)
    site.answers = [(200, b"", 10)]
    site.server.shutdown()  # it accepts connections still, but nobody answers
    assert not registry_reachable(f"{site.url}/silent")
