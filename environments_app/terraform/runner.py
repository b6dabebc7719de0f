"""Runs Terraform for a run: init, plan, show; later init and apply of exactly the saved file.

Knows processes, files and output, but no database rows: the jobs hand in what it needs and store what it returns.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.lib.aws import Account
from controlplane.lib.errors import SlipwayError
from controlplane.lib.process import Command, Ended, Process, Walls
from environments_app.terraform import commands, events
from environments_app.terraform.plan import Summary, masked_outputs, summarise
from environments_app.terraform.workspace import StateIdentity, Workspace

INIT_SECONDS = 600.0
PLAN_SECONDS = 3600.0
APPLY_SECONDS = 3 * 3600.0
ERRORED_STATE = "errored.tfstate"
"""Where Terraform leaves a state that it could not save to its backend."""
KEPT_STATE = "kept.tfstate"
CANCEL_GRACE = 60.0
"""Terraform finishes the calls that are under way and writes its state before it obeys an interrupt."""


class TerraformFailed(SlipwayError):
    """Terraform ended with an error; `diagnostics` are its own words."""

    def __init__(self, phase: str, ended: Ended, diagnostics: list[str]) -> None:
        words = diagnostics[0].splitlines()[0] if diagnostics else f"exit code {ended.code}"
        super().__init__("TERRAFORM_FAILED", f"terraform {phase} failed: {words}")
        self.phase, self.ended, self.diagnostics = phase, ended, diagnostics


class TerraformCanceled(SlipwayError):
    """Somebody asked to cancel, and Terraform obeyed (or was killed)."""

    def __init__(self, phase: str, ended: Ended) -> None:
        super().__init__("CANCELED", f"terraform {phase} was canceled.")
        self.phase, self.ended = phase, ended


@dataclass
class Hooks:
    """How a runner talks to the job that owns it. All are called from the job's own thread."""

    show: Callable[[str], None]
    """Raw output text."""
    has_room: Callable[[float], bool]
    """Whether more output can be shown; may wait that many seconds. Terraform waits where it cannot."""
    progress: Callable[[events.Progress], None]
    wants_cancel: Callable[[], bool]
    heartbeat: Callable[[], None]
    """Called about twice a second; raises where the claim was lost, which ends Terraform."""
    started: Callable[[int], None]
    """The pid that lives as long as the Terraform process."""


@dataclass(frozen=True)
class Planned:
    """A saved plan: what it would do, and what it was made of."""

    summary: Summary
    plan_json: dict[str, Any]
    plan_sha256: str
    state: StateIdentity


class Runner:
    """Terraform in one workspace."""

    def __init__(
        self,
        terraform: Path,
        workspace: Workspace,
        account: Account,
        hooks: Hooks,
        own: Mapping[str, str] | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        walls: Walls | None = None,
        gets_modules: bool = True,
    ) -> None:
        environment = commands.environment(own if own is not None else os.environ, workspace.folder, account)
        environment |= commands.default_tags(tags or {})
        backend_file = os.path.relpath(workspace.folder / commands.BACKEND_FILE, workspace.stack)
        self._commands = commands.Commands(
            terraform,
            workspace.stack,
            environment,
            backend_file=backend_file,
            user=workspace.owner,
            walls=walls,
            gets_modules=gets_modules,
        )
        self._workspace, self._hooks = workspace, hooks

    def plan(self, kind: str) -> Planned:
        """init, plan, show for a run of this kind. Raises TerraformFailed or TerraformCanceled."""
        self._text("init", self._commands.init(locked=False), INIT_SECONDS)
        self._events("plan", self._commands.plan(kind), PLAN_SECONDS)
        plan_json = self.show()
        return Planned(summarise(plan_json), plan_json, self._workspace.plan_sha256(), self._workspace.plan_state())

    def show(self) -> dict[str, Any]:
        """The saved plan as JSON, secrets included."""
        return self._json("show", self._commands.show())

    def init_again(self, *, locked: bool = True) -> None:
        """In a restored workspace: the same providers as when it was planned, nothing newer."""
        self._text("init", self._commands.init(locked=locked), INIT_SECONDS)

    def apply(self, changes: int) -> None:
        """Applies the saved file; `changes` is how many resource changes it holds. Raises as plan does."""
        self._events("apply", self._commands.apply(), APPLY_SECONDS, total=changes)

    def outputs(self) -> dict[str, Any]:
        """The state's outputs, sensitive ones masked. A wish to cancel comes too late for them."""
        return masked_outputs(self._json("output", self._commands.output(), obeys_cancel=False))

    def push_state(self, state: bytes) -> None:
        """Pushes a state that an earlier apply could not save."""
        self.init_again(locked=False)
        self._workspace.write(KEPT_STATE, state)
        self._text("state push", self._commands.push_state(KEPT_STATE), INIT_SECONDS)

    def _run(
        self,
        phase: str,
        command: Command,
        on_output: Callable[[bytes], None],
        timeout: float,
        *,
        obeys_cancel: bool = True,
    ) -> Ended:
        process = Process(command)
        try:
            self._hooks.started(process.pid)
        except BaseException:
            process.end(CANCEL_GRACE)
            raise
        ended = process.run(
            on_output,
            wants_cancel=self._hooks.wants_cancel if obeys_cancel else _never,
            on_look=self._hooks.heartbeat,
            has_room=self._hooks.has_room,
            timeout=timeout,
            grace=CANCEL_GRACE,
        )
        if ended.canceled:
            raise TerraformCanceled(phase, ended)
        return ended

    def _text(self, phase: str, command: Command, timeout: float) -> None:
        """A command whose output is shown as it is."""
        tail: list[str] = []

        def on_output(data: bytes) -> None:
            text = data.decode("utf-8", "replace")
            tail.append(text)
            self._hooks.show(text)

        self._hooks.progress(events.Progress(phase))
        ended = self._run(phase, command, on_output, timeout)
        if not ended.ok:
            raise TerraformFailed(phase, ended, _errors_in("".join(tail)))

    def _events(self, phase: str, command: Command, timeout: float, total: int = 0) -> None:
        """A command that speaks `-json`: shown as plain text, read into progress."""
        lines = _Lines()
        errors: list[str] = []
        progress = events.Progress(phase, total=total)
        self._hooks.progress(progress)

        def on_output(data: bytes) -> None:
            nonlocal progress
            before = progress
            for line in lines.feed(data):
                event = events.parse(line)
                self._hooks.show(event.text + "\n")
                if event.error:
                    errors.append(event.error)
                progress = events.advance(progress, event)
            if progress != before:
                self._hooks.progress(progress)

        ended = self._run(phase, command, on_output, timeout)
        if not ended.ok:
            raise TerraformFailed(phase, ended, errors)

    def _json(self, phase: str, command: Command, *, obeys_cancel: bool = True) -> dict[str, Any]:
        """A command that prints one JSON document, which is not shown."""
        pieces: list[bytes] = []
        ended = self._run(phase, command, pieces.append, INIT_SECONDS, obeys_cancel=obeys_cancel)
        text = b"".join(pieces).decode("utf-8", "replace")
        try:
            if ended.ok:
                # Warnings about the command-line configuration may stand before the document.
                return dict(json.loads(text[text.index("{") :]))
        except ValueError:
            pass
        raise TerraformFailed(phase, ended, _errors_in(text))


def _never() -> bool:
    return False


class _Lines:
    """Whole lines out of bytes that come in pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [line.decode("utf-8", "replace") for line in whole if line]


def _errors_in(text: str) -> list[str]:
    """The error paragraphs of Terraform's human output (a box drawn with │ and ╵)."""
    rows = [row.strip("│╷╵ ").strip() for row in text.splitlines()]
    starts = [index for index, row in enumerate(rows) if row.startswith("Error:")]
    return ["\n".join(row for row in rows[start : start + 12] if row) for start in starts]
