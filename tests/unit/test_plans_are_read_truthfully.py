"""A plan's JSON becomes counts, changes and masked attributes."""

from typing import Any

from environments_app.terraform.plan import (
    SENSITIVE,
    UNKNOWN,
    masked,
    masked_outputs,
    sensitive_texts,
    summarise,
)


def entry(address: str, actions: list[str], **change: Any) -> dict[str, Any]:
    type_, name = address.split(".")[-2:]
    module = ".".join(address.split(".")[:-2])
    return {
        "address": address, "module_address": module, "type": type_, "name": name,
        "change": {"actions": actions, "before": None, "after": None, "after_unknown": {}, **change},
    }  # fmt: skip


def test_a_replacement_counts_as_one_added_and_one_destroyed_and_stands_first() -> None:
    summary = summarise(
        {
            "resource_changes": [
                entry("aws_vpc.a", ["create"]),
                entry("aws_vpc.b", ["update"]),
                entry("aws_vpc.c", ["delete"]),
                entry("aws_vpc.d", ["create", "delete"]),
                entry("aws_vpc.e", ["no-op"]),
                entry("data.aws_vpc.f", ["read"]),
            ]
        }
    )
    assert (summary.add, summary.change, summary.destroy, summary.replace, summary.unchanged) == (2, 1, 2, 1, 1)
    assert [change.name for change in summary.changes] == ["d", "c", "a", "b"]
    assert summary.changes[0].create_first


def test_only_changed_attributes_are_listed_and_what_forces_a_replacement_first() -> None:
    change = summarise(
        {
            "resource_changes": [
                entry(
                    "module.lb.aws_lb_target_group.app",
                    ["create", "delete"],
                    before={"arn": "arn:1", "name": "app", "port": 80, "tags": {"a": "1", "b": "2"}},
                    after={"name": "app", "port": 8080, "tags": {"a": "1", "b": "3"}},
                    after_unknown={"arn": True},
                    replace_paths=[["port"]],
                )
            ]
        }
    ).changes[0]
    assert [(a.path, a.before, a.after, a.forces_replacement) for a in change.attributes] == [
        ("port", "80", "8080", True),
        ("arn", "arn:1", UNKNOWN, False),
        ("tags.b", "2", "3", False),
    ]


def test_sensitive_values_are_masked_but_their_change_is_shown() -> None:
    change = summarise(
        {
            "resource_changes": [
                entry(
                    "aws_db_instance.main",
                    ["update"],
                    before={"password": "old secret", "nested": [{"token": "t1"}], "same": "kept secret"},
                    after={"password": "new secret", "nested": [{"token": "t2"}], "same": "kept secret"},
                    before_sensitive={"password": True, "nested": [{"token": True}], "same": True},
                    after_sensitive={"password": True, "nested": [{"token": True}], "same": True},
                )
            ]
        }
    ).changes[0]
    assert [(a.path, a.before, a.after) for a in change.attributes] == [
        ("nested[0].token", SENSITIVE, SENSITIVE),
        ("password", SENSITIVE, SENSITIVE),
    ]


def test_a_sensitive_element_of_a_list_is_masked() -> None:
    plan = {
        "resource_changes": [
            entry(
                "aws_ecs_task_definition.app",
                ["create"],
                after={"command": ["--password", "hunter22"]},
                after_sensitive={"command": [False, True]},
            )
        ]
    }
    assert [a.after for a in summarise(plan).changes[0].attributes] == [f"[--password, {SENSITIVE}]"]
    assert sensitive_texts(plan) == {"hunter22"}


def test_everything_sensitive_is_known_to_the_redactor() -> None:
    change = {
        "before": None,
        "after": {"password": "first secret", "nested": {"keys": ["second secret", "third secret"]}, "name": "open"},
        "after_sensitive": {"password": True, "nested": {"keys": True}},
    }
    plan = {"resource_changes": [entry("aws_db_instance.main", ["create"], **change)]}
    assert sensitive_texts(plan) == {"first secret", "second secret", "third secret"}


def test_masking_follows_the_tree_of_marks() -> None:
    value = {"a": 1, "b": [{"c": "x"}, {"c": "y"}], "d": {"e": "z"}}
    assert masked(value, {"b": [{}, {"c": True}], "d": True}) == {
        "a": 1, "b": [{"c": "x"}, {"c": SENSITIVE}], "d": SENSITIVE,
    }  # fmt: skip


def test_drift_is_only_what_the_plan_would_change_back() -> None:
    drifted = entry("aws_vpc.a", ["update"], before={"x": 1}, after={"x": 2})
    noise = entry("aws_vpc.b", ["update"], before={"tags": None}, after={"tags": {}})
    back = entry("aws_vpc.a", ["update"], before={"x": 2}, after={"x": 1})
    summary = summarise({"resource_drift": [drifted, noise], "resource_changes": [back]})
    assert [change.address for change in summary.drift] == ["aws_vpc.a"]


def test_what_the_plan_leaves_to_others_is_no_drift() -> None:
    resumed = entry(
        "aws_appautoscaling_target.a",
        ["update"],
        before={"max": 4, "suspended": [{"in": True}], "tags": {"Team": "a"}},
        after={"max": 4, "suspended": [{"in": False}], "tags": {"Team": "b"}},
    )
    grown = entry("aws_appautoscaling_target.a", ["update"], before={"max": 4}, after={"max": 6})
    assert summarise({"resource_drift": [resumed], "resource_changes": [grown]}).drift == []
    tagged = entry(
        "aws_appautoscaling_target.a", ["update"], before={"tags": {"Team": "b"}}, after={"tags": {"Team": "a"}}
    )
    (drift,) = summarise({"resource_drift": [resumed], "resource_changes": [tagged]}).drift
    assert [attribute.path for attribute in drift.attributes] == ["tags.Team"]


def test_what_was_deleted_outside_is_drift_where_it_is_made_again() -> None:
    gone = entry("aws_vpc.a", ["delete"], before={"x": 1})
    made = entry("aws_vpc.a", ["create"], after={"x": 1})
    assert [change.action for change in summarise({"resource_drift": [gone], "resource_changes": [made]}).drift] == [
        "delete"
    ]


def test_outputs_alone_are_a_change_and_sensitive_ones_stay_hidden() -> None:
    assert not summarise({"output_changes": {"url": {"actions": ["create"]}}}).is_empty
    assert summarise({"output_changes": {"url": {"actions": ["no-op"]}}}).is_empty
    outputs = {"b": {"value": "s3cret", "sensitive": True}, "a": {"value": [1], "sensitive": False}}
    assert masked_outputs(outputs) == {"a": [1], "b": SENSITIVE}
