"""An administrator edits production in the admin pages: a wrong value, its message, the right one, what changed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from controlplane.core.actors import Actor
from controlplane.core.models import User
from environments_app.models import Environment
from environments_app.services import configs
from tests import factories
from tests.browser_fixture import keep_picture, open_as
from tests.server_fixture import WebProcess, start_web

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(redis_server: str) -> Iterator[WebProcess]:
    with start_web() as process:
        yield process


@pytest.fixture
def production() -> Environment:
    return factories.environment(factories.system("shop"), "production", tier="production")


@pytest.fixture
def admin(production: Environment) -> User:
    return factories.user("ada", is_staff=True, is_superuser=True)


@pytest.fixture
def page(browser: Browser, web: WebProcess, admin: User) -> Page:
    opened = open_as(browser, web, admin, viewport={"width": 1280, "height": 900})
    opened.goto(f"{web.url}/admin/environments/environment/?q=shop")
    return opened


def unfold(page: Page, *groups: str) -> None:
    for path in groups:
        page.locator(f'[id="set-{path}"] > summary').click()


def test_a_wrong_value_the_message_the_right_value_the_version_the_comparison(
    page: Page, production: Environment
) -> None:
    page.get_by_role("link", name="Edit shop/production").click()
    unfold(page, "services", "services.api")
    memory = page.get_by_label("Memory (MiB)").and_(page.locator('[name="services.api.memory_mib"]'))
    memory.fill("700")
    page.get_by_label("Why").fill("Sessions need more memory")
    page.get_by_role("button", name="Save as version 2").click()

    expect(page.get_by_role("heading", name="1 problem")).to_be_visible()
    field = page.locator(".field", has=page.locator('[name="services.api.memory_mib"]'))
    expect(field).to_contain_text("Fargate has no 700 MiB with 256 CPU units")
    expect(field).to_contain_text("one of 512, 1024, 2048")
    expect(memory).to_have_value("700")
    expect(memory).to_be_visible()
    expect(page.get_by_label("Why")).to_have_value("Sessions need more memory")
    keep_picture(page, "30-admin-wrong-value")
    assert production.config_versions.count() == 1, "nothing was stored"

    memory.fill("1024")
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_text("Version 2 is stored")).to_be_visible()
    expect(page.get_by_role("heading", name="From v1 to v2")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("services.api.memory_mib"))
    expect(row).to_contain_text("512")
    expect(row).to_contain_text("1024")
    expect(page.get_by_text("1 setting differs")).to_be_visible()
    keep_picture(page, "31-admin-comparison")
    saved = production.config_versions.get(number=2)
    assert (saved.author_name, saved.reason) == ("ada", "Sessions need more memory")
    assert saved.config.services["api"].memory_mib == 1024


def test_what_somebody_else_saved_meanwhile_is_shown_and_not_overwritten(page: Page, production: Environment) -> None:
    page.get_by_role("link", name="Edit shop/production").click()
    other = {**production.config_version.document, "logs": {"retention_days": 90}}
    configs.save_config(Actor.slipway("ben"), production, other, based_on=1, reason="keep logs")
    unfold(page, "services", "services.api")
    page.locator('[name="services.api.memory_mib"]').fill("1024")
    page.get_by_label("Why").fill("memory")
    page.get_by_role("button", name="Save as version 2").click()

    expect(page.get_by_role("heading", name="Saved meanwhile")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("logs.retention_days"))).to_contain_text("90")
    expect(page.locator('[name="services.api.memory_mib"]')).to_have_value("1024")
    assert production.config_versions.count() == 2
    page.get_by_role("button", name="I have taken these over").click()
    page.locator('[name="logs.retention_days"]').select_option("90", force=True)
    page.get_by_role("button", name="Save as version 3").click()
    expect(page.get_by_text("Version 3 is stored")).to_be_visible()
    config = production.config_versions.get(number=3).config
    assert (config.services["api"].memory_mib, config.logs.retention_days) == (1024, 90)


def test_sections_and_entries_come_and_go(page: Page, production: Environment) -> None:
    page.get_by_role("link", name="Edit shop/production").click()
    unfold(page, "buckets")
    page.get_by_label("Name of a new one in Buckets").fill("uploads")
    page.locator('button[value="add buckets"]').click()
    unfold(page, "buckets", "buckets.uploads")
    page.locator('[name="buckets.uploads.purpose"]').fill("Uploads of users")
    unfold(page, "budget")
    page.get_by_role("button", name="Have a section “Budget”").click()
    unfold(page, "budget")
    page.locator('[name="budget.monthly_usd"]').fill("120")
    page.get_by_label("Why").fill("uploads, and a budget")
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_text("Version 2 is stored")).to_be_visible()
    config = production.config_versions.get(number=2).config
    assert config.buckets["uploads"].purpose == "Uploads of users"
    assert config.budget
    assert config.budget.monthly_usd == 120


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_form_fits_and_stands_open_where_something_is_wrong(
    browser: Browser, web: WebProcess, admin: User, production: Environment, width: int, theme: str
) -> None:
    User.objects.filter(pk=admin.pk).update(theme=theme)
    page = open_as(browser, web, admin, viewport={"width": width, "height": 900})
    page.goto(f"{web.url}/environments/shop/production/configuration/edit")
    unfold(page, "network")
    page.locator('[name="network.cidr"]').fill("10.0.0.0/99")
    page.locator('[name="network.cidr"]').press("Enter")
    expect(page.get_by_role("heading", name="1 problem")).to_be_visible()
    expect(page.locator('[name="network.cidr"]')).to_be_visible()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    keep_picture(page, f"32-form-{theme}-{width}")
    assert production.config_versions.count() == 1
