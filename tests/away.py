"""A database that is really away for a moment, for tests that run on transactions of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model


@contextmanager
def away(model: type[Model]) -> Iterator[None]:
    """PostgreSQL ends every session, as a restart does. SQLite has no server: the model's table is gone meanwhile."""
    other = connection.copy()
    table = model._meta.db_table
    try:
        with other.cursor() as cursor:
            if other.vendor == "postgresql":
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            else:
                cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
        yield
    finally:
        if other.vendor != "postgresql":
            with other.cursor() as cursor:
                cursor.execute(f"ALTER TABLE {table}_away RENAME TO {table}")
        other.close()
