"""The components render what a page relies on: words beside icons, exact values behind short ones, no inline code."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import timezone

from controlplane.env import REPOSITORY
from controlplane.lib import clock
from controlplane.pages import words
from controlplane.pages.templatetags import slipway
from environments_app.schema import Problem

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def rendered(template: str, **values: Any) -> str:
    return Template(template).render(Context(values))


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# ---- Words


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=41), "41 s ago"),
        (timedelta(minutes=38, seconds=59), "38 min ago"),
        (timedelta(hours=26), "1 d ago"),
        (-timedelta(hours=3, minutes=22), "in 3 h 22 min"),
        (-timedelta(seconds=108), "in 1 min 48 s"),
    ],
)
def test_a_time_is_said_relative_to_now(ago: timedelta, said: str) -> None:
    assert words.relative(NOON - ago, NOON) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (41, "41 s"), (128, "2 min 8 s"), (3600, "1 h"), (3605, "1 h"), (531_000, "6 d 3 h")],
)
def test_a_duration_has_two_neighbouring_units(seconds: int, said: str) -> None:
    assert words.duration(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("amount", "signed", "said"),
    [
        (Decimal("1713.235"), False, "$1,713.24"),
        (0, False, "$0.00"),
        (0, True, "$0.00"),
        (13.65, True, "+$13.65"),
        (Decimal("-0.4"), True, "−$0.40"),
    ],
)
def test_a_sum_is_rounded_half_up_and_signed(amount: Decimal | float, signed: bool, said: str) -> None:
    assert words.money(amount, signed=signed) == said


def test_ids_and_digests_are_short() -> None:
    assert words.short("5f0c2d1a-6c1e-4b7a-9d3e-0a1b2c3d4e5f") == "5f0c2d1a"
    assert words.short("sha256:" + "7c1e" + "0" * 56 + "d90a") == "7c1e…d90a"
    assert words.short("v42") == "v42"


# ---- Tags


def test_a_status_always_has_icon_and_word() -> None:
    html = rendered('{% status "awaiting_approval" detail="1 of 2" chip=True %}')
    assert '<use href="#i-ask"/>' in html
    assert text(html) == "Waits for approval, 1 of 2"
    assert 'class="st chip ask"' in html


def test_another_word_does_not_change_the_meaning() -> None:
    html = rendered('{% status "failed" word="all is well" %}')
    assert 'class="st bad"' in html


def test_an_unknown_sum_is_a_word_and_no_number() -> None:
    html = rendered("{% money amount %}", amount=None)
    assert text(html) == "unknown"
    assert not re.search(r"\d", text(html))


def test_a_sum_with_unknown_parts_says_at_least() -> None:
    assert text(rendered("{% money 74.85 at_least=True %}")) == "≥ $74.85"


def test_a_time_carries_the_exact_one_in_the_readers_zone() -> None:
    moment = clock.now() - timedelta(minutes=5)
    with timezone.override("Asia/Tokyo"):
        html = rendered("{% when moment %}", moment=moment)
    local = timezone.localtime(moment, timezone.get_fixed_timezone(540))
    assert f'title="{local:%Y-%m-%d %H:%M:%S} JST"' in html
    assert f'datetime="{moment.isoformat()}"' in html
    assert text(html) == "5 min ago"


def test_a_time_that_never_was_is_said() -> None:
    assert text(rendered("{% when None %}")) == "never"


def test_an_id_copies_whole_and_links() -> None:
    identifier = "5f0c2d1a-6c1e-4b7a-9d3e-0a1b2c3d4e5f"
    html = rendered('{% ident value href="/runs/1" label="run id" %}', value=identifier)
    assert f'data-copy="{identifier}"' in html
    assert 'aria-label="Copy run id"' in html
    assert '<a href="/runs/1"><code>5f0c2d1a</code></a>' in html


def test_values_are_escaped() -> None:
    html = rendered("{% ident value %}{% status value %}", value='"><script>alert(1)</script>')
    assert "<script>" not in html


# ---- The strict content security policy holds


@pytest.mark.parametrize("path", sorted((REPOSITORY / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_a_template_has_no_inline_code_and_no_inline_style(path: Any) -> None:
    source = path.read_text()
    assert not re.search(r"\sstyle=", source)
    assert not re.search(r"\son[a-z]+=|hx-on|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style", source)
    assert not re.search(r'(src|href)="(https?:)?//', source)


@pytest.mark.parametrize(("ago", "said"), [(44, "for 44 s"), (3700, "for 1 h"), (0, "for 0 s")])
def test_what_goes_on_is_said_by_how_long(ago: int, said: str) -> None:
    assert words.lasting(NOON - timedelta(seconds=ago), NOON) == said


@pytest.mark.parametrize(
    ("path", "problem", "said"),
    [
        ("backup.copy_region", "is recorded, but not made", "Backup copy region is recorded, but not made"),
        ("services.*.discovery_name", "is recorded", "Services discovery name is recorded"),
        ("budget", "no budget is set", "No budget is set"),
    ],
)
def test_a_problem_is_a_sentence_with_a_subject(path: str, problem: str, said: str) -> None:
    assert slipway.subject(Problem(path, problem, "")) == said
