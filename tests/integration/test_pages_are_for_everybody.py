"""Every page passes axe's rules of WCAG 2 A and AA: light and dark, on a desk and on a phone, with its folds open.

axe-core comes from npm as a development package. It is handed to the page by the browser's debugger, which the
pages' Content-Security-Policy does not govern, so that the policy under test is the one that people get.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from controlplane.lib import live
from environments_app.models import Run
from scripts import frontend
from tests import factories, page_world
from tests.browser_fixture import open_as
from tests.sandbox_fixture import eventually
from tests.server_fixture import WebProcess, start_web

pytestmark = pytest.mark.django_db(transaction=True)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """async (tags) => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary.replaceAll("\\n", " ")}`));
}"""
PLAIN_GROUND = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".scroll { background: none !important; }");
  document.adoptedStyleSheets.push(sheet);
}"""
"""axe judges no contrast over a gradient. That of what scrolls is the surface's colour but for 12 px at an edge."""
OUT_OF_REACH = """() => [...document.querySelectorAll("main .scroll")]
  .filter((box) => box.scrollWidth > box.clientWidth && box.tabIndex !== 0)
  .map((box) => `hides ${box.scrollWidth - box.clientWidth} px from the keyboard: ${box.textContent.slice(0, 40)}`)"""
NAMELESS = """() => [...document.querySelectorAll("main .cards tbody tr > *")]
  .filter((cell) => !cell.dataset.label && !cell.matches(".row-name"))
  .map((cell) => `a cell without its column's name on a phone: ${cell.textContent.trim().slice(0, 40)}`)"""
UNFOLD = 'document.querySelectorAll("main details").forEach((details) => { details.open = true; })'
LOOKS: list[tuple[Any, int]] = [(theme, width) for theme in ("light", "dark") for width in (1280, 390)]


@pytest.fixture(scope="module")
def web(django_db_setup: None, redis_server: str) -> Iterator[WebProcess]:
    with start_web() as process:
        yield process


@pytest.fixture(autouse=True)
def real_doorbell(settings: Any, redis_server: str) -> None:
    """What this process rings is heard in the web process."""
    settings.CHANNEL_LAYERS = settings.SLIPWAY_REAL_CHANNEL_LAYERS


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is, one line for each place."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(frontend.AXE.read_text())
    found: list[str] = page.evaluate(LOOK, RULES)
    return found


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_no_page_breaks_a_rule(browser: Browser, web: WebProcess, theme: Any, width: int) -> None:
    world = page_world.make()
    page = open_as(browser, web, world.reader, color_scheme=theme, viewport={"width": width, "height": 900})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None)
    for name, path in world.pages.items():
        page.goto(web.url + (f"{path}?theme={theme}" if name == "style" else path))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.evaluate(UNFOLD)
        page.evaluate(PLAIN_GROUND)
        for panel in page.locator("[data-output]").all():
            expect(panel.locator("[data-output-state]")).not_to_be_empty()
        problems += [f"{name}: {line}" for line in violations(page)]
        for script in (OUT_OF_REACH, NAMELESS):
            problems += [f"{name}: {line}" for line in page.evaluate(script)]
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 0:
            problems.append(f"{name}: {wider} px wider than the window")
    page.context.close()
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_sign_in_breaks_no_rule(browser: Browser, web: WebProcess, theme: Any, width: int) -> None:
    page = open_as(browser, web, None, color_scheme=theme, viewport={"width": width, "height": 900})
    page.goto(web.url)
    problems = violations(page)
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    problems += violations(page)
    page.context.close()
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_what_opens_over_a_page_breaks_no_rule(browser: Browser, web: WebProcess, theme: Any, width: int) -> None:
    world = page_world.make()
    page = open_as(browser, web, world.reader, color_scheme=theme, viewport={"width": width, "height": 900})
    page.goto(web.url)
    page.locator("#menu > summary").click()
    problems = violations(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    problems += violations(page)
    page.context.close()
    assert not problems, "\n".join(problems)


def test_a_new_state_is_announced_once_and_politely(browser: Browser, web: WebProcess) -> None:
    system = factories.system("shop")
    run = factories.planned_run(factories.environment(system), factories.member(system, "developer"))
    page = open_as(browser, web, factories.member(system, "viewer"))
    page.goto(f"{web.url}/runs/{run.pk}")
    expect(page.locator("#live")).to_have_text("Live")
    announced = page.locator("#announced")
    expect(announced).to_be_empty()
    Run.objects.filter(pk=run.pk).update(state="applying")

    def rung() -> bool:
        # Twenty times a second, as an apply of many resources does: the page must not wait for a pause.
        live.ring(f"run:{run.pk}", "applying")
        return bool(announced.text_content())

    eventually(rung, why="the page reads the new state out")
    expect(announced).to_have_text("Apply configuration v1, Applying")
    assert announced.get_attribute("role") == "status"
    page.context.close()


def test_a_log_is_never_read_out_line_by_line(browser: Browser, web: WebProcess) -> None:
    world = page_world.make()
    page = open_as(browser, web, world.reader)
    page.goto(web.url + world.pages["run, planning"])
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "off")
    expect(page.locator("[data-output-state]")).to_have_role("status")
    expect(page.locator("[aria-live=assertive], [role=alert]")).to_have_count(0)
    page.context.close()
