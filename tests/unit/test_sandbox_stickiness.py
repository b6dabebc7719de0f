"""A client's cookie leads back to its choice only while it is valid, of the same scope, and still to be had."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.http import HttpRequest, HttpResponse
from sandbox.proxy.routing import forwarded_headers, slow_start_weight
from sandbox.proxy.stickiness import Stickiness, of_action, of_group, remembered, reminder

STICKY = Stickiness("AWSALB", 60)


def client_of(response_headers: list[tuple[str, str]], **more: str) -> HttpRequest:
    cookies = [value.split(";")[0] for name, value in response_headers if name == "set-cookie"]
    cookies += [f"{name}={value}" for name, value in more.items()]
    return HttpRequest("GET", "/", [("cookie", "; ".join(cookies))])


def test_a_choice_is_remembered_until_its_time_is_over() -> None:
    client = client_of(reminder(HttpResponse(200), STICKY, 100, "group", "a:1", 1))
    assert remembered(client, STICKY, 159.9, "group", ["a:1", "b:1"]) == "a:1"
    assert remembered(client, STICKY, 160, "group", ["a:1", "b:1"]) is None


def test_another_scope_and_a_choice_that_is_gone_are_forgotten() -> None:
    client = client_of(reminder(HttpResponse(200), STICKY, 100, "group", "a:1", 1))
    assert remembered(client, STICKY, 100, "other", ["a:1"]) is None
    assert remembered(client, STICKY, 100, "group", ["b:1"]) is None


@given(st.text(alphabet=st.characters(codec="latin-1", exclude_characters=";"), max_size=60))
def test_a_cookie_that_was_made_up_is_no_choice_and_no_error(cookie: str) -> None:
    assert remembered(HttpRequest("GET", "/", [("cookie", f"AWSALB={cookie}")]), STICKY, 0, "g", ["a:1"]) is None


def test_an_application_keeps_its_clients_by_its_own_cookie() -> None:
    sticky = of_group(
        {
            "stickiness.enabled": "true",
            "stickiness.type": "app_cookie",
            "stickiness.app_cookie.cookie_name": "session",
            "stickiness.app_cookie.duration_seconds": "60",
        }
    )
    assert sticky == Stickiness("AWSALBAPP-0", 60, "session")
    assert reminder(HttpResponse(200), sticky, 0, "g", "a:1", 1) == []
    answer = HttpResponse(200, headers=[("set-cookie", "session=abc; HttpOnly")])
    headers = reminder(answer, sticky, 0, "g", "a:1", 1)
    assert remembered(client_of(headers, session="abc"), sticky, 1, "g", ["a:1"]) == "a:1"
    assert remembered(client_of(headers), sticky, 1, "g", ["a:1"]) is None


def test_stickiness_is_off_unless_it_is_on() -> None:
    assert of_group({"stickiness.enabled": "false"}) is None
    assert of_action({"Type": "forward", "ForwardConfig": {"TargetGroups": []}}) is None
    config = {"TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 5}}
    assert of_action({"Type": "forward", "ForwardConfig": config}) == Stickiness("AWSALBTG", 5)


def test_a_new_target_gets_its_part_little_by_little() -> None:
    weights = [slow_start_weight(age, 100) for age in (0, 25, 50, 100, 500)]
    assert weights == sorted(weights)
    assert weights[0] > 0
    assert weights[2:] == [0.5, 1, 1]


def test_what_the_load_balancer_adds_to_a_request() -> None:
    headers = [("host", "a"), ("x-forwarded-for", "9.9.9.9"), ("x-forwarded-proto", "ftp"), ("x-amzn-trace-id", "t")]
    added = forwarded_headers(headers, "127.0.0.1", "HTTPS", 443, {})
    assert sorted(added) == [
        ("host", "a"),
        ("x-amzn-trace-id", "t"),
        ("x-forwarded-for", "9.9.9.9, 127.0.0.1"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ]
    mode = "routing.http.xff_header_processing.mode"
    assert ("x-forwarded-for", "9.9.9.9") in forwarded_headers(headers, "127.0.0.1", "HTTP", 80, {mode: "preserve"})
    assert "x-forwarded-for" not in dict(forwarded_headers(headers, "127.0.0.1", "HTTP", 80, {mode: "remove"}))
