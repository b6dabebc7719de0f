"""Who decides sees on the first screen what would change, what it costs and the button; and loses none on the way."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from controlplane.core.models import User
from environments_app.models import Run
from tests import page_world
from tests.browser_fixture import open_as
from tests.sandbox_fixture import eventually
from tests.server_fixture import WebProcess, start_web

pytestmark = pytest.mark.django_db(transaction=True)
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def web(django_db_setup: None, redis_server: str) -> Iterator[WebProcess]:
    with start_web() as process:
        yield process


@pytest.fixture
def asked() -> tuple[Run, User]:
    """A run whose decision has more to say than one screen holds, and who may approve it."""
    world = page_world.make()
    run = Run.objects.get(state="awaiting_approval")
    run.findings = [{"title": f"Note {number}", "detail": "To be read.", "refuses": False} for number in range(40)]
    run.save(update_fields=["findings"])
    return run, world.reader


def is_on_top(place: Locator) -> bool:
    """Whether the place lies on the screen, with nothing before it."""
    script = """(place) => {
      const box = place.getBoundingClientRect();
      const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return Boolean(found) && (place.contains(found) || found.contains(place));
    }"""
    return bool(place.evaluate(script))


@pytest.mark.parametrize("window", [DESK, PHONE], ids=["desk", "phone"])
def test_the_first_screen_has_changes_cost_and_button(
    browser: Browser, web: WebProcess, asked: tuple[Run, User], window: dict[str, int]
) -> None:
    run, reader = asked
    page = open_as(browser, web, reader, viewport=window)
    page.goto(f"{web.url}/runs/{run.pk}")
    decision = page.get_by_role("complementary", name="Decision")
    button = decision.get_by_role("button", name="Approve")
    for part in (decision.get_by_text("to destroy", exact=True), decision.locator(".money"), button):
        expect(part).to_be_in_viewport(ratio=1)
        assert is_on_top(part), part
    # Reading on to the end, the button stays where it was.
    page.keyboard.press("End")
    expect(page.get_by_role("contentinfo")).to_be_in_viewport()
    if window is PHONE:
        expect(button).to_be_in_viewport(ratio=1)
    page.context.close()


@pytest.mark.parametrize("window", [DESK, PHONE], ids=["desk", "phone"])
def test_a_name_that_is_still_to_be_typed_is_led_to(
    browser: Browser, web: WebProcess, asked: tuple[Run, User], window: dict[str, int]
) -> None:
    run, reader = asked
    page = open_as(browser, web, reader, viewport=window)
    page.goto(f"{web.url}/runs/{run.pk}")
    page.get_by_role("button", name="Approve").click()
    field = page.get_by_label("Type live to go on")
    expect(field).to_be_focused()
    eventually(lambda: is_on_top(field), why="the page has scrolled to the field")
    field.fill("live")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#messages")).to_contain_text("You approved")
    page.context.close()


def test_what_is_decided_about_scrolls_by_keyboard(browser: Browser, web: WebProcess, asked: tuple[Run, User]) -> None:
    run, reader = asked
    page = open_as(browser, web, reader, viewport=DESK)
    page.goto(f"{web.url}/runs/{run.pk}")
    about = page.get_by_role("region", name="Decision, scrolls down")
    about.focus()
    page.keyboard.press("End")
    expect(about.get_by_text("Binds")).to_be_in_viewport()
    page.context.close()
