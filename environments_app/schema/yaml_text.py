"""Reading YAML that people wrote: what YAML lets pass and nobody means is refused with its place in the text."""

from typing import Any

import yaml
from yaml.constructor import ConstructorError

MAX_NODES = 50_000
"""Values in a document once every alias is followed; the largest blueprint has some 2,000."""
_MERGE = "tag:yaml.org,2002:merge"


def load_yaml(text: str) -> Any:
    """What `yaml.safe_load` gives. Raises yaml.YAMLError, also for a name that stands twice in one section (the first
    would be lost without a word), for aliases that unfold without end, and for what is nested too deeply."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _weigh(node, {})
        return loader.construct_document(node)
    except RecursionError:
        raise yaml.YAMLError("nested too deeply") from None
    finally:
        loader.dispose()


def _weigh(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for; `known` holds the weights of nodes by id, 0 while one is being weighed."""
    if id(node) in known:
        if known[id(node)] == 0:
            raise ConstructorError(None, None, "an alias that holds itself", node.start_mark)
        return known[id(node)]
    known[id(node)] = 0
    parts: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        _refuse_twins(node)
        parts = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        parts = node.value
    weight = 1 + sum(_weigh(part, known) for part in parts)
    if weight > MAX_NODES:
        raise ConstructorError(None, None, f"more than {MAX_NODES} values", node.start_mark)
    known[id(node)] = weight
    return weight


def _refuse_twins(node: yaml.MappingNode) -> None:
    names: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
            if key.value in names:
                raise ConstructorError(None, None, f"{key.value!r} stands twice in one section", key.start_mark)
            names.add(key.value)
