"""What kind of field a setting of the schema is."""

from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Kind = Literal[
    "section",  # named settings
    "entries",  # sections by name
    "list",  # sections in order
    "flag",
    "choice",  # one of some
    "choices",  # any of some
    "number",
    "text",
    "lines",  # values in order, one on each line
    "pairs",  # NAME=value, one on each line
    "json",  # anything else
]


@dataclass(frozen=True, slots=True)
class Shape:
    """`model`: of sections; `options`: of choices, as the schema has them; `whole`: numbers without a fraction.

    `of_numbers`: lines hold numbers, pairs have them as values. `optional`: it may be null.
    """

    kind: Kind
    optional: bool = False
    model: type[BaseModel] | None = None
    options: tuple[Any, ...] = ()
    whole: bool = False
    of_numbers: bool = False


def shape_of(annotation: Any) -> Shape:
    """The shape of a field's annotation; what it does not know is JSON."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shape_of(arguments[0])
    if origin in (Union, UnionType):
        rest = [argument for argument in arguments if argument is not NoneType]
        known = shape_of(rest[0]) if len(rest) == 1 else Shape("json")
        return replace(known, optional=NoneType in arguments)
    if origin is Literal:
        return Shape("choice", options=arguments)
    if origin is dict:
        return _of_values(shape_of(arguments[1]))
    if origin is tuple:
        return _of_items(shape_of(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Shape("section", model=annotation)
    return _SCALARS.get(annotation, Shape("json"))


_SCALARS = {
    bool: Shape("flag"),
    int: Shape("number", whole=True),
    float: Shape("number"),
    str: Shape("text"),
}


def _of_values(value: Shape) -> Shape:
    if value.kind == "section" and not value.optional:
        return Shape("entries", model=value.model)
    if value.kind in ("text", "number") and not value.optional:
        return Shape("pairs", of_numbers=value.kind == "number", whole=value.whole)
    return Shape("json")


def _of_items(item: Shape) -> Shape:
    if item.kind == "section":
        return Shape("list", model=item.model)
    if item.kind == "choice":
        return Shape("choices", options=item.options)
    if item.kind in ("text", "number") and not item.optional:
        return Shape("lines", of_numbers=item.kind == "number", whole=item.whole)
    return Shape("json")


def default_of(field: FieldInfo) -> Any:
    """The setting's default as a document has it; None where it is required, or null by default."""
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return list(value) if isinstance(value, tuple) else value
