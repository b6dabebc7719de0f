"""Windows of the week and of the day, as the schema writes them (ddd:hh:mm-ddd:hh:mm, hh:mm-hh:mm). Pure."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_WEEK = 7 * _DAY


def windows_meet(daily: str, weekly: str) -> bool:
    """Whether a daily window and a weekly one share a minute; both may pass midnight."""
    opens, closes = (_minute_of_week(moment) for moment in weekly.split("-"))
    begins, ends = (_minute_of_day(moment) for moment in daily.split("-"))
    span, length = (closes - opens) % _WEEK, (ends - begins) % _DAY
    # Two windows on a circle meet where one begins inside the other.
    return any(
        (day * _DAY + begins - opens) % _WEEK < span or (opens - day * _DAY - begins) % _WEEK < length
        for day in range(len(_DAYS))
    )


def _minute_of_week(moment: str) -> int:
    day, _, time = moment.partition(":")
    return _DAYS.index(day) * _DAY + _minute_of_day(time)


def _minute_of_day(moment: str) -> int:
    hours, _, minutes = moment.partition(":")
    return int(hours) * 60 + int(minutes)
