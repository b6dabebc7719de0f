"""Reads `terraform -json` lines (the machine-readable UI) into plain text and progress.

Source of the message types: Terraform's documentation, "Machine-Readable UI".
"""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Progress:
    """How far a phase is. `total` is 0 while it is not known; `current` is the resource that moved last."""

    phase: str
    done: int = 0
    total: int = 0
    current: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Event:
    """One output line: what to show, what it means for the progress, and an error's words if it is one."""

    text: str
    kind: str = ""
    address: str = ""
    action: str = ""
    error: str = ""
    changes: int | None = None


def parse(line: str) -> Event:
    """Reads one line; whatever is no JSON message (a crash, `init`) is shown as it is."""
    try:
        message = json.loads(line)
        kind = message["type"]
    except (ValueError, KeyError, TypeError):
        return Event(line)
    text = str(message.get("@message", ""))
    if kind == "diagnostic":
        return _diagnostic(message["diagnostic"])
    if kind == "change_summary":
        changes = message.get("changes", {})
        return Event(text, kind, changes=sum(int(changes.get(name, 0)) for name in ("add", "change", "remove")))
    hook = message.get("hook") or {}
    return Event(text, kind, hook.get("resource", {}).get("addr", ""), hook.get("action", ""))


def _diagnostic(diagnostic: dict[str, Any]) -> Event:
    severity, summary = diagnostic.get("severity", "error"), diagnostic.get("summary", "")
    where = diagnostic.get("range") or {}
    lines = [f"{severity.capitalize()}: {summary}"]
    if diagnostic.get("address"):
        lines.append(f"  with {diagnostic['address']}")
    if where.get("filename"):
        lines.append(f"  on {where['filename']} line {where.get('start', {}).get('line', '?')}")
    lines += [f"  {row}" for row in diagnostic.get("detail", "").splitlines()]
    text = "\n".join(lines)
    return Event(text, "diagnostic", error=text if severity == "error" else "")


def advance(progress: Progress, event: Event) -> Progress:
    """The progress after an event: resources read while planning, resources changed while applying."""
    match event.kind:
        case "refresh_start":
            return replace(progress, total=progress.total + 1, current=event.address)
        case "refresh_complete":
            return replace(progress, done=progress.done + 1, current=event.address)
        case "apply_start":
            return replace(progress, current=event.address)
        # Data sources that are read only now are reported alike, but nobody counted them as changes.
        case "apply_complete" | "apply_errored" if event.action != "read":
            return replace(progress, done=progress.done + 1, current=event.address)
        case _:
            return progress
