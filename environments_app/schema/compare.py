"""What differs between two configurations, setting by setting. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["added", "removed", "changed"]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting, or a whole entry that only one side has; what a side does not have is None."""

    path: Path
    kind: Kind
    before: Any
    after: Any

    @property
    def name(self) -> str:
        """`services.web.memory_mib`, `alert_routes.1.target`."""
        return ".".join(map(str, self.path))


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The differences of two documents in canonical form, in the order of the later one's settings.

    Entries of maps are told apart by their names. Lists whose length stays are compared place by place; others are
    one difference, since nobody can say which of their entries moved.
    """
    return list(_compare((), before, after))


def apply(differences: Sequence[Difference], document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the differences carried out; what `compare` found makes the one document of the other."""
    result: dict[str, Any] = _copy(document)
    for difference in differences:
        holder: Any = result
        for part in difference.path[:-1]:
            holder = holder[part]
        if difference.kind == "removed":
            del holder[difference.path[-1]]
        else:
            holder[difference.path[-1]] = _copy(difference.after)
    return result


def _compare(path: Path, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*after, *(key for key in before if key not in after)]:
            here = (*path, key)
            if key not in before:
                yield Difference(here, "added", None, after[key])
            elif key not in after:
                yield Difference(here, "removed", before[key], None)
            else:
                yield from _compare(here, before[key], after[key])
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _compare((*path, place), one, other)
    elif not _same(before, after):
        yield Difference(path, "changed", before, after)


def _same(before: Any, after: Any) -> bool:
    """Equal, and of one type: in Python `True == 1`."""
    return type(before) is type(after) and bool(before == after)


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(part) for key, part in value.items()}
    return [_copy(part) for part in value] if isinstance(value, list) else value
