"""The five reference systems are described by files, with the values of their documents."""

import pytest

from environments_app.schema import (
    BlueprintEnvironment,
    ConfigInvalid,
    read_blueprint,
    warnings,
)
from tests.reference_systems import BLUEPRINTS, FILES

SERVICES = {
    "cloudweave": {"frontend", "backend"},
    "dougust": {"app"},
    "programador-musical": {"app"},
    "tvmaze-ingestion": {"api"},
    "verificadores": {"web", "api"},
}
TIERS = {
    "cloudweave": {"staging": "staging", "production": "production"},
    "dougust": {"staging": "staging", "production": "production"},
    "programador-musical": {"staging": "staging", "production": "production"},
    "tvmaze-ingestion": {"development": "development", "production": "production"},
    "verificadores": {"staging": "staging", "production": "production"},
}


def environment(system: str, name: str) -> BlueprintEnvironment:
    return next(found for found in BLUEPRINTS[system].environments if found.name == name)


def test_there_is_a_blueprint_for_each_reference_system() -> None:
    assert list(BLUEPRINTS) == sorted(SERVICES)


@pytest.mark.parametrize("system", sorted(SERVICES))
def test_every_environment_is_valid_and_has_its_services(system: str) -> None:
    blueprint = BLUEPRINTS[system]

    assert blueprint.system == system
    assert {found.name: found.tier for found in blueprint.environments} == TIERS[system]
    for found in blueprint.environments:
        assert set(found.config.services) == SERVICES[system]


@pytest.mark.parametrize("system", sorted(SERVICES))
def test_the_text_of_the_file_is_kept_for_export(system: str) -> None:
    assert BLUEPRINTS[system].text == FILES[system].read_text(encoding="utf-8")


def test_networks_do_not_overlap_within_a_system() -> None:
    for system, blueprint in BLUEPRINTS.items():
        networks = [found.config.network for found in blueprint.environments]
        blocks = [network.cidr for network in networks if network]
        assert len(set(blocks)) == len(blocks), system


def test_tvmaze_development_is_as_its_document_says() -> None:
    found = environment("tvmaze-ingestion", "development")
    config, api = found.config, found.config.services["api"]

    assert (found.protection.auto_deploy, found.protection.required_approvals) == (True, 1)
    assert (api.cpu_units, api.memory_mib) == (256, 1024)
    assert (api.min_count, api.desired_count, api.max_count) == (1, 1, 4)
    assert api.routing is not None
    assert api.routing.health_check.path == "/up"
    assert config.database is not None
    assert (config.database.instance_class, config.database.storage_type) == ("db.t3.micro", "gp2")
    assert (config.database.storage_gib, config.database.max_storage_gib) == (20, 100)
    assert config.database.backup_retention_days == 7
    assert config.cache is not None
    assert (config.cache.node_type, config.cache.replicas) == ("cache.t3.micro", 0)
    assert set(config.buckets) == {"assets", "backups", "temp"}
    assert config.waf is not None
    assert (config.waf.rate_limit, config.waf.rate_window_seconds) == (2000, 300)
    assert config.tracing is not None
    assert config.tracing.sampling_percent == 10
    assert config.logs.retention_days == 30
    assert {(alarm.metric, alarm.threshold) for alarm in config.alarms.values()} == {
        ("service_cpu_percent", 80),
        ("service_memory_percent", 85),
        ("database_connections_percent", 80),
        ("error_rate_percent", 5),
        ("response_time_seconds", 2),
    }


def test_programador_musical_runs_three_containers_on_spot_instances() -> None:
    config = environment("programador-musical", "production").config

    assert set(config.services["app"].containers) == {"nginx", "frontend", "backend"}
    assert config.compute.ec2 is not None
    assert config.compute.ec2.spot_percent == 70
    assert config.database is not None
    assert (config.database.multi_az, config.database.backup_retention_days) == (False, 3)


def test_production_never_deploys_by_itself() -> None:
    for system, blueprint in BLUEPRINTS.items():
        for found in blueprint.environments:
            if found.tier == "production":
                assert not found.protection.auto_deploy, system
                assert found.protection.required_release_approvals >= 1, system


def test_a_contradiction_of_the_documents_is_warned_of() -> None:
    found = environment("programador-musical", "staging")

    assert "database.engine_version" in {warning.path for warning in warnings(found.config, tier=found.tier)}


HEAD = "system: shop\ntitle: Shop\ndescription: A shop\nsource_document: shop.md\n"


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("", [""]),
        ("a: [", [""]),
        (HEAD, ["environments"]),
        ("system: Shop!\nenvironments: {}\n", ["system", "title", "description", "source_document", "environments"]),
        (HEAD + "environments: {}\n", ["environments"]),
        (HEAD + "environments: {staging: {tier: staging}}\n", ["environments.staging.config"]),
        (
            HEAD + "environments: {Production: {tier: production}}\n",
            ["environments.Production", "environments.Production.config"],
        ),
        (
            HEAD + "environments: {staging: {tier: high, config: {region: us-east-1, services: {}}}}\n",
            [
                "environments.staging.tier",
                "environments.staging.config.network",
                "environments.staging.config.services",
            ],
        ),
    ],
)
def test_a_wrong_blueprint_names_all_of_its_problems(text: str, paths: list[str]) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        read_blueprint(text)

    assert [problem.path for problem in refused.value.problems] == paths
