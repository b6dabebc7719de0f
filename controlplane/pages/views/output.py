"""The whole of an output as plain text."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from controlplane.core.models import OutputStream
from controlplane.core.services import output
from controlplane.core.views import role_or_404


@require_GET
def raw(request: HttpRequest, stream_id: UUID) -> StreamingHttpResponse:
    """Every stored line with its time in UTC, as text; read chunk by chunk, so that its length does not matter."""
    stream = get_object_or_404(OutputStream.objects.select_related("system"), pk=stream_id)
    role_or_404(request, stream.system)
    response = StreamingHttpResponse(_text(stream_id), content_type="text/plain; charset=utf-8")
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _text(stream_id: UUID) -> Iterator[str]:
    after = 0
    while chunks := output.chunks_after(stream_id, after, limit=16):
        for chunk in chunks:
            yield "".join(_line(line) for line in output.decode(chunk))
        after = chunks[-1].last_line


def _line(line: output.Line) -> str:
    at = datetime.fromtimestamp(line.at_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z {line.text}\n"
