"""What the buttons of the form do to the document between two saves: entries come, go, and sections too."""

from typing import Any

from environments_app.config_form.reading import NEW, Sent


def edit(document: dict[str, Any], verb: str, path: str, sent: Sent) -> dict[str, Any]:
    """The document after `add`, `remove`, `use` or `drop` at a path; other verbs, and paths that are not there, change
    nothing. The document is the caller's own and is changed in place."""
    *parents, last = path.split(".")
    holder: Any = document
    for part in parents:
        holder = _inside(holder, part)
    if isinstance(holder, dict):
        _edit_map(holder, last, verb, sent.get(path + NEW, "").strip())
    elif isinstance(holder, list) and verb == "remove" and last.isdigit() and int(last) < len(holder):
        del holder[int(last)]
    return document


def _inside(holder: Any, part: str) -> Any:
    if isinstance(holder, list):
        return holder[int(part)] if part.isdigit() and int(part) < len(holder) else None
    return holder.get(part) if isinstance(holder, dict) else None


def _edit_map(holder: dict[str, Any], name: str, verb: str, new: str) -> None:
    held = holder.get(name)
    match verb:
        case "add" if isinstance(held, list):
            held.append({})
        case "add" if isinstance(held, dict) and new:
            held.setdefault(new, {})
        case "remove":
            holder.pop(name, None)
        case "use" if held is None:
            holder[name] = {}
        case "drop":
            holder[name] = None
