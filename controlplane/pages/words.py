"""How times, durations, sums and identifiers are put into words. Pure; static/js/time.js says times the same way."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

_UNITS = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)]


def duration(length: timedelta, parts: int = 2) -> str:
    """At most `parts` neighbouring units, rounded down: "41 s", "2 min 8 s", "3 h", "6 d 4 h"."""
    seconds = max(0, int(length.total_seconds()))
    counts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        counts.append((count, unit))
    first = next((index for index, (count, _) in enumerate(counts) if count), len(counts) - 1)
    shown = [(count, unit) for count, unit in counts[first : first + parts] if count]
    return " ".join(f"{count} {unit}" for count, unit in shown) or "0 s"


def relative(moment: datetime, now: datetime) -> str:
    """ "38 min ago", "just now", "in 3 h 22 min"."""
    ahead = moment - now
    if ahead > timedelta(seconds=1):
        return f"in {duration(ahead)}"
    if -ahead < timedelta(seconds=2):
        return "just now"
    return f"{duration(-ahead, parts=1)} ago"


def lasting(moment: datetime, now: datetime) -> str:
    """How long something goes on already: "for 38 min"."""
    return f"for {duration(now - moment, parts=1)}"


def money(amount: Decimal | float | int, *, signed: bool = False) -> str:
    """US dollars to the cent, half up: "$1,713.24", "−$0.40", and with `signed` also "+$13.65"."""
    cents = Decimal(str(amount)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    sign = "−" if cents < 0 else "+" if signed and cents > 0 else ""
    return f"{sign}${abs(cents):,.2f}"


def short(identifier: object) -> str:
    """An identifier short enough to read aloud: "7c1e…d90a" for a digest, "5f0c2d1a" for a UUID."""
    text = str(identifier).removeprefix("sha256:")
    if len(text) == 36 and text.count("-") == 4:
        return text[:8]
    return f"{text[:4]}…{text[-4:]}" if len(text) > 24 else text


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 change", "2 changes"."""
    return f"{count} {one if count == 1 else many or one + 's'}"
