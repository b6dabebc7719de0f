"""A live refresh reads the page's regions only; an error is said in words with the request's id."""

import re

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.test import Client, RequestFactory

from controlplane.core.models import System, User
from controlplane.lib import context
from controlplane.pages import views
from environments_app.models import Run
from tests import factories


@pytest.fixture
def run(db: None) -> Run:
    system = factories.system("shop")
    return factories.planned_run(factories.environment(system), factories.member(system, "developer"))


@pytest.fixture
def client(run: Run) -> Client:
    signed_in = Client()
    signed_in.force_login(factories.member(System.objects.get(), "operator"))
    return signed_in


def paths(run: Run) -> list[str]:
    base = "/environments/shop/development"
    return ["/", "/inbox", "/environments", base, f"{base}/infrastructure", f"{base}/activity", f"/runs/{run.pk}"]


def test_every_region_that_a_page_refreshes_is_on_the_page(client: Client, run: Run) -> None:
    for path in paths(run):
        page = client.get(path).content.decode()
        wanted = re.search(r'hx-select-oob="([^"]+)"', page)
        assert wanted, path
        for region in wanted[1].split(","):
            assert page.count(f'id="{region.removeprefix("#")}"') == 1, (path, region)


def test_a_refresh_reads_regions_and_title_without_the_frame(client: Client, run: Run) -> None:
    for path in paths(run):
        whole = client.get(path).content.decode()
        part = client.get(path, headers={"HX-Request": "true"}).content.decode()
        assert "<nav" not in part.replace('<nav class="tabs"', "").replace('<nav class="pages"', ""), path
        assert "<script" not in part, path
        assert re.findall("<title>(.*?)</title>", part, re.S) == re.findall("<title>(.*?)</title>", whole, re.S) != []
        wanted = re.search(r'hx-select-oob="([^"]+)"', whole)
        assert wanted
        for region in wanted[1].split(","):
            assert f'id="{region.removeprefix("#")}"' in part, (path, region)


def test_ids_are_unique_on_every_page(client: Client, run: Run) -> None:
    for path in [*paths(run), "/audit", "/settings", "/style"]:
        found = re.findall(r'\sid="([^"]+)"', client.get(path).content.decode())
        assert sorted(found) == sorted(set(found)), path


def test_a_page_that_is_not_there_says_what_to_do_and_its_request(client: Client) -> None:
    response = client.get("/nowhere", headers={"X-Request-ID": "a-request-of-mine"})
    page = response.content.decode()
    assert response.status_code == 404
    assert "There is nothing here." in page
    assert "Search for it" in page
    assert 'data-copy="a-request-of-mine"' in page


def test_the_api_gets_the_error_shape(client: Client) -> None:
    request = RequestFactory().get("/api/v1/nowhere")
    response = views.not_found(request, Exception())
    assert response.status_code == 404
    assert '"code": "NOT_FOUND"' in response.content.decode()


@pytest.mark.django_db
def test_a_body_that_is_too_large_is_413(rf: RequestFactory) -> None:
    request = rf.post("/")
    request.user = User()
    assert views.bad_request(request, RequestDataTooBig()).status_code == 413


def test_a_mistake_of_ours_needs_no_database_to_be_said(rf: RequestFactory) -> None:
    with context.serving("the-id-of-it"):
        response = views.server_error(rf.get("/"))
    assert response.status_code == 500
    assert "the-id-of-it" in response.content.decode()


def test_a_silent_database_is_503_in_words(rf: RequestFactory) -> None:
    try:
        raise OperationalError("no connection")
    except OperationalError:
        response = views.server_error(rf.get("/"))
    assert response.status_code == 503
    assert "The database does not answer." in response.content.decode()


def test_a_stale_form_says_so(run: Run) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(factories.member(System.objects.get(), "approver"))
    response = strict.post(f"/runs/{run.pk}/approve")
    assert response.status_code == 403
    assert "This form is no longer valid." in response.content.decode()


@pytest.mark.django_db
def test_signing_in_and_out() -> None:
    factories.user("someone")
    client = Client()
    assert "Sign in" in client.get("/accounts/login/").content.decode()
    wrong = client.post("/accounts/login/", {"login": "someone", "password": "not it"})
    assert 'role="alert"' in wrong.content.decode()
    right = client.post("/accounts/login/?next=/audit", {"login": "someone", "password": "a good long one"})
    assert right.headers["Location"] == "/audit"
    assert client.post("/accounts/logout/").headers["Location"] == "/accounts/login/"
    assert client.get("/audit").status_code == 302
