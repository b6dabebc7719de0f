"""The log viewer in a real browser: every line once and in order, whatever goes away meanwhile, and words for it."""

import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from controlplane.core.models import Membership, OutputStream, User
from controlplane.core.services import output
from environments_app.models import Run
from tests import factories
from tests.browser_fixture import open_as
from tests.redis_fixture import OwnRedis
from tests.sandbox_fixture import eventually
from tests.server_fixture import WebProcess, launch_web, start_web

pytestmark = pytest.mark.django_db(transaction=True)
LINES, STATE, PAGE_STATE = "[data-output-lines]", "[data-output-state]", "#live"
SOON = 20_000
SHOWN = """() => [...document.querySelectorAll("[data-output-lines] .block")].flatMap((block) =>
  block.classList.contains("plain")
    ? block.textContent.split("\\n")
    : [...block.querySelectorAll(".oline > span")].map((words) => words.textContent))"""
REMEMBER = """(where) => {
  const place = document.querySelector(where);
  const said = (window.said = [place.textContent]);
  new MutationObserver(() => said.push(place.textContent)).observe(place, { childList: true });
}"""


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def mortal(own_redis: OwnRedis) -> Iterator[WebProcess]:
    """A server that the test ends; `again` brings it back at the same address."""
    server = launch_web(REDIS_URL=own_redis.url)
    yield server
    server.stop(signal.SIGKILL)


def again(web: WebProcess, own_redis: OwnRedis) -> None:
    web.process = launch_web(web.port, REDIS_URL=own_redis.url).process


@pytest.fixture(scope="module")
def web(django_db_setup: None, redis_server: str) -> Iterator[WebProcess]:
    """A server that outlives its tests."""
    with start_web() as process:
        yield process


@pytest.fixture
def stream() -> OutputStream:
    """The log of a run that is being planned."""
    system = factories.system("shop")
    run = factories.run(factories.environment(system), factories.member(system, "developer", "dora"))
    opened = output.open_stream(system, ("run", run.pk), "terraform")
    Run.objects.filter(pk=run.pk).update(stream=opened, state="planning")
    return opened


@pytest.fixture
def viewer(stream: OutputStream) -> User:
    return factories.member(stream.system, "viewer", "vera")


def write(stream: OutputStream, first: int, last: int) -> None:
    writer = output.OutputWriter(stream)
    writer.feed("".join(f"line {number}\n" for number in range(first, last + 1)))
    writer.close()


def numbered(last: int) -> list[str]:
    return [f"line {number}" for number in range(1, last + 1)]


def open_log(browser: Browser, web: WebProcess, stream: OutputStream, viewer: User) -> Page:
    page = open_as(browser, web, viewer)
    page.goto(f"{web.url}/runs/{stream.subject_id}")
    return page


def shows(page: Page, count: int) -> None:
    expect(page.locator("[data-output-count]")).to_have_text(f"{count:,} lines", timeout=SOON)


def killed(web: WebProcess, own_redis: OwnRedis) -> None:
    web.stop(signal.SIGKILL)


def stopped(web: WebProcess, own_redis: OwnRedis) -> None:
    web.stop(signal.SIGTERM)  # says good-bye: code 1012 on the wire


def killed_with_redis(web: WebProcess, own_redis: OwnRedis) -> None:
    own_redis.kill()
    web.stop(signal.SIGKILL)


@pytest.mark.parametrize("away", [killed, stopped, killed_with_redis])
def test_what_was_written_while_the_server_was_away_is_shown_once_and_in_order(
    browser: Browser,
    mortal: WebProcess,
    own_redis: OwnRedis,
    stream: OutputStream,
    viewer: User,
    away: Callable[[WebProcess, OwnRedis], None],
) -> None:
    write(stream, 1, 250)
    page = open_log(browser, mortal, stream, viewer)
    shows(page, 250)
    expect(page.locator(STATE)).to_have_text("live")
    page.evaluate(REMEMBER, STATE)

    away(mortal, own_redis)
    expect(page.locator(STATE)).to_have_text("reconnecting…")
    expect(page.locator(PAGE_STATE)).to_have_text("Reconnecting…")
    write(stream, 251, 700)
    again(mortal, own_redis)
    shows(page, 700)
    expect(page.locator(STATE)).to_have_text("live")
    if own_redis.process.returncode is not None:
        own_redis.start()  # only now: lines do not need it, doorbells do
    expect(page.locator(PAGE_STATE)).to_have_text("Live", timeout=SOON)

    write(stream, 701, 720)
    shows(page, 720)
    assert page.evaluate(SHOWN) == numbered(720)
    said = page.evaluate("window.said")
    assert [words for index, words in enumerate(said) if said[index - 1 : index] != [words]] == [
        "live",
        "reconnecting…",
        "live",
    ]
    output.close_stream(stream.pk)
    expect(page.locator(STATE)).to_have_text("complete")
    page.context.close()


def test_without_redis_the_page_goes_on_showing_lines(
    browser: Browser, mortal: WebProcess, own_redis: OwnRedis, stream: OutputStream, viewer: User
) -> None:
    write(stream, 1, 10)
    page = open_log(browser, mortal, stream, viewer)
    shows(page, 10)
    own_redis.kill()
    write(stream, 11, 300)
    shows(page, 300)
    expect(page.locator(STATE)).to_have_text("live")
    assert page.evaluate(SHOWN) == numbered(300)
    page.context.close()


def test_who_comes_late_gets_the_whole_log_and_then_what_comes(
    browser: Browser, web: WebProcess, stream: OutputStream, viewer: User
) -> None:
    write(stream, 1, 6500)
    page = open_log(browser, web, stream, viewer)
    write(stream, 6501, 6600)
    shows(page, 6600)
    assert page.evaluate(SHOWN) == numbered(6600)
    page.context.close()


def test_a_lost_message_is_asked_for_again(
    browser: Browser, web: WebProcess, stream: OutputStream, viewer: User
) -> None:
    """On the way from server to page the second piece of output is lost, once."""
    passed: list[int] = []
    lost: list[int] = []

    def lose_one(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            first = json.loads(message).get("first", 0)
            if first > 1 and not lost:
                lost.append(first)
                return
            passed.append(first)
            route.send(message)

        server.on_message(pass_on)

    page = open_as(browser, web, viewer)
    page.route_web_socket(re.compile("/ws/output/"), lose_one)
    write(stream, 1, 20)
    page.goto(f"{web.url}/runs/{stream.subject_id}")
    shows(page, 20)
    write(stream, 21, 40)
    eventually(lambda: page.title() and lost, why="a message was lost")  # asking the page lets Playwright work
    write(stream, 41, 60)
    shows(page, 60)
    assert page.evaluate(SHOWN) == numbered(60)
    assert lost == [21]
    assert passed[:3] == [1, 41, 21], "the page saw the gap and asked for what it lacked"
    page.context.close()


def test_a_connection_that_died_without_a_word_is_replaced(
    browser: Browser, web: WebProcess, stream: OutputStream, viewer: User
) -> None:
    """As when a laptop slept or changed its network: nothing comes any more, and nobody closes the connection."""
    connections: list[str] = []
    signs_of_life: list[str] = []
    dead: list[str] = []

    def carry(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        route.on_close(lambda code, reason: None)  # nobody answers a goodbye either
        connections.append(route.url)

        def pass_on(message: str | bytes) -> None:
            if route.url in dead:
                return
            if json.loads(message) == {"alive": True}:
                signs_of_life.append(route.url)
            route.send(message)

        server.on_message(pass_on)

    page = open_as(browser, web, viewer)
    page.clock.install()
    page.route_web_socket(re.compile("/ws/output/"), carry)
    write(stream, 1, 10)
    page.goto(f"{web.url}/runs/{stream.subject_id}")
    shows(page, 10)
    page.evaluate(REMEMBER, STATE)

    page.clock.fast_forward(5_000)
    signs_of_life.clear()
    eventually(lambda: page.title() and signs_of_life, why="the server says that it is there")
    page.clock.fast_forward(12_000)
    assert page.evaluate("window.said") == ["live"], "a log on which nothing happens is not taken for dead"
    assert len(connections) == 1

    dead += connections
    write(stream, 11, 20)
    page.clock.fast_forward(16_000)
    shows(page, 20)
    assert page.evaluate(SHOWN) == numbered(20)
    assert [url.rpartition("?")[2] for url in connections] == ["after=0", "after=10"]
    assert page.evaluate("window.said") == ["live", "reconnecting…", "live"]
    page.context.close()


def signed_out(stream: OutputStream, viewer: User) -> None:
    for session in Session.objects.all():
        if session.get_decoded()["_auth_user_id"] == str(viewer.pk):
            session.delete()


def without_role(stream: OutputStream, viewer: User) -> None:
    Membership.objects.filter(user=viewer).delete()


@pytest.mark.parametrize(
    ("lose", "words", "action", "then"),
    [
        (signed_out, "You are signed out, so nothing new is shown.", "Sign in again", "Sign in"),
        (
            without_role,
            "You have no role here any more. An admin of the system can give you one.",
            "Load the page again",
            "There is nothing here",
        ),
    ],
    ids=["4401", "4403"],
)
def test_a_lost_right_is_said_with_the_way_on(
    browser: Browser,
    web: WebProcess,
    stream: OutputStream,
    viewer: User,
    lose: Callable[[OutputStream, User], None],
    words: str,
    action: str,
    then: str,
) -> None:
    write(stream, 1, 10)
    page = open_log(browser, web, stream, viewer)
    shows(page, 10)
    lose(stream, viewer)
    for place in (STATE, PAGE_STATE):
        expect(page.locator(place)).to_have_text(f"{words} {action}", timeout=SOON)
    assert page.evaluate(SHOWN) == numbered(10), "what was read stays"
    page.locator(STATE).get_by_role("link", name=action).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(then)
    page.context.close()


def test_a_log_that_is_gone_is_said_with_the_way_on(
    browser: Browser, mortal: WebProcess, own_redis: OwnRedis, stream: OutputStream, viewer: User
) -> None:
    write(stream, 1, 10)
    page = open_log(browser, mortal, stream, viewer)
    shows(page, 10)
    mortal.stop(signal.SIGKILL)
    Run.objects.update(stream=None)
    stream.delete()
    again(mortal, own_redis)
    expect(page.locator(STATE)).to_have_text("This does not exist any more. Load the page again", timeout=SOON)
    page.locator(STATE).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(LINES)).to_have_count(0)
    page.context.close()


def test_a_log_that_waits_for_a_person_does_not_claim_to_be_live(
    browser: Browser, web: WebProcess, stream: OutputStream, viewer: User
) -> None:
    Run.objects.filter(pk=stream.subject_id).update(state="awaiting_approval")
    page = open_log(browser, web, stream, viewer)
    expect(page.locator(STATE)).to_have_text("waits for approval")
    write(stream, 1, 3)
    shows(page, 3)
    expect(page.locator(STATE)).to_have_text("waits for approval")
    Run.objects.filter(pk=stream.subject_id).update(state="applying")
    page.evaluate('document.dispatchEvent(new Event("visibilitychange"))')  # whoever looks again sees what is now
    expect(page.locator(STATE)).to_have_text("live")
    page.context.close()
