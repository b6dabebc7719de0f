"""Outputs of foreign Terraform serve releases where they have the stack's shape, and else break nothing."""

from typing import Any

import pytest

from environments_app.terraform.outputs import usable

SERVICE: dict[str, Any] = {
    "cluster_name": "c",
    "service_name": "s",
    "task_template": {"family": "f", "container_definitions": [{"name": "web"}], "cpu": "256"},
    "desired_count": 1,
    "alarm_names": [],
    "log_group": "/s",
}


def test_what_has_the_shape_is_kept_whole() -> None:
    outputs = {"services": {"web": SERVICE}, "alarms": {"names": {"errors": "shop-errors"}}, "other": [1]}
    assert usable(outputs) == (outputs, [])
    assert usable({"services": None}) == ({"services": None}, [])


@pytest.mark.parametrize(
    ("services", "where"),
    [
        (["web"], "services"),
        ("(sensitive value)", "services"),
        ({"web": {**SERVICE, "desired_count": "many"}}, "services.web.desired_count"),
        ({"web": {**SERVICE, "task_template": {"family": "f"}}}, "services.web.task_template.container_definitions"),
    ],
)
def test_what_has_only_the_name_is_left_out_in_words(services: Any, where: str) -> None:
    kept, (words,) = usable({"services": services, "other": 1})
    assert kept == {"other": 1}
    assert words.startswith(f"the output services is not used: {where}: ")
