"""The environment's lock: one exclusive holder, or one per service; it says who, since when and why."""

from uuid import UUID, uuid4

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import LockHold
from controlplane.core.services import locks
from controlplane.lib.errors import Refusal

pytestmark = pytest.mark.django_db
ACTOR = Actor("user", "dora")


@pytest.fixture
def environment() -> UUID:
    return uuid4()


def holder() -> tuple[str, UUID]:
    return ("run", uuid4())


def test_an_exclusive_hold_keeps_everybody_out_and_says_who(environment: UUID) -> None:
    locks.acquire(ACTOR, environment, holder(), "Apply v7", exclusive=True)
    for exclusive, service in ((True, ""), (False, "api")):
        refused = locks.acquire(ACTOR, environment, holder(), "me too", service=service, exclusive=exclusive)
        assert isinstance(refused, Refusal)
        assert "dora" in refused.message
        assert "Apply v7" in refused.message


def test_services_are_locked_each_for_itself(environment: UUID) -> None:
    first, second = holder(), holder()
    assert isinstance(locks.acquire(ACTOR, environment, first, "api", service="api", exclusive=False), LockHold)
    assert isinstance(locks.acquire(ACTOR, environment, second, "web", service="web", exclusive=False), LockHold)
    assert isinstance(locks.acquire(ACTOR, environment, holder(), "api", service="api", exclusive=False), Refusal)
    assert isinstance(locks.acquire(ACTOR, environment, holder(), "all", exclusive=True), Refusal)
    locks.release(first)
    locks.release(second)
    assert isinstance(locks.acquire(ACTOR, environment, holder(), "all", exclusive=True), LockHold)


def test_fencing_numbers_only_grow(environment: UUID) -> None:
    numbers = []
    for _ in range(3):
        mine = holder()
        hold = locks.acquire(ACTOR, environment, mine, "x", exclusive=True)
        assert isinstance(hold, LockHold)
        assert locks.still_holds(mine, hold.fencing)
        numbers.append(hold.fencing)
        locks.release(mine)
        assert not locks.still_holds(mine, hold.fencing)
    assert numbers == sorted(set(numbers))


def test_asking_again_returns_the_same_hold(environment: UUID) -> None:
    mine = holder()
    first = locks.acquire(ACTOR, environment, mine, "x", exclusive=True)
    assert locks.acquire(ACTOR, environment, mine, "x", exclusive=True) == first
