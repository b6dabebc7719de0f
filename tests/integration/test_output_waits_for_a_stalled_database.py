"""While the database takes nothing, Terraform waits: memory has a bound, the heartbeat goes on, no line is lost."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from controlplane.core.models import OutputChunk, OutputStream
from controlplane.core.services import output
from controlplane.lib.aws import Account
from environments_app.terraform.runner import Hooks, Runner
from environments_app.terraform.workspace import Workspace
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
LINES = 60_000
TALKATIVE = f"#!{sys.executable} -IS\nfor number in range({LINES}):\n    print(f'line {{number:0100}}')\n"
"""Says some six megabytes as fast as it is read."""
MOST = 2 * (output.ROOM_BYTES + 64 * 1024) + 64 * 1024
"""What the writer may hold, with what is on its way to the database, and the pipe."""


@contextmanager
def stalled() -> Iterator[None]:
    """Nobody else can store output meanwhile. (SQLite: the one write lock.)"""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            connection.cursor().execute(f"LOCK TABLE {OutputChunk._meta.db_table} IN SHARE MODE")
        yield


@pytest.fixture
def stream() -> OutputStream:
    system = factories.system()
    return output.open_stream(system, ("run", system.pk), "terraform")


def texts(stream: OutputStream) -> list[str]:
    return [line.text for line in output.lines_after(stream.pk, 0, 10 * LINES)]


def test_terraform_waits_while_the_heartbeat_goes_on(stream: OutputStream, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "run")
    workspace.stack.mkdir(parents=True)
    terraform = tmp_path / "terraform"
    terraform.write_text(TALKATIVE)
    terraform.chmod(0o755)
    writer, stall = output.OutputWriter(stream), ExitStack()
    taken = 0
    taken_at_heartbeats: list[int] = []
    held: list[int] = []

    def show(text: str) -> None:
        nonlocal taken
        taken += len(text)
        writer.feed(text)

    def heartbeat() -> None:
        taken_at_heartbeats.append(taken)
        if taken and taken_at_heartbeats[-3:] == [taken] * 3:
            held.append(taken)
            stall.close()

    hooks = Hooks(
        show=show,
        has_room=writer.wait_for_room,
        progress=lambda progress: None,
        wants_cancel=lambda: False,
        heartbeat=heartbeat,
        started=lambda pid: None,
    )
    with stall:
        stall.enter_context(stalled())
        Runner(terraform, workspace, Account("us-east-1"), hooks).init_again()
    writer.close()
    assert held, "three heartbeats came while the program waited"
    assert held[0] <= MOST
    assert texts(stream) == [f"line {number:0100}" for number in range(LINES)]


@pytest.mark.parametrize("line", ["x" * 100, ""])
def test_many_short_lines_have_a_bound_as_well(stream: OutputStream, line: str) -> None:
    writer, fed = output.OutputWriter(stream), 0
    with stalled():
        while writer.wait_for_room(0.3):
            writer.feed(f"{line}\n" * 500)
            fed += 500
            assert fed <= 2 * (output.ROOM_LINES + 500)
    assert writer.wait_for_room(30), "there is room again when the database has taken it"
    writer.close()
    assert texts(stream) == [line] * fed


def test_an_error_is_not_waited_for(stream: OutputStream) -> None:
    """A writer that stores nothing any more must be fed, because that is what raises."""
    heir, writer = output.OutputWriter(stream), output.OutputWriter(stream)
    heir.line("taken over")
    heir.close()
    with stalled():
        writer.feed("x\n" * (output.ROOM_LINES + 1))
        while writer.wait_for_room(0.3):
            writer.feed("x\n" * output.ROOM_LINES)
    assert writer.wait_for_room(30)
    with pytest.raises(IntegrityError):
        writer.close()
