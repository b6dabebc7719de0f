"""Whatever an admin does to people is in the audit trail, and no password ever is."""

import uuid
from collections.abc import Iterator

import django_rq
import pytest
from django.test import Client
from django.urls import reverse

from controlplane.core.models import AuditEvent, System, User
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"


@pytest.fixture
def root() -> User:
    return factories.user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def client(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


def change_password(client: Client, user: User, again: str = PASSWORD) -> None:
    address = reverse("admin:auth_user_password_change", args=[user.pk])
    client.post(address, {"usable_password": "true", "password1": PASSWORD, "password2": again})


def test_a_new_password_for_somebody_else_is_told_without_the_password(client: Client, root: User) -> None:
    user = factories.user("victim")
    change_password(client, user)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    event = AuditEvent.objects.get(action="user.password_changed")
    assert (event.actor_id, event.subject_id, event.after) == (root.pk, str(user.pk), {"password": "changed"})
    assert PASSWORD not in str(event.__dict__)
    assert user.password not in str(event.__dict__)


def test_a_password_that_was_not_taken_is_not_told(client: Client) -> None:
    user = factories.user("victim")
    change_password(client, user, again="another one altogether")
    client.get(reverse("admin:auth_user_password_change", args=[user.pk]))
    user.refresh_from_db()
    assert not user.check_password(PASSWORD)
    assert not AuditEvent.objects.filter(action="user.password_changed").exists()


def test_a_password_that_is_taken_away_is_told(client: Client) -> None:
    user = factories.user("victim")
    address = reverse("admin:auth_user_password_change", args=[user.pk])
    client.post(address, {"usable_password": "false", "unset-password": "1"})
    assert AuditEvent.objects.get(action="user.password_changed").after == {"password": "disabled"}


def change_own_password(client: Client, old: str) -> None:
    address = reverse("admin:password_change")
    client.post(address, {"old_password": old, "new_password1": PASSWORD, "new_password2": PASSWORD})


def test_a_persons_own_new_password_is_told_without_it(client: Client, root: User) -> None:
    change_own_password(client, "a good long one")
    root.refresh_from_db()
    assert root.check_password(PASSWORD)
    event = AuditEvent.objects.get(action="user.password_changed")
    assert (event.actor_id, event.actor_name, event.source) == (root.pk, "root", "127.0.0.1")
    assert (event.subject_id, event.after) == (str(root.pk), {"password": "changed"})
    assert not {PASSWORD, "a good long one", root.password} & {str(value) for value in event.__dict__.values()}
    assert client.get("/admin/").status_code == 200, "still signed in"


def test_an_own_password_that_was_not_taken_is_not_told(client: Client, root: User) -> None:
    change_own_password(client, "not the old one")
    client.get(reverse("admin:password_change"))
    root.refresh_from_db()
    assert root.check_password("a good long one")
    assert not AuditEvent.objects.filter(action="user.password_changed").exists()


@pytest.fixture
def queued(redis_server: str) -> Iterator[str]:
    """A job that waits in the queue "default"."""
    queue = django_rq.get_queue("default", commit_mode="auto")
    job = queue.enqueue_call("controlplane.core.jobs.seal_audit", job_id=str(uuid.uuid4()))
    yield job.id
    job.delete()


ACTS = ["clear", "requeue_all", "delete_failed_jobs", "actions", "confirm_action"]
ACTS_ON_A_JOB = ["delete_job", "requeue_job", "enqueue_job", "stop_job"]


@pytest.mark.parametrize("name", [*ACTS, *ACTS_ON_A_JOB])
def test_nobody_acts_on_the_queues_and_who_tries_is_told(client: Client, root: User, queued: str, name: str) -> None:
    given = [0, queued] if name in ACTS_ON_A_JOB else [0]
    address = reverse(f"admin:django_rq_{name}", args=given)
    answer = client.post(address, {"action": "delete", "job_ids": queued})
    assert answer.status_code == 403
    assert "cancel the run" in answer.content.decode()
    assert queued in django_rq.get_queue("default").job_ids
    event = AuditEvent.objects.get(refused=True)
    assert (event.actor_id, event.action, event.subject_id) == (root.pk, "queues.change", f"django_rq_{name}")


def test_a_superuser_sees_the_queues_and_their_jobs(client: Client, queued: str) -> None:
    assert "terraform" in client.get("/admin/django_rq/dashboard/").content.decode()
    assert queued in client.get(reverse("admin:django_rq_jobs", args=[0])).content.decode()
    assert client.get(reverse("admin:django_rq_job_detail", args=[0, queued])).status_code == 200


def test_others_of_the_staff_see_no_queues(redis_server: str) -> None:
    client = Client()
    client.force_login(factories.user("clerk", is_staff=True))
    assert client.get("/admin/").status_code == 200
    for path in ("", "stats.json", "queues/0/"):
        assert client.get(f"/admin/django_rq/dashboard/{path}").status_code == 403


def test_a_systems_slug_is_for_good_once_names_are_made_of_it(client: Client) -> None:
    system = factories.system("shop")
    page = reverse("admin:core_system_change", args=[system.pk])
    client.post(page, {"slug": "store", "title": "Another title", "description": ""})
    system.refresh_from_db()
    assert (system.slug, system.title) == ("shop", "Another title")
    client.post(reverse("admin:core_system_add"), {"slug": "store", "title": "Store", "description": ""})
    assert System.objects.filter(slug="store").exists(), "a new one gets the slug that it is given"
