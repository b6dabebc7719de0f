"""How long property tests look (a little at every run, long with `make test-properties`), and what is not looked at
again and again."""

import gc

from hypothesis import settings

settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=2_000, deadline=None)
settings.load_profile("quick")


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector, which would walk all of it every time, leaves it alone."""
    gc.freeze()
