"""Reading the tasks' lines never keeps a worker from the next look, however many streams there are."""

from datetime import timedelta

import pytest

from controlplane.core.actors import Actor
from controlplane.core.models import OutputStream
from controlplane.lib import clock
from controlplane.lib.aws import Account
from controlplane.lib.aws.logs import LogEvent
from deployments_app import servicelogs
from deployments_app.models import Deployment
from deployments_app.services import deployments
from environments_app.models import Environment
from tests import factories
from tests.release_world import KEY, outputs, provisioned, release

pytestmark = pytest.mark.django_db


class SlowLogs:
    """CloudWatch Logs that takes a second for each call, by a clock of its own."""

    def __init__(self) -> None:
        self.seconds, self.read = 0.0, 0

    def monotonic(self) -> float:
        return self.seconds

    def read_stream(self, account: Account, group: str, stream: str, position: str) -> tuple[list[LogEvent], str]:
        self.seconds += 1
        self.read += 1
        return [], position


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> SlowLogs:
    slow = SlowLogs()
    monkeypatch.setattr(servicelogs, "monotonic", slow.monotonic)
    monkeypatch.setattr(servicelogs, "read_stream", slow.read_stream)
    return slow


def ended(environment: Environment, tasks: int) -> Deployment:
    """A deployment that has ended, with this many new tasks whose last lines are still to be read."""
    made = deployments.request_deployment(
        Actor.slipway("test"), environment, release(environment.system), automatic=True
    )
    assert isinstance(made, Deployment)
    seen = [{"id": f"task{number}", "generation": "new"} for number in range(tasks)]
    Deployment.objects.filter(pk=made.pk).update(
        state="rolled_back", finished_at=clock.now(), due_at=None, observed={"tasks": seen}
    )
    return made


@pytest.fixture
def environment() -> Environment:
    made = factories.environment(factories.system("shop"), auto_deploy=True)
    provisioned(made, outputs())
    return made


def is_closed(deployment: Deployment) -> bool:
    assert deployment.service_stream_id
    return OutputStream.objects.get(pk=deployment.service_stream_id).closed_at is not None


def test_a_job_stops_asking_when_its_time_is_over(environment: Environment, logs: SlowLogs) -> None:
    made = [ended(environment, 2) for _ in range(20)]
    servicelogs.collect(KEY)
    assert logs.read == servicelogs.BUDGET_SECONDS
    assert sum(map(is_closed, made)) == 1, "only what was read to its end is closed"
    for _ in range(20):
        servicelogs.collect(KEY)
    assert all(map(is_closed, made)), "what was not reached has its turn later"


def test_more_streams_than_time_are_no_reason_to_call_them_read(environment: Environment, logs: SlowLogs) -> None:
    made = ended(environment, 8)
    servicelogs.collect(KEY)
    assert logs.read == servicelogs.BUDGET_SECONDS
    assert not is_closed(made)
    with clock.moved(servicelogs.GIVE_UP + timedelta(seconds=1)):
        servicelogs.collect(KEY)
    assert is_closed(made)
