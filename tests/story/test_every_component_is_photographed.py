"""The style page shows every component in every state; its pictures are kept for people to look at."""

import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.story.conftest import Slipway


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
def test_the_style_page(
    browser: Browser,
    slipway: Slipway,
    photograph: Callable[[Page, str], None],
    theme: Literal["dark", "light"],
    width: int,
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{slipway.url}/style?theme={theme}")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", background)[:3])) < 100) == (theme == "dark"), background
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for words in ("Waits for approval", "Outcome not known", "Rolled back", "Succeeded"):
        expect(page.get_by_text(words).first).to_be_visible()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"the page is {overflow} px wider than the window"
    photograph(page, f"00-style-{theme}-{width}")
    context.close()
