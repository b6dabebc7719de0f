"""The sandbox's page in a real browser: it shows what runs, orders faults, and works by keyboard and on a phone."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from playwright.sync_api import Browser, Page, expect

from tests.sandbox_fixture import SandboxProcess, eventually, start_sandbox
from tests.sandbox_staged import staged_service
from tests.sandbox_world import World

SLOW = 20_000  # milliseconds that a loaded machine may need


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("page"), scale=60) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox: SandboxProcess) -> World:
    return World(sandbox)


def opened(browser: Browser, sandbox: SandboxProcess, complaints: list[str] | None = None, **context: Any) -> Page:
    """The page, in a context of its own; everything that the browser complains of goes to `complaints`."""
    complaints = [] if complaints is None else complaints
    page = browser.new_context(**context).new_page()
    page.set_default_timeout(SLOW)
    expect.set_options(timeout=SLOW)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{sandbox.url}/_sandbox/")
    expect(page.get_by_text("Live: refreshed every second.")).to_be_visible()
    return page


def shot(page: Page, name: str) -> None:
    """A picture to look at, where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_an_empty_sandbox_says_how_it_is_filled(browser: Browser, sandbox: SandboxProcess) -> None:
    complaints: list[str] = []
    page = opened(browser, sandbox, complaints)
    expect(page.get_by_text(f"export AWS_ENDPOINT_URL={sandbox.url}")).to_be_visible()
    expect(page.get_by_text("No load balancer listens yet.")).to_be_visible()
    expect(page.get_by_text("No alarm is set.")).to_be_visible()
    expect(page.get_by_text("Everything works: no fault is ordered.")).to_be_visible()
    expect(page.get_by_text("60 times as fast as real time")).to_be_visible()
    shot(page, "sandbox-empty")
    assert complaints == []


def test_what_is_served_allows_nothing_inline_and_nothing_from_outside(sandbox: SandboxProcess) -> None:
    for name in ("", "page.css", "page.js", "draw.js"):
        answer = urllib3.request("GET", f"{sandbox.url}/_sandbox/{name}", retries=False)
        assert answer.status == 200
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
        text = answer.data.decode()
        assert not re.search(r"<script>|<style>|\sstyle=|\son\w+=|https?://", text), f"{name} is not self-contained"
    assert sandbox.refused("GET", "page.py")["status"] == 404


def test_services_tasks_traffic_alarms_and_faults_are_shown_and_ordered(
    browser: Browser, sandbox: SandboxProcess, world: World
) -> None:
    service = world.service()
    service.create(desired=2)
    sandbox.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{world.cluster}/{service.name}",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=4,
    )
    sandbox.client("cloudwatch").put_metric_alarm(
        AlarmName="too-many-errors",
        Namespace="Shop",
        MetricName="errors",
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=5,
        Period=60,
        EvaluationPeriods=1,
    )
    complaints: list[str] = []
    page = opened(browser, sandbox, complaints)
    card = page.get_by_role("article", name=f"Service {service.name}")
    expect(card).to_contain_text("2 of 2 running")
    expect(card).to_contain_text("scales between 1 and 4")
    expect(card).to_contain_text("rolling deployment")
    card.get_by_text("2 tasks", exact=True).click()
    expect(card.get_by_role("listitem").filter(has_text="us-east-1").first).to_contain_text("healthy")
    expect(page.get_by_label(f"Share of {service.name}")).to_have_attribute("value", "100")
    expect(page.locator("#traffic")).to_contain_text("2 healthy")
    page.get_by_role("button", name="Make too-many-errors ring").click()
    expect(page.locator("#faults")).to_contain_text("alarm too-many-errors rings")
    expect(page.locator("#alarms")).to_contain_text("ordered")
    page.get_by_role("button", name="Take back: alarm too-many-errors rings").click()
    expect(page.locator("#faults")).to_contain_text("Everything works")

    before = {task["taskArn"] for task in service.tasks()}
    card.get_by_role("button", name=f"Kill a task of {service.name}").click()
    eventually(lambda: len(before & {task["taskArn"] for task in service.tasks()}) == 1, why="one task killed")
    expect(card.get_by_role("listitem").first).to_be_visible()  # what was opened stays open when it is drawn anew

    page.get_by_role("button", name=f"Forget: kill-tasks: 1 task of {service.name} ended").click()
    expect(page.locator("#faults")).to_contain_text("Everything works")

    service.deploy("unhealthy", "v2")
    expect(card).to_contain_text("in progress")
    shot(page, "sandbox-deploying")
    expect(card).to_contain_text("rollback successful")
    page.get_by_label("Find").fill("no-such-service")
    expect(page.get_by_text("No service's name has “no-such-service” in it.")).to_be_visible()
    assert complaints == []


def test_a_fault_is_ordered_and_taken_back_by_keyboard_alone(browser: Browser, sandbox: SandboxProcess) -> None:
    sandbox.control("DELETE", "faults")
    page = opened(browser, sandbox)
    page.get_by_label("What should go wrong").focus()
    page.keyboard.type("error")
    expect(page.locator("#kind-means")).to_contain_text("answers the error")
    for text in ("AccessDeniedException", "403", "ecs", "ListClusters", "0.5"):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.locator("#faults")).to_contain_text("ecs:ListClusters, 50 % answers AccessDeniedException")
    assert [(each["code"], each["status"], each["share"]) for each in sandbox.control("GET", "faults")] == [
        ("AccessDeniedException", 403, 0.5)
    ]
    page.get_by_role("button", name="Take back").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#faults")).to_contain_text("Everything works")
    assert sandbox.control("GET", "faults") == []


def test_an_order_that_makes_no_sense_is_answered_in_words(browser: Browser, sandbox: SandboxProcess) -> None:
    page = opened(browser, sandbox)
    page.get_by_label("What should go wrong").select_option("zone")
    page.get_by_label("Zone").fill("moon")
    page.get_by_role("button", name="Order the fault").click()
    expect(page.get_by_role("alert")).to_contain_text("zone needs the zone's name, such as us-east-1a")


def test_the_clock_is_set_and_moved(browser: Browser, sandbox: SandboxProcess) -> None:
    page = opened(browser, sandbox)
    page.get_by_label("Times as fast").fill("5")
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_text("5 times as fast as real time")).to_be_visible()
    before = sandbox.control("GET", "clock")["seconds"]
    page.get_by_role("button", name="+1 hour").click()
    eventually(lambda: sandbox.control("GET", "clock")["seconds"] >= before + 3600, why="an hour later")
    sandbox.control("POST", "clock", {"scale": 60})


def test_a_staged_deployment_shows_its_stages_and_weights(
    browser: Browser, sandbox: SandboxProcess, world: World
) -> None:
    configuration = {
        "strategy": "CANARY",
        "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1_000},
    }
    service = staged_service(world)
    service.create_staged(configuration)
    service.deploy("healthy", "v2")
    service.at("PRODUCTION_TRAFFIC_SHIFT", production=10.0)
    page = opened(browser, sandbox)
    card = page.get_by_role("article", name=f"Service {service.name}")
    expect(card).to_contain_text("canary deployment")
    expect(card).to_contain_text("10 % of the traffic")
    expect(card.locator("[aria-current=step]")).to_have_text("production traffic shift")
    expect(page.get_by_label(f"Share of {service.name}-green").first).to_have_attribute("value", "10")
    shot(page, "sandbox-canary")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_light_and_dark(
    browser: Browser, sandbox: SandboxProcess, world: World, scheme: str
) -> None:
    page = opened(browser, sandbox, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    expect(page.get_by_role("heading", name="Traffic")).to_be_visible()
    for summary in page.locator("summary").all():
        summary.click()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(245, 246, 248)", "dark": "rgb(13, 16, 21)"}[scheme]
    shot(page, f"sandbox-phone-{scheme}")


def test_a_sandbox_that_has_ended_is_said_and_found_again(browser: Browser, tmp_path: Path) -> None:
    with start_sandbox(tmp_path) as short:
        page = opened(browser, short)
    expect(page.get_by_text("The sandbox does not answer.")).to_be_visible()
