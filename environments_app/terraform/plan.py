"""Reads a plan (`terraform show -json`) into what people decide about. Pure; secrets are masked first.

Source of the format: Terraform's documentation, "JSON Output Format", plan representation.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

SENSITIVE = "(sensitive value)"
UNKNOWN = "(known after apply)"
LONGEST_VALUE = 400
MOST_ATTRIBUTES = 200
EMPTY: tuple[Any, ...] = (None, [], {}, "")


@dataclass(frozen=True)
class Attribute:
    """One changed attribute by its path ("tags.Name"), as text; `forces_replacement` as Terraform says."""

    path: str
    before: str
    after: str
    forces_replacement: bool = False


@dataclass(frozen=True)
class Change:
    """What would happen to one resource. action: create, update, delete, replace, read or forget."""

    address: str
    module: str
    type: str
    name: str
    action: str
    reason: str = ""
    create_first: bool = False
    attributes: list[Attribute] = field(default_factory=list)


@dataclass(frozen=True)
class Summary:
    """The plan as a page shows it: counts as Terraform counts them (a replacement is one add and one destroy)."""

    add: int
    change: int
    destroy: int
    replace: int
    unchanged: int
    changes: list[Change]
    drift: list[Change]
    output_changes: list[str]
    terraform_version: str = ""

    @property
    def is_empty(self) -> bool:
        """Nothing to do: neither resources nor outputs would change."""
        return not self.changes and not self.output_changes

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def masked(value: Any, sensitive: Any) -> Any:
    """`value` with everything that the matching `*_sensitive` tree marks replaced by SENSITIVE."""
    if sensitive is True:
        return SENSITIVE if value is not None else None
    if isinstance(value, dict) and isinstance(sensitive, dict):
        return {key: masked(item, sensitive.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(sensitive, list):
        marks = sensitive + [None] * (len(value) - len(sensitive))
        return [masked(item, mark) for item, mark in zip(value, marks, strict=False)]
    return value


def _with_unknown(value: Any, unknown: Any) -> Any:
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, dict):
        base = value if isinstance(value, dict) else {}
        return {**base, **{key: _with_unknown(base.get(key), mark) for key, mark in unknown.items() if mark}}
    if isinstance(unknown, list):
        base_list = value if isinstance(value, list) else []
        longest = max(len(unknown), len(base_list))
        return [
            _with_unknown(
                base_list[index] if index < len(base_list) else None,
                unknown[index] if index < len(unknown) else None,
            )
            for index in range(longest)
        ]
    return value


def _leaves(value: Any, sensitive: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, value to compare, value to show) of every leaf; lists of scalars are one leaf."""
    if sensitive is True:
        yield path, value, SENSITIVE
    elif isinstance(value, dict) and value:
        for key in sorted(value):
            mark = sensitive.get(key) if isinstance(sensitive, dict) else None
            yield from _leaves(value[key], mark, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        marks = sensitive if isinstance(sensitive, list) else []
        for index, item in enumerate(value):
            yield from _leaves(item, marks[index] if index < len(marks) else None, f"{path}[{index}]")
    else:
        yield path, value, masked(value, sensitive)


def sensitive_texts(plan: dict[str, Any]) -> set[str]:
    """Every text that the plan marks as sensitive: what must not pass through the output either."""
    found: set[str] = set()
    for entry in plan.get("resource_changes", []):
        change = entry["change"]
        for side in ("before", "after"):
            for _, value, shown in _leaves(change.get(side) or {}, change.get(f"{side}_sensitive")):
                found |= _hidden(value, shown)
    for variable in plan.get("output_changes", {}).values():
        if variable.get("after_sensitive") is True and isinstance(variable.get("after"), str):
            found.add(variable["after"])
    return found


def _hidden(value: Any, shown: Any) -> set[str]:
    if shown == SENSITIVE:
        return _texts(value)
    if isinstance(value, list) and isinstance(shown, list):
        return set().union(*(_texts(item) for item, mark in zip(value, shown, strict=True) if mark == SENSITIVE))
    return set()


def _texts(value: Any) -> set[str]:
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return set().union(*(_texts(item) for item in items))
    return {value} if isinstance(value, str) else set()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        text = "[" + ", ".join(_text(item) for item in value) + "]"
    elif isinstance(value, dict):
        text = "{}"
    else:
        text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _replace_paths(change: dict[str, Any]) -> set[str]:
    paths = set()
    for path in change.get("replace_paths") or []:
        text = ""
        for step in path:
            text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else str(step))
        paths.add(text)
    return paths


def _attributes(change: dict[str, Any]) -> list[Attribute]:
    after = _with_unknown(change.get("after"), change.get("after_unknown"))
    old = {path: rest for path, *rest in _leaves(change.get("before") or {}, change.get("before_sensitive"))}
    new = {path: rest for path, *rest in _leaves(after or {}, change.get("after_sensitive"))}
    forced, nothing = _replace_paths(change), [None, None]
    found = []
    for path in sorted(old.keys() | new.keys()):
        (was, was_shown), (will, will_shown) = old.get(path, nothing), new.get(path, nothing)
        if path and was != will and not (was in EMPTY and will in EMPTY):
            forces = any(path == root or path.startswith((root + ".", root + "[")) for root in forced)
            found.append(Attribute(path, _text(was_shown), _text(will_shown), forces))
    found.sort(key=lambda attribute: not attribute.forces_replacement)
    return found[:MOST_ATTRIBUTES]


def _action(actions: list[str]) -> str:
    if actions in (["delete", "create"], ["create", "delete"]):
        return "replace"
    return actions[0] if actions else "no-op"


def _change(entry: dict[str, Any]) -> Change:
    change = entry["change"]
    action = _action(change["actions"])
    return Change(
        address=entry["address"],
        module=entry.get("module_address", ""),
        type=entry["type"],
        name=_name(entry),
        action=action,
        reason=(entry.get("action_reason") or "").replace("_", " "),
        create_first=change["actions"] == ["create", "delete"],
        attributes=_attributes(change) if action in {"update", "replace", "create"} else [],
    )


def _name(entry: dict[str, Any]) -> str:
    index = entry.get("index")
    if index is None:
        return str(entry["name"])
    return f'{entry["name"]}["{index}"]' if isinstance(index, str) else f"{entry['name']}[{index}]"


def _drift(entries: Iterable[dict[str, Any]], planned: Mapping[str, Change]) -> Iterator[Change]:
    """What changed outside and would be changed back. What is left to somebody else (`ignore_changes`: the release
    controller, autoscaling) stands in Terraform's list of drift as well, and not in what it would do."""
    for entry in entries:
        change, back = _change(entry), planned.get(entry["address"])
        if back is None:
            continue
        if change.action == "update" and back.action == "update":
            touched = {_argument(each) for each in back.attributes}
            kept = [each for each in change.attributes if _argument(each) in touched]
            change = replace(change, attributes=kept)
        if change.attributes or change.action != "update":
            yield change


def _argument(attribute: Attribute) -> str:
    """The resource's own argument that a path begins with: `tags` of "tags.Name"."""
    return re.split(r"[.\[]", attribute.path, maxsplit=1)[0]


def summarise(plan: dict[str, Any]) -> Summary:
    """The summary of a plan's JSON: dangerous changes first, then by address."""
    counts: Counter[str] = Counter()
    changes = []
    for entry in plan.get("resource_changes", []):
        action = _action(entry["change"]["actions"])
        counts[action] += 1
        if action not in {"no-op", "read"}:
            changes.append(_change(entry))
    planned = {change.address: change for change in changes}
    order = {"replace": 0, "delete": 1}
    changes.sort(key=lambda change: (order.get(change.action, 2), change.address))
    return Summary(
        add=counts["create"] + counts["replace"],
        change=counts["update"],
        destroy=counts["delete"] + counts["replace"],
        replace=counts["replace"],
        unchanged=counts["no-op"],
        changes=changes,
        # Right after a create, providers report much that is no drift (an attribute that they computed, `null`
        # for an empty collection). What changed outside matters where Terraform would change it back.
        drift=list(_drift(plan.get("resource_drift", []), planned)),
        output_changes=[
            name
            for name, change in sorted(plan.get("output_changes", {}).items())
            if change["actions"] not in (["no-op"], [])
        ],
        terraform_version=str(plan.get("terraform_version", "")),
    )


def masked_outputs(outputs: dict[str, Any]) -> dict[str, Any]:
    """`terraform output -json` as name -> value, sensitive ones masked."""
    return {
        name: SENSITIVE if output.get("sensitive") else output.get("value") for name, output in sorted(outputs.items())
    }
