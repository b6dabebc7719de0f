"""The components of every page, as template tags; each renders one file of templates/components/.

Built into every template (settings), so no `{% load %}` is needed.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone

from controlplane.lib import clock
from controlplane.pages import words
from controlplane.pages.status import Meaning, meaning_class, status_of
from environments_app.schema import Problem

register = template.Library()
Context = dict[str, Any]


@register.inclusion_tag("components/icon.html")
def icon(name: str, extra: str = "") -> Context:
    """A symbol of the sprite; a meaning's icon takes the meaning's colour. Always beside a word, so hidden."""
    if name == Meaning.PLAIN:
        name = "note"
    colour = name if name in {meaning.value for meaning in Meaning} else ""
    return {"name": name, "classes": " ".join(part for part in ("i", colour, extra) if part)}


@register.inclusion_tag("components/status.html")
def status(state: str | None, detail: object = "", word: str = "", chip: bool = False) -> Context:
    """Icon and word of a state. `word` replaces the table's word, never its meaning; `chip` is the loud form."""
    shown = status_of(state)
    return {"shown": shown, "word": word or shown.word, "detail": detail, "chip": chip}


@register.simple_tag
def status_word(state: str | None) -> str:
    """The word alone, for a line that has the icon in a column of its own."""
    return status_of(state).word


@register.inclusion_tag("components/time.html")
def when(moment: datetime | None, exact: bool = False, never: str = "never", lasting: bool = False) -> Context:
    """A time, relative with the exact one on hover; `exact` shows the clock time instead. Reader's zone.

    `lasting`: of what goes on since then, "for 44 s".
    """
    if moment is None:
        return {"moment": None, "never": never}
    local = timezone.localtime(moment)
    precise = local.strftime("%Y-%m-%d %H:%M:%S %Z")
    said = words.lasting if lasting else words.relative
    shown = precise if exact else said(moment, clock.now())
    ticks = "" if exact else "lasting" if lasting else "relative"
    return {"moment": moment, "iso": moment.isoformat(), "precise": precise, "shown": shown, "ticks": ticks}


@register.inclusion_tag("components/id.html")
def ident(value: object, href: str = "", label: str = "id") -> Context:
    """An identifier: short, linked where it has a page, with a button that copies all of it."""
    return {"value": value, "short": words.short(value), "href": href, "label": label}


@register.inclusion_tag("components/money.html")
def money(amount: Decimal | float | None, signed: bool = False, at_least: bool = False) -> Context:
    """A sum in dollars. None is "unknown", in words and violet, never a number; `at_least` says parts are unknown."""
    shown = None if amount is None else words.money(amount, signed=signed)
    return {"shown": shown, "at_least": at_least}


@register.inclusion_tag("components/copy.html")
def copy(value: object, label: str) -> Context:
    """A button that copies `value`."""
    return {"value": value, "label": label}


@register.inclusion_tag("components/live.html", takes_context=True)
def live(context: template.RequestContext, topics: str, regions: str) -> Context:
    """Keeps the regions (element ids, space-separated) fresh: read again whenever a topic rings."""
    wanted = [f"#{region}" for region in ["inbox-count", *regions.split()]]
    return {"topics": topics, "regions": ",".join(wanted), "path": context.request.get_full_path()}


@register.filter
def meaning(state: str | None) -> str:
    """The style class of a state, for edges and bars: `<li class="now {{ state|meaning }}">`."""
    return meaning_class(state)


@register.filter
def length_of(span: timedelta | None) -> str:
    """A duration in words, in its largest unit."""
    return "" if span is None else words.duration(span, parts=1)


@register.filter
def short(value: object) -> str:
    return words.short(value)


@register.filter
def count(number: int, noun: str) -> str:
    """`{{ n|count:"change" }}`; an irregular plural after a comma: `{{ n|count:"policy,policies" }}`."""
    one, _, many = noun.partition(",")
    return words.plural(number, one, many)


@register.filter
def milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch, for scripts."""
    return int(moment.timestamp() * 1000)


@register.filter
def of(part: int, whole: int) -> str:
    """ "1 of 2"."""
    return f"{part} of {whole}"


@register.filter
def signed(number: float) -> str:
    """ "+22.3", "−4.0"."""
    return f"{number:+.1f}".replace("-", "−")


@register.filter
def signed_sum(amount: float) -> str:
    """A change in dollars without the sign of the currency, for columns whose head names it: "+13.65"."""
    return words.money(amount, signed=True).replace("$", "")


@register.filter
def minus(left: float, right: float) -> float:
    return round(left - right, 1)


@register.filter
def as_json(value: object) -> str:
    """By name: PostgreSQL does not keep the order in which names were written."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


@register.filter
def item(mapping: Mapping[str, Any], key: str) -> Any:
    """The value of a key that a template has in a variable; None where there is none."""
    return mapping.get(key)


@register.filter
def subject(problem: Problem) -> str:
    """A problem as a sentence: where it does not name what it is about, its path does, in words."""
    if not problem.problem.startswith("is "):
        return problem.problem[:1].upper() + problem.problem[1:]
    path = " ".join(part for part in problem.path.split(".") if part != "*").replace("_", " ")
    return f"{path[:1].upper()}{path[1:]} {problem.problem}"


@register.filter
def image(reference: str) -> str:
    """An image by digest, short: "api@7c1e…d90a"; any other text as it is."""
    repository, at, digest = reference.partition("@sha256:")
    return f"{repository.rpartition('/')[2]}@{words.short(digest)}" if at else reference
