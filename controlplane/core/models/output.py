"""What jobs print: ordered, compressed chunks with line numbers. The record, from which pages read."""

from uuid import uuid4

from django.db import models

from controlplane.core.models.people import System
from controlplane.lib import clock


class OutputStream(models.Model):
    """The output of one job's subject, by `name` (a run has "terraform", a deployment "controller")."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="+")
    subject_kind = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    name = models.CharField(max_length=32)
    created_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True, help_text="Set when nothing will be added; readers stop there.")
    compacted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id", "name"], name="one_stream_per_name")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.subject_kind} {self.subject_id}"


class OutputChunk(models.Model):
    """Consecutive lines of a stream, numbered from 1. `data` is zlib of `milliseconds TAB text NEWLINE` lines."""

    stream = models.ForeignKey(OutputStream, on_delete=models.CASCADE, related_name="chunks")
    first_line = models.PositiveIntegerField()
    last_line = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        # Two writers (a lost worker that wakes up) collide here instead of mixing their lines.
        constraints = [models.UniqueConstraint(fields=["stream", "first_line"], name="one_chunk_per_first_line")]
        indexes = [models.Index(fields=["stream", "last_line"], name="chunk_by_last_line")]

    def __str__(self) -> str:
        return f"lines {self.first_line} to {self.last_line} of {self.stream_id}"
