"""Job output: numbered lines in compressed chunks, read back from any line, compacted without a change."""

from collections.abc import Callable
from operator import methodcaller

import pytest
from django.db import IntegrityError

from controlplane.core.models import OutputChunk, OutputStream
from controlplane.core.services import output
from controlplane.lib.redact import MASK, Redactor
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stream() -> OutputStream:
    system = factories.system()
    return output.open_stream(system, ("run", system.pk), "terraform")


def texts(stream: OutputStream, after: int = 0) -> list[str]:
    return [line.text for line in output.lines_after(stream.pk, after, 100_000)]


def written(
    stream: OutputStream, write: Callable[[output.OutputWriter], object], redactor: Redactor | None = None
) -> None:
    writer = output.OutputWriter(stream, redactor)
    write(writer)
    writer.close()


def in_pieces(*pieces: str) -> Callable[[output.OutputWriter], None]:
    def write(writer: output.OutputWriter) -> None:
        for piece in pieces:
            writer.feed(piece)

    return write


def test_lines_that_come_in_pieces_are_whole(stream: OutputStream) -> None:
    written(stream, in_pieces("one\ntw", "o\nthr", "ee"))
    assert texts(stream) == ["one", "two", "three"]
    assert [line.number for line in output.lines_after(stream.pk)] == [1, 2, 3]


def test_reading_starts_after_any_line(stream: OutputStream) -> None:
    written(stream, lambda writer: writer.feed("".join(f"line {n}\n" for n in range(1, 501))))
    for after in (0, 1, 250, 499, 500):
        assert texts(stream, after) == [f"line {n}" for n in range(after + 1, 501)]


def test_a_second_writer_continues_the_numbers(stream: OutputStream) -> None:
    for word in ("first", "second"):
        written(stream, methodcaller("line", word))
    assert [(line.number, line.text) for line in output.lines_after(stream.pk)] == [(1, "first"), (2, "second")]


def test_two_writers_at_once_collide_instead_of_mixing(stream: OutputStream) -> None:
    lost, heir = output.OutputWriter(stream), output.OutputWriter(stream)
    heir.line("from the heir")
    heir.close()
    lost.line("from the worker that was taken for dead")
    with pytest.raises(IntegrityError):
        lost.close()
    assert texts(stream) == ["from the heir"]


def test_secrets_are_masked_before_they_are_stored(stream: OutputStream) -> None:
    written(stream, in_pieces("a hun", "ter22\n"), Redactor(["hunter22"]))
    assert texts(stream) == [f"a {MASK}"]
    assert not any(b"hunter22" in bytes(chunk.data) for chunk in OutputChunk.objects.all())


def test_tabs_and_empty_lines_and_long_lines_survive(stream: OutputStream) -> None:
    lines = ["", "\ta\tb", "ü" * 20, "x" * 5000, ""]
    written(stream, lambda writer: writer.feed("\n".join(lines) + "\n"))
    assert texts(stream) == lines


def test_compacting_changes_nothing_that_is_read(stream: OutputStream) -> None:
    for n in range(30):
        written(stream, methodcaller("feed", f"line {n}\n" * 3))
    before, chunks = output.lines_after(stream.pk, 0, 1000), OutputChunk.objects.count()
    output.compact(stream.pk)
    assert output.lines_after(stream.pk, 0, 1000) == before
    assert OutputChunk.objects.count() < chunks
    assert output.lines_after(stream.pk, 44, 1000) == before[44:]
