"""Lines of `terraform -json` become readable text and a progress."""

import json

from environments_app.terraform.events import Progress, advance, parse


def line(type_: str, **rest: object) -> str:
    return json.dumps({"@level": "info", "@message": f"a {type_}", "type": type_, **rest})


def hook(address: str) -> dict[str, object]:
    return {"resource": {"addr": address}, "action": "create"}


def test_refreshing_counts_what_is_read() -> None:
    progress = Progress("plan")
    for type_ in ("refresh_start", "refresh_start", "refresh_complete"):
        progress = advance(progress, parse(line(type_, hook=hook("aws_vpc.a"))))
    assert (progress.done, progress.total, progress.current) == (1, 2, "aws_vpc.a")


def test_applying_counts_what_is_done_or_failed() -> None:
    progress = Progress("apply", total=2)
    for type_ in ("apply_start", "apply_progress", "apply_complete", "apply_start", "apply_errored"):
        progress = advance(progress, parse(line(type_, hook=hook("aws_vpc.a"))))
    assert (progress.done, progress.total) == (2, 2)


def test_a_data_source_that_is_read_while_applying_is_no_change() -> None:
    read = {"resource": {"addr": "data.aws_iam_policy_document.a"}, "action": "read"}
    progress = advance(Progress("apply", total=1), parse(line("apply_complete", hook=read)))
    assert (progress.done, progress.total) == (0, 1)


def test_an_error_keeps_its_words_and_place() -> None:
    diagnostic = {
        "severity": "error", "summary": "creating VPC", "detail": "VpcLimitExceeded\nask for more",
        "address": "module.network.aws_vpc.this", "range": {"filename": "main.tf", "start": {"line": 7}},
    }  # fmt: skip
    event = parse(line("diagnostic", diagnostic=diagnostic))
    assert event.error == event.text
    for words in ("Error: creating VPC", "module.network.aws_vpc.this", "main.tf line 7", "VpcLimitExceeded"):
        assert words in event.text


def test_a_warning_is_no_error() -> None:
    event = parse(line("diagnostic", diagnostic={"severity": "warning", "summary": "old", "detail": ""}))
    assert not event.error
    assert event.text == "Warning: old"


def test_what_is_no_message_is_shown_as_it_is() -> None:
    for text in ("panic: runtime error", '{"no": "type"}', "[1]", ""):
        assert parse(text).text == text
