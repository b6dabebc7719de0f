"""What is told of a deployment, stored in the transaction that it belongs to."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from controlplane.core.models import OutputChunk, OutputStream
from controlplane.core.services import output
from controlplane.lib import clock, live


def tell(stream_id: UUID | None, lines: Sequence[str]) -> None:
    """Appends lines to a stream with the transaction around it, so that no state is without its words."""
    now = int(clock.now().timestamp() * 1000)
    tell_at(stream_id, [(now, line) for line in lines])


@transaction.atomic
def tell_at(stream_id: UUID | None, lines: Sequence[tuple[int, str]]) -> None:
    """Appends lines that carry a time of their own, in milliseconds since the epoch."""
    if stream_id is None or not lines:
        return
    # A line break inside would be a line of its own that nobody counted.
    whole = [(at, " ".join(text.splitlines())[: output.LONGEST_LINE]) for at, text in lines]
    # A look and a person may both have something to say: one after the other, so that the numbers stay unique.
    OutputStream.objects.select_for_update().get(pk=stream_id)
    first = output.last_line(stream_id) + 1
    OutputChunk.objects.create(
        stream_id=stream_id, first_line=first, last_line=first + len(whole) - 1, data=output.encode(whole)
    )
    live.ring_on_commit(output.topic_of(stream_id))
