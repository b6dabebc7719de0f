"""Names in AWS are made of system, environment and entry: what would be too long is refused when it is saved."""

from typing import Any

import pytest

from controlplane.core.actors import Actor
from controlplane.lib.errors import Refusal
from environments_app.models import ConfigVersion, Environment
from environments_app.schema import name_problems, parse, read_blueprint
from environments_app.schema.aws_names import LONGEST_NAME
from environments_app.schema.problems import ConfigInvalid
from environments_app.services import configs, environments
from tests import factories
from tests.unit.schema_document import document

SYSTEM, LONG = "a-system-with-a-name", "an-environment-too"  # 39 characters with the hyphen between them


def found(environment: str, changes: dict[str, Any] | None = None) -> list[str]:
    return [problem.path for problem in name_problems(SYSTEM, environment, parse(document(changes or {})))]


def test_system_and_environment_have_room_for_the_longest_name() -> None:
    assert len(f"{SYSTEM}-{LONG}") == LONGEST_NAME + 1
    assert found(LONG) == [""]
    assert found(LONG[:-1]) == []
    assert len(f"{SYSTEM}-{LONG[:-1]}-audit-trail-123456789012") == 63


def test_services_and_buckets_have_room_beside_it() -> None:
    web = document()["services"]["web"]
    whole = len(f"{SYSTEM}-staging")
    fits, too_long = "s" * (64 - whole - len("--execution")), "s" * (65 - whole - len("--execution"))
    assert found("staging", {f"services.{fits}": web | {"routing": None}}) == []
    assert found("staging", {f"services.{too_long}": web | {"routing": None}}) == [f"services.{too_long}"]
    key = "b" * 32
    assert found("staging", {f"buckets.{key}": {"purpose": "files"}}) == [f"buckets.{key}"]
    assert found("staging", {f"buckets.{key}": {"purpose": "files", "name": "a-name-of-its-own"}}) == []


def test_your_own_terraform_names_what_it_makes_itself() -> None:
    own = parse({"region": "us-east-1", "terraform": {"source": "https://example.com/code.git", "reference": "main"}})
    assert name_problems(SYSTEM, LONG, own) == []


@pytest.mark.django_db
def test_nothing_too_long_is_saved() -> None:
    system = factories.system(SYSTEM)
    admin = Actor.person(factories.member(system, "admin"))
    refused = environments.create(
        admin, system, LONG, tier="staging", protection={}, document=factories.SMALL_CONFIG, reason="a test"
    )
    assert isinstance(refused, Refusal)
    assert "names in AWS are made of it" in refused.message
    assert not Environment.objects.exists()

    made = environments.create(
        admin, system, "staging", tier="staging", protection={}, document=factories.SMALL_CONFIG, reason="a test"
    )
    assert isinstance(made, Environment), made
    services = {"s" * 32: factories.SMALL_CONFIG["services"]["api"]}
    saved = configs.save_config(
        admin, made, factories.SMALL_CONFIG | {"services": services}, based_on=1, reason="a test"
    )
    assert isinstance(saved, Refusal)
    assert ConfigVersion.objects.count() == 1


def test_a_blueprint_says_it_too() -> None:
    text = f"""
system: {SYSTEM}
title: A system
description: Of a test
source_document: none
environments:
  {LONG}:
    tier: staging
    config:
      region: us-east-1
      network:
        cidr: 10.0.0.0/16
        zone_count: 2
        subnets: {{public: [10.0.1.0/24, 10.0.2.0/24], private: [10.0.11.0/24, 10.0.12.0/24]}}
      load_balancer: null
      services:
        api:
          containers: {{api: {{port: 8080}}}}
          cpu_units: 256
          memory_mib: 512
          desired_count: 1
          min_count: 1
          max_count: 2
"""
    with pytest.raises(ConfigInvalid, match="names in AWS are made of it"):
        read_blueprint(text)
