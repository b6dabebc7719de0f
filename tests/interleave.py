"""Puts something between what one worker reads and what it then writes, which is where races live."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


@contextmanager
def before_the_first(sql: str, happens: Callable[[], object]) -> Iterator[None]:
    """Calls `happens` once, right before the first statement that contains every word of `sql`, in their order."""
    words, done = sql.split(), False

    def look(execute: Execute, statement: str, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal done
        if not done and _holds(statement.replace('"', ""), words):
            done = True
            happens()
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(look):
        yield
    assert done, f"no statement like {sql!r} was sent"


def _holds(statement: str, words: list[str]) -> bool:
    at = 0
    for word in words:
        at = statement.find(word, at)
        if at < 0:
            return False
    return True
