"""A part of a page that cannot be loaded leaves the page alone; a page that is gone loads anew and says so."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from controlplane.core.models import Membership
from tests import factories
from tests.browser_fixture import open_as
from tests.server_fixture import WebProcess, start_web

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/environments/shop/development"
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture(scope="module")
def web(django_db_setup: None, redis_server: str) -> Iterator[WebProcess]:
    with start_web() as process:
        yield process


@pytest.fixture
def page(browser: Browser, web: WebProcess) -> Iterator[Page]:
    """A developer's browser, in front of an environment."""
    developer = factories.member(factories.environment(factories.system("shop")).system, "developer")
    opened = open_as(browser, web, developer)
    yield opened
    opened.context.close()


def test_a_part_that_is_refused_does_not_reload_the_page(page: Page, web: WebProcess) -> None:
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=404, body="gone")

    page.route(f"**{PATH}/webhook", refuse)
    with page.expect_response(f"**{PATH}/webhook"):
        page.goto(web.url + PATH)
    page.evaluate("window.isTheSame = true")
    with page.expect_response(lambda response: response.request.headers.get("hx-request") == "true"):
        page.evaluate(LOOK_AGAIN)
    assert page.evaluate("window.isTheSame")
    assert len(asked) == 1


def test_a_page_that_is_gone_loads_itself_and_says_so(page: Page, web: WebProcess) -> None:
    page.goto(web.url + PATH)
    expect(page.locator("#live")).to_have_text("Live")
    Membership.objects.all().delete()
    page.evaluate(LOOK_AGAIN)
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here.")
