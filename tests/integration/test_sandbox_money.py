"""Cost Explorer and the price list, on the real wire: what runs is charged for, and prices are found by attributes."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, eventually, launch, start_sandbox
from tests.sandbox_world import World

FARGATE = "Amazon Elastic Container Service"
BALANCER = "Amazon Elastic Load Balancing"
COST = ["UnblendedCost", "UsageQuantity"]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("money"), scale=20) as running:
        yield running


@pytest.fixture(scope="module")
def spent(sandbox: SandboxProcess) -> SandboxProcess:
    """A hundred hours of a service of two tasks, a database of another team, a load balancer and two alarms."""
    world = World(sandbox)
    service = world.service()
    service.create(desired=2, tags=[{"key": "team", "value": "shop"}], propagateTags="SERVICE")
    sandbox.client("rds").create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        StorageType="gp3",
        MasterUsername="admin1",
        MasterUserPassword="secret-password",
        Tags=[{"Key": "team", "Value": "data"}],
    )
    sandbox.client("elbv2").add_tags(
        ResourceArns=[world.load_balancer], Tags=[{"Key": "team", "Value": "shop"}, {"Key": "stage", "Value": "prod"}]
    )
    sandbox.control("POST", "clock", {"advance": 100 * 3600})
    return sandbox


def days(ahead: int = 1, back: int = 0) -> dict[str, str]:
    today = datetime.now(UTC).date()
    return {
        "Start": (today - timedelta(days=back)).isoformat(),
        "End": (today + timedelta(days=ahead)).isoformat(),
    }


def usage(sandbox: SandboxProcess, **given: Any) -> list[dict[str, Any]]:
    asked = {"TimePeriod": days(), "Granularity": "DAILY", "Metrics": COST, **given}
    results: list[dict[str, Any]] = sandbox.client("ce").get_cost_and_usage(**asked)["ResultsByTime"]
    return results


def by_group(result: dict[str, Any]) -> dict[tuple[str, ...], tuple[float, float]]:
    """The groups' keys -> their cost in dollars, and their quantity."""
    found = {}
    for group in result["Groups"]:
        cost, quantity = (float(group["Metrics"][name]["Amount"]) for name in COST)
        found[tuple(group["Keys"])] = (cost, quantity)
    return found


def test_what_ran_is_charged_by_the_hour_at_the_list_price(spent: SandboxProcess) -> None:
    result = usage(spent, GroupBy=[{"Type": "DIMENSION", "Key": "USAGE_TYPE"}])[0]
    charged = by_group(result)
    hours = charged[("LoadBalancerUsage",)][1]
    assert 100 <= hours < 110
    assert charged[("LoadBalancerUsage",)][0] == pytest.approx(hours * 0.0225)
    cpu, cpu_hours = charged[("USE1-Fargate-vCPU-Hours:perCPU",)]
    assert cpu_hours == pytest.approx(100 * 2 * 0.25, rel=0.1)
    assert cpu == pytest.approx(cpu_hours * 0.04048)
    assert charged[("USE1-Fargate-GB-Hours",)][1] == pytest.approx(100 * 2 * 0.5, rel=0.1)
    database, database_hours = charged[("InstanceUsage:db.t4g.micro",)]
    assert database == pytest.approx(database_hours * 0.016)
    assert charged[("RDS:GP3-Storage",)][1] == pytest.approx(20 * database_hours / 730)
    assert result["Estimated"] is True
    assert result["Total"] == {}


def test_costs_are_grouped_and_filtered_by_service_and_tag(spent: SandboxProcess) -> None:
    result = usage(spent, GroupBy=[{"Type": "TAG", "Key": "team"}, {"Type": "DIMENSION", "Key": "SERVICE"}])[0]
    charged = by_group(result)
    assert {
        ("team$shop", FARGATE),
        ("team$shop", BALANCER),
        ("team$data", "Amazon Relational Database Service"),
    } <= set(charged)

    def total(expression: dict[str, Any]) -> float:
        return float(usage(spent, Filter=expression)[0]["Total"]["UnblendedCost"]["Amount"])

    shop = total({"Tags": {"Key": "team", "Values": ["shop"]}})
    fargate = total({"Dimensions": {"Key": "SERVICE", "Values": [FARGATE]}})
    balancer = total({"And": [
        {"Tags": {"Key": "team", "Values": ["shop"]}}, {"Not": {"Dimensions": {"Key": "SERVICE", "Values": [FARGATE]}}}
    ]})  # fmt: skip
    assert shop == pytest.approx(fargate + balancer, rel=0.02)
    assert total({"Tags": {"Key": "stage", "MatchOptions": ["ABSENT"]}}) > 0
    assert total({"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Redshift"]}}) == 0


def test_days_and_months_are_cut_as_asked_and_an_empty_time_costs_nothing(spent: SandboxProcess) -> None:
    today = datetime.now(UTC).date()
    asked = {"Start": (today - timedelta(days=40)).isoformat(), "End": (today + timedelta(days=1)).isoformat()}
    daily, monthly = usage(spent, TimePeriod=asked), usage(spent, TimePeriod=asked, Granularity="MONTHLY")
    assert len(daily) == 41
    assert daily[0]["Total"]["UnblendedCost"] == {"Amount": "0", "Unit": "USD"}
    assert float(daily[-1]["Total"]["UnblendedCost"]["Amount"]) > 0
    starts = [date.fromisoformat(each["TimePeriod"]["Start"]) for each in monthly]
    assert starts[0] == today - timedelta(days=40)
    assert all(start.day == 1 for start in starts[1:])
    assert float(monthly[-1]["Total"]["UnblendedCost"]["Amount"]) > 0
    assert daily[0]["Estimated"] is False


def test_long_answers_come_in_pages(spent: SandboxProcess) -> None:
    costs = spent.client("ce")
    asked: dict[str, Any] = {
        "TimePeriod": {"Start": "2020-01-01", "End": "2024-01-01"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
    }
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = costs.get_cost_and_usage(**asked, **token)
        found += page["ResultsByTime"]
        if "NextPageToken" not in page:
            break
        token = {"NextPageToken": page["NextPageToken"]}
    assert token, "one page would not show much"
    assert len({each["TimePeriod"]["Start"] for each in found}) == len(found) == 1461


def test_values_tags_and_a_forecast(spent: SandboxProcess) -> None:
    costs = spent.client("ce")
    services = costs.get_dimension_values(TimePeriod=days(), Dimension="SERVICE")["DimensionValues"]
    assert {FARGATE, BALANCER} <= {each["Value"] for each in services}
    assert costs.get_tags(TimePeriod=days())["Tags"] == ["stage", "team"]
    assert costs.get_tags(TimePeriod=days(), TagKey="team")["Tags"] == ["data", "shop"]

    forecast = costs.get_cost_forecast(
        TimePeriod=days(ahead=10), Metric="UNBLENDED_COST", Granularity="DAILY", PredictionIntervalLevel=80,
        Filter={"Dimensions": {"Key": "SERVICE", "Values": [BALANCER]}},
    )  # fmt: skip
    assert float(forecast["Total"]["Amount"]) == pytest.approx(10 * 24 * 0.0225)
    first = forecast["ForecastResultsByTime"][0]
    assert float(first["PredictionIntervalLowerBound"]) < float(first["MeanValue"])


def test_the_months_charges_are_a_metric_of_billing(spent: SandboxProcess) -> None:
    def charged(**dimensions: str) -> float:
        now = datetime.now(UTC)
        named = {"Currency": "USD", **dimensions}
        found = spent.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Billing", MetricName="EstimatedCharges", Period=60, Statistics=["Maximum"],
            Dimensions=[{"Name": name, "Value": value} for name, value in named.items()],
            StartTime=now - timedelta(minutes=10), EndTime=now,
        )["Datapoints"]  # fmt: skip
        return max((float(each["Maximum"]) for each in found), default=0.0)

    month = days() | {"Start": datetime.now(UTC).date().replace(day=1).isoformat()}
    spent_so_far = usage(spent, TimePeriod=month, Granularity="MONTHLY")[0]["Total"]["UnblendedCost"]
    total = float(spent_so_far["Amount"])
    assert eventually(lambda: charged() > 0.9 * total and charged()) == pytest.approx(total, rel=0.02)
    assert charged(ServiceName="AWSELB") == pytest.approx(100 * 0.0225, rel=0.1)
    assert charged(ServiceName="AmazonEC2") == 0
    elsewhere = spent.client("cloudwatch", "eu-west-1").list_metrics(Namespace="AWS/Billing")["Metrics"]
    assert elsewhere == [], "only us-east-1 has it"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"TimePeriod": {"Start": "2026-02-02", "End": "2026-02-02"}}, "Start date"),
        ({"Metrics": ["Happiness"]}, "Metrics must be of"),
        ({"GroupBy": [{"Type": "DIMENSION", "Key": "MOON"}]}, "knows the dimensions"),
        ({"Filter": {"And": [{"Tags": {"Key": "a", "Values": ["b"]}}]}}, "two expressions"),
        ({"Granularity": "HOURLY"}, "DAILY or MONTHLY"),
    ],
)
def test_what_makes_no_sense_is_refused(sandbox: SandboxProcess, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words) as refused:
        usage(sandbox, **given)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_the_account_book_survives_a_restart_and_a_reset_empties_it(tmp_path: Path) -> None:
    first = launch(tmp_path)
    world = World(first)
    first.control("POST", "clock", {"advance": 3600 * 10})
    assert float(usage(first)[0]["Total"]["UnblendedCost"]["Amount"]) > 0.2
    world.elbv2.delete_load_balancer(LoadBalancerArn=world.load_balancer)
    assert first.stop() == 0
    second = launch(tmp_path)
    try:
        assert float(usage(second)[0]["Total"]["UnblendedCost"]["Amount"]) > 0.2, "what is gone was used nevertheless"
        second.control("POST", "reset")
        assert usage(second)[0]["Total"]["UnblendedCost"]["Amount"] == "0"
    finally:
        second.stop()


# -- the price list ----------------------------------------------------------------------------------------------


def price_of(sandbox: SandboxProcess, service: str, **attributes: str) -> tuple[str, float]:
    """Unit and price of the only product with these attributes."""
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in attributes.items()]
    found = sandbox.client("pricing").get_products(ServiceCode=service, Filters=filters)["PriceList"]
    assert len(found) == 1, [json.loads(each)["product"] for each in found]
    terms = json.loads(found[0])["terms"]["OnDemand"]
    (term,) = terms.values()
    (dimension,) = term["priceDimensions"].values()
    return dimension["unit"], float(dimension["pricePerUnit"]["USD"])


@pytest.mark.parametrize(
    ("service", "attributes", "expected"),
    [
        ("AmazonECS", {"usagetype": "USE1-Fargate-vCPU-Hours:perCPU"}, ("hours", 0.04048)),
        ("AmazonECS", {"memorytype": "perGB", "cpuArchitecture": "ARM"}, ("hours", 0.00356)),
        (
            "AmazonEC2",
            {"instanceType": "t3.micro", "operatingSystem": "Linux", "tenancy": "Shared", "capacitystatus": "Used"},
            ("Hrs", 0.0104),
        ),
        ("AmazonEC2", {"productFamily": "NAT Gateway", "usagetype": "NatGateway-Hours"}, ("Hrs", 0.045)),
        ("AmazonEC2", {"volumeApiName": "gp3"}, ("GB-Mo", 0.08)),
        (
            "AmazonRDS",
            {"instanceType": "db.t4g.micro", "databaseEngine": "PostgreSQL", "deploymentOption": "Single-AZ"},
            ("Hrs", 0.016),
        ),
        (
            "AmazonElastiCache",
            {"instanceType": "cache.t4g.micro", "cacheEngine": "Redis", "regionCode": "eu-central-1"},
            ("Hrs", 0.018),
        ),
        ("AWSELB", {"productFamily": "Load Balancer-Application", "usagetype": "LoadBalancerUsage"}, ("Hrs", 0.0225)),
        ("AmazonVPC", {"usagetype": "PublicIPv4:InUseAddress"}, ("Hrs", 0.005)),
        ("AmazonCloudWatch", {"alarmType": "Standard"}, ("Alarms", 0.1)),
        ("AmazonS3", {"group": "S3-API-Tier1", "location": "US East (N. Virginia)"}, ("Requests", 0.000005)),
    ],
)
def test_a_price_is_found_by_its_attributes(
    sandbox: SandboxProcess, service: str, attributes: dict[str, str], expected: tuple[str, float]
) -> None:
    assert price_of(sandbox, service, **attributes) == expected


def test_products_come_in_pages_with_ids_of_their_own(sandbox: SandboxProcess) -> None:
    pages = sandbox.client("pricing").get_paginator("get_products").paginate(
        ServiceCode="AmazonEC2",
        Filters=[{"Type": "TERM_MATCH", "Field": "productFamily", "Value": "Compute Instance"}],
        PaginationConfig={"PageSize": 25},
    )  # fmt: skip
    found = [json.loads(text)["product"] for page in pages for text in page["PriceList"]]
    assert len(found) > 50
    assert len({product["sku"] for product in found}) == len(found)
    micro = next(product for product in found if product["attributes"]["instanceType"] == "t3.micro")
    assert (micro["attributes"]["vcpu"], micro["attributes"]["memory"]) == ("2", "1 GiB")


def test_services_and_attribute_values_are_listed(sandbox: SandboxProcess) -> None:
    pricing = sandbox.client("pricing")
    services = {each["ServiceCode"]: each["AttributeNames"] for each in pricing.describe_services()["Services"]}
    assert {"AmazonECS", "AmazonRDS", "AmazonElastiCache", "AWSELB", "AmazonVPC", "AmazonS3"} <= set(services)
    assert "databaseEngine" in services["AmazonRDS"]
    values = pricing.get_attribute_values(ServiceCode="AmazonRDS", AttributeName="deploymentOption")["AttributeValues"]
    assert values == [{"Value": "Multi-AZ"}, {"Value": "Single-AZ"}]
    with pytest.raises(ClientError, match="Invalid Service Code"):
        pricing.get_products(ServiceCode="AmazonMoon")
    calls = sandbox.control("GET", "calls")
    assert ("pricing", "GetProducts") in {(call["service"], call["action"]) for call in calls}
