"""A real browser for tests that look at pages as people do.

def test_x(browser: Browser) -> None:
    page = open_as(browser, web, anna)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from controlplane.core.models import User
from tests.server_fixture import WebProcess, session_cookie

ARTIFACTS = Path(__file__).resolve().parent.parent / "artifacts" / "screenshots"
CHROMIUM = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one file of tests: what comes after must not find Playwright's event loop in its thread."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop lives in the tests' own thread, where Django would refuse the ORM; nothing here awaits.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=CHROMIUM
        )
        yield chromium
        chromium.close()


def open_as(browser: Browser, web: WebProcess, user: User | None, **context: Any) -> Page:
    """A page of a browser in which `user` is signed in; `context` is what Browser.new_context takes."""
    opened = browser.new_context(**context)
    if user:
        name, _, value = session_cookie(user).partition("=")
        opened.add_cookies([{"name": name, "value": value, "url": web.url}])
    page = opened.new_page()
    page.set_default_timeout(20_000)
    return page


def keep_picture(page: Page, name: str) -> None:
    """A picture of the whole page as a build artefact, for people to look at."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    # The caret stays: hiding it takes an inline style, which the pages' policy forbids.
    page.screenshot(path=str(ARTIFACTS / f"{name}.png"), full_page=True, caret="initial")
