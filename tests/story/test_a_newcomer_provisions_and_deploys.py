"""The newcomer's first hour: plan, approve, apply, release, and a release that is taken back. Nothing is simulated
but AWS itself: real launcher, workers, Terraform, sandbox and browser."""

import re
import subprocess
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.story.conftest import SignIn, Slipway

SYSTEM, ENVIRONMENT = "tvmaze-ingestion", "development"
PLAN_MS, APPLY_MS, DEPLOY_MS = 120_000, 400_000, 180_000
PRICED = ("aws_ecs_service", "aws_db_instance", "aws_elasticache_replication_group", "aws_lb", "aws_nat_gateway")
Photograph = Callable[[Page, str], None]


def open_environment(page: Page) -> None:
    page.get_by_role("link", name="Fleet").first.click()
    page.locator(f'a[href="/environments/{SYSTEM}/{ENVIRONMENT}"]').first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(ENVIRONMENT)


def post_release(page: Page, slipway: Slipway, behaviour: str) -> str:
    """Runs the signed curl line that the environment's page shows; returns the release's page."""
    open_environment(page)
    line = page.locator(f'[data-curl="{behaviour}"]').first.text_content() or ""
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=30, check=True)
    assert '"created": true' in done.stdout or '"created":true' in done.stdout, done.stdout + done.stderr
    release = slipway.api(f"/releases?system={SYSTEM}")[0]
    return f"/releases/{release['id']}"


def open_deployment(page: Page, slipway: Slipway, release: str) -> None:
    page.goto(slipway.url + release)
    page.get_by_role("link", name="Deployment").or_(page.locator('a[href^="/deployments/"]')).first.click()


def costs_are_shown(page: Page, slipway: Slipway, run_url: str) -> None:
    """Every kind of resource that costs by the hour has its price, and what has none is not said to be free."""
    cost = slipway.api("/runs/" + run_url.rpartition("/")[2])["cost"]
    resources = cost["after"]["resources"]
    for kind in PRICED:
        found = [resource for address, resource in resources.items() if f".{kind}." in address]
        assert found, kind
        assert all(resource["status"] == "priced" and resource["monthly_cost"] > 0 for resource in found), kind
    assert all(resource["monthly_cost"] is None for resource in resources.values() if resource["status"] == "unknown")
    decision = page.locator("#run-decision, .decide").first
    expect(decision).to_contain_text(f"${cost['after']['total_monthly_cost']:,.2f}")
    for module in ("database", "cache", "load_balancer", "network", "service"):
        summary = page.locator("details.module > summary").filter(has_text=f"module.{module}").first
        expect(summary.locator(".num")).to_contain_text(re.compile(r"\+\d+\.\d\d"))


@pytest.mark.long
def test_the_story(slipway: Slipway, sign_in: SignIn, photograph: Photograph) -> None:
    developer = sign_in("developer")
    for name in ("tvmaze-ingestion", "cloudweave", "verificadores", "dougust", "programador-musical"):
        expect(developer.get_by_text(name, exact=True).first).to_be_visible()
    photograph(developer, "01-fleet")

    open_environment(developer)
    photograph(developer, "02-environment-before")
    developer.get_by_role("button", name="Plan").click()
    output = developer.locator("[data-output-lines]")
    expect(output).to_contain_text("Initializing", timeout=PLAN_MS)
    photograph(developer, "03-planning")
    expect(developer.get_by_text("Waits for approval").first).to_be_visible(timeout=PLAN_MS)
    expect(developer.get_by_text("aws_db_instance").first).to_be_visible()
    expect(developer.get_by_role("button", name="Approve")).to_be_disabled()
    photograph(developer, "04-planned-as-developer")
    run_url = developer.url
    costs_are_shown(developer, slipway, run_url)

    approver = sign_in("approver")
    approver.goto(run_url)
    approver.get_by_label("Comment").fill("Read; fine.")
    confirmation = approver.get_by_label("Type development to go on")
    if confirmation.count():
        confirmation.fill(ENVIRONMENT)
    photograph(approver, "05-approving")
    approver.get_by_role("button", name="Approve").click()
    expect(developer.get_by_text("Applying").first).to_be_visible(timeout=60_000)
    photograph(developer, "06-applying")
    expect(developer.locator(".title").get_by_text("Applied")).to_be_visible(timeout=APPLY_MS)
    photograph(developer, "07-applied")
    run = slipway.api("/runs/" + run_url.rpartition("/")[2])
    assert run["state"] == "applied"

    open_environment(developer)
    expect(developer.get_by_text("load_balancer").first).to_be_visible()
    photograph(developer, "08-environment-applied")

    release = post_release(developer, slipway, "healthy")
    developer.goto(slipway.url + release)
    photograph(developer, "09-release")
    open_deployment(developer, slipway, release)
    expect(developer.locator(".title").get_by_text("Succeeded")).to_be_visible(timeout=DEPLOY_MS)
    photograph(developer, "10-deployment-succeeded")
    deployment = slipway.api("/deployments/" + developer.url.rpartition("/")[2])
    assert deployment["state"] == "succeeded"
    assert deployment["verdict"]

    release = post_release(developer, slipway, "unhealthy")
    open_deployment(developer, slipway, release)
    photograph(developer, "11-deployment-rolling")
    expect(developer.locator(".title").get_by_text("Rolled back")).to_be_visible(timeout=DEPLOY_MS)
    expect(developer.get_by_text("health check").first).to_be_visible()
    photograph(developer, "12-deployment-rolled-back")

    looks: list[tuple[int, Literal["dark", "light"], str]] = [(1440, "dark", "dark"), (390, "light", "phone")]
    for width, theme, suffix in looks:
        developer.set_viewport_size({"width": width, "height": 900})
        developer.emulate_media(color_scheme=theme)
        for place, title in (("/", "fleet"), (run_url, "run"), (developer.url, "deployment")):
            developer.goto(place if place.startswith("http") else slipway.url + place)
            photograph(developer, f"20-{title}-{suffix}")
