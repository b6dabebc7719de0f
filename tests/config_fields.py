"""What a browser would send of a configuration's form."""

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict

from environments_app.config_form.drawing import Node, draw
from environments_app.schema import EnvironmentConfig


def form(config_document: Any, problems: Any = ()) -> tuple[Node, ...]:
    return draw(EnvironmentConfig, config_document, problems)


def sent(nodes: Iterable[Node]) -> QueryDict:
    """What a browser would send of these nodes, untouched."""
    query = QueryDict(mutable=True)
    for node in nodes:
        fill(query, node)
    return query


def fill(query: QueryDict, node: Node) -> None:
    if node.is_group:
        if node.kind == "section" and node.optional and node.used:
            query.appendlist(f"{node.path}:used", "1")
        for child in node.children:
            if node.kind in ("entries", "list"):
                query.appendlist(f"{node.path}:key", child.name)
            if node.kind == "entries":
                query.appendlist(f"{child.path}:name", child.name)
            fill(query, child)
    elif node.options:
        for value, _, chosen in node.options:
            if chosen:
                query.appendlist(node.path, value)
    else:
        query.appendlist(node.path, node.text)
