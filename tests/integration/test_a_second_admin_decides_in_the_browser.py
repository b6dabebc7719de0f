"""Two admins weaken a protection in the browser: one proposes, the other finds it in the inbox and agrees."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from environments_app.models import Environment
from tests import factories
from tests.browser_fixture import keep_picture, open_as
from tests.server_fixture import WebProcess, start_web

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(redis_server: str) -> Iterator[WebProcess]:
    with start_web() as process:
        yield process


@pytest.fixture
def live() -> Environment:
    return factories.environment(factories.system("shop"), "live", tier="production", required_approvals=2)


def test_one_proposes_and_the_other_agrees(browser: Browser, web: WebProcess, live: Environment) -> None:
    anna = open_as(browser, web, factories.member(live.system, "admin", "anna"))
    anna.goto(f"{web.url}/environments/shop/live/configuration")
    anna.get_by_role("link", name="Change the protection").click()
    anna.get_by_label("Approvals of an apply").fill("1")
    anna.get_by_label("Why (required)", exact=True).fill("We are two people now")
    anna.get_by_role("button", name="Save").click()
    expect(anna.get_by_text("It is weaker: another admin must agree.")).to_be_visible()
    expect(anna.get_by_role("button", name="Approve")).to_be_disabled()

    phone = {"width": 390, "height": 844}
    berta = open_as(browser, web, factories.member(live.system, "admin", "berta"), viewport=phone, color_scheme="dark")
    berta.goto(f"{web.url}/inbox")
    berta.get_by_role("link", name="Review").click()
    expect(berta.get_by_text("An apply needs 1 instead of 2 approvals.")).to_be_visible()
    expect(berta.get_by_text("“We are two people now”")).to_be_visible()
    keep_picture(berta, "33-weaker-protection-phone")
    berta.get_by_label("Type live to go on").fill("live")
    berta.get_by_role("button", name="Approve").click()
    expect(berta.get_by_text("You agreed; it holds from now on.")).to_be_visible()
    saved = live.protection_versions.latest("number")
    assert (saved.number, saved.author_name, saved.rules.required_approvals) == (2, "anna", 1)


def test_an_old_configuration_comes_back(browser: Browser, web: WebProcess, live: Environment) -> None:
    page = open_as(browser, web, factories.member(live.system, "admin", "anna"))
    page.goto(f"{web.url}/environments/shop/live/configuration/edit")
    page.locator('[id="set-logs"] > summary').click()
    page.locator('[name="logs.retention_days"]').select_option("90")
    page.get_by_label("Why (required)", exact=True).fill("three months")
    page.get_by_role("button", name="Save as version 2").click()
    page.get_by_role("link", name="v1", exact=True).click()
    page.get_by_label("Why version 1 comes back").fill("too dear")
    page.get_by_role("button", name="Restore as version 3").click()
    expect(page.get_by_role("heading", name="From v2 to v3")).to_be_visible()
    expect(page.get_by_role("row", name="logs.retention_days 90 30")).to_be_visible()
    keep_picture(page, "34-restored")
    assert live.config_versions.latest("number").digest == live.config_versions.get(number=1).digest
