"""Task definitions are completed from the stack's template exactly, and compared in words."""

import botocore.session
import pytest
from botocore.validate import validate_parameters

from deployments_app.taskdefinition import (
    Change,
    MissingImage,
    comparable,
    diff,
    images_of,
    render,
    tags,
    unreleased,
)
from tests.release_world import outputs

TEMPLATE = outputs()["services"]["api"]["task_template"]
IMAGE = "registry.example.com/api@sha256:" + "a" * 64


def test_it_is_what_register_task_definition_takes() -> None:
    rendered = render(TEMPLATE, {"api": IMAGE})
    service = botocore.session.get_session().get_service_model("ecs")
    shape = service.operation_model("RegisterTaskDefinition").input_shape
    validate_parameters({**rendered, "tags": tags("d", "r", "shop", "staging")}, shape)
    assert rendered["family"] == "small-development-api"
    assert (rendered["cpu"], rendered["memory"], rendered["networkMode"]) == ("256", "512", "awsvpc")
    assert rendered["runtimePlatform"] == {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"}
    assert "ephemeralStorage" not in rendered
    assert images_of(rendered) == {"api": IMAGE}


def test_storage_is_taken_where_it_is_set() -> None:
    rendered = render({**TEMPLATE, "ephemeral_storage_gib": 40}, {"api": IMAGE})
    assert rendered["ephemeralStorage"] == {"sizeInGiB": 40}


def test_shared_files_are_mounted_by_their_access_point() -> None:
    volume = {
        "name": "shared",
        "efsVolumeConfiguration": {
            "fileSystemId": "fs-1",
            "transitEncryption": "ENABLED",
            "authorizationConfig": {"accessPointId": "fsap-1", "iam": "ENABLED"},
        },
    }
    mount = {"sourceVolume": "shared", "containerPath": "/mnt/shared", "readOnly": False}
    containers = [{**TEMPLATE["container_definitions"][0], "mountPoints": [mount]}]
    rendered = render({**TEMPLATE, "container_definitions": containers, "volumes": [volume]}, {"api": IMAGE})

    service = botocore.session.get_session().get_service_model("ecs")
    validate_parameters(rendered, service.operation_model("RegisterTaskDefinition").input_shape)
    assert rendered["volumes"] == [volume]
    assert rendered["containerDefinitions"][0]["mountPoints"] == [mount]
    assert {change.what for change in diff(render(TEMPLATE, {"api": IMAGE}), rendered)} == {"mounts", "volumes"}


def test_a_container_without_an_image_is_named() -> None:
    with pytest.raises(MissingImage, match="api"):
        render(TEMPLATE, {"other": IMAGE})


def test_the_template_itself_stays_without_images() -> None:
    render(TEMPLATE, {"api": IMAGE})
    assert images_of(TEMPLATE | {"containerDefinitions": TEMPLATE["container_definitions"]}) == {"api": ""}


def test_what_ecs_adds_by_itself_is_no_difference() -> None:
    rendered = render(TEMPLATE, {"api": IMAGE})
    container = {**rendered["containerDefinitions"][0], "cpu": 0, "mountPoints": [], "volumesFrom": []}
    del container["secrets"]
    described = {**rendered, "containerDefinitions": [container], "revision": 4, "status": "ACTIVE"}
    assert diff(comparable(described), rendered) == []


def test_differences_are_said_images_first() -> None:
    old, new = render(TEMPLATE, {"api": IMAGE}), render(TEMPLATE, {"api": IMAGE.replace("a" * 64, "b" * 64)})
    new["cpu"] = "512"
    new["containerDefinitions"][0]["environment"] = [{"name": "PAGE", "value": "250"}]
    new["containerDefinitions"][0]["command"] = ["serve", "--fast"]
    assert diff(old, new) == [
        Change("~", "image", IMAGE, IMAGE.replace("a" * 64, "b" * 64), "api"),
        Change("+", "command", "", "serve --fast", "api"),
        Change("-", "environment variable LEVEL", "info", "", "api"),
        Change("+", "environment variable PAGE", "", "250", "api"),
        Change("~", "CPU units", "256", "512"),
    ]


def test_against_nothing_everything_is_new() -> None:
    assert {change.sign for change in diff({}, render(TEMPLATE, {"api": IMAGE}))} == {"+"}


def test_what_a_template_has_changed_since_it_was_released_waits() -> None:
    running = render(TEMPLATE, {"api": IMAGE})
    assert unreleased(TEMPLATE, running) == []
    sidecar = {"name": "proxy", "essential": False}
    grown = {**TEMPLATE, "cpu": "512", "container_definitions": [*TEMPLATE["container_definitions"], sidecar]}
    said = {(change.sign, change.what, change.where) for change in unreleased(grown, running)}
    assert ("~", "CPU units", "") in said
    assert not any(what == "image" and where == "api" for _, what, where in said)


def test_what_is_true_or_not_is_said_in_words() -> None:
    old, new = render(TEMPLATE, {"api": IMAGE}), render(TEMPLATE, {"api": IMAGE})
    old["containerDefinitions"][0]["essential"] = True
    new["containerDefinitions"][0]["essential"] = False
    assert diff(old, new) == [Change("~", "essential", "yes", "no", "api")]
