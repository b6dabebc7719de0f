"""What each resource type costs, against bills calculated by hand from the us-east-1 price list."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from environments_app.cost.estimate import estimate
from environments_app.cost.model import Status
from tests.unit.cost_plans import cents, cost_of, declared, plan_of, planned

HAND_CALCULATED: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
    # name, type, attributes, usage, dollars a month
    ("postgres, 20 GB gp2", "aws_db_instance",
     {"engine": "postgres", "instance_class": "db.t3.micro", "allocated_storage": 20},
     {}, "15.44"),  # 730 x 0.018 + 20 x 0.115
    ("postgres, gp3 with IOPS above the baseline", "aws_db_instance",
     {"engine": "postgres", "instance_class": "db.m5.large", "allocated_storage": 100, "storage_type": "gp3",
      "iops": 4000},
     {}, "161.44"),  # 730 x 0.178 + 100 x 0.115 + 1000 x 0.02
    ("postgres, 400 GB gp3 within its striped baseline", "aws_db_instance",
     {"engine": "postgres", "instance_class": "db.m5.large", "allocated_storage": 400, "storage_type": "gp3",
      "iops": 12000},
     {}, "175.94"),  # 730 x 0.178 + 400 x 0.115
    ("postgres, io1", "aws_db_instance",
     {"engine": "postgres", "instance_class": "db.m5.large", "allocated_storage": 100, "iops": 1000},
     {}, "242.44"),  # 730 x 0.178 + 100 x 0.125 + 1000 x 0.10
    ("mysql, Multi-AZ at its own rate", "aws_db_instance",
     {"engine": "mysql", "instance_class": "db.t4g.small", "allocated_storage": 30, "multi_az": True},
     {}, "54.35"),  # 730 x 0.065 + 30 x 0.23
    ("postgres, Multi-AZ as two instances", "aws_db_instance",
     {"engine": "postgres", "instance_class": "db.t3.medium", "allocated_storage": 50, "storage_type": "gp3",
      "multi_az": True},
     {}, "116.62"),  # 2 x 730 x 0.072 + 50 x 0.23
    ("postgres, stated backups and credits", "aws_db_instance",
     {"engine": "postgres", "instance_class": "db.t3.micro", "allocated_storage": 20, "backup_retention_period": 7},
     {"additional_backup_storage_gb": 100, "monthly_cpu_credit_hrs": 20}, "26.44"),  # + 9.50 + 1.50
    ("redis, one node", "aws_elasticache_cluster",
     {"engine": "redis", "node_type": "cache.t4g.small", "num_cache_nodes": 1}, {}, "23.36"),  # 730 x 0.032
    ("redis, primary and a replica", "aws_elasticache_replication_group",
     {"node_type": "cache.t4g.small", "num_cache_clusters": 2}, {}, "46.72"),
    ("redis, three shards of two nodes", "aws_elasticache_replication_group",
     {"node_type": "cache.t4g.small", "num_node_groups": 3, "replicas_per_node_group": 1}, {}, "140.16"),
    ("valkey is cheaper", "aws_elasticache_replication_group",
     {"engine": "valkey", "node_type": "cache.t4g.small", "num_cache_clusters": 2}, {}, "37.38"),  # 2 x 730 x 0.0256
    ("application load balancer", "aws_lb", {"load_balancer_type": "application"}, {}, "16.43"),
    ("load of a load balancer is that of its tightest dimension", "aws_lb", {"load_balancer_type": "application"},
     {"active_connections": 6000, "processed_bytes_gb": 73}, "28.11"),  # 16.425 + 2 LCU x 5.84
    ("network load balancer", "aws_lb", {"load_balancer_type": "network"}, {}, "16.43"),
    ("NAT gateway with 100 GB", "aws_nat_gateway", {}, {"monthly_data_processed_gb": 100}, "37.35"),
    ("idle address", "aws_eip", {}, {}, "3.65"),
    ("interface endpoint in three zones", "aws_vpc_endpoint",
     {"vpc_endpoint_type": "Interface", "subnet_ids": ["a", "b", "c"]}, {}, "21.90"),  # 3 x 730 x 0.01
    ("stated logs", "aws_cloudwatch_log_group", {},
     {"monthly_data_ingested_gb": 10, "storage_gb": 100, "monthly_data_scanned_gb": 100}, "8.50"),
    ("alarm", "aws_cloudwatch_metric_alarm", {"period": 60}, {}, "0.10"),
    ("alarm on ten seconds", "aws_cloudwatch_metric_alarm", {"period": 10}, {}, "0.30"),
    ("dashboard", "aws_cloudwatch_dashboard", {}, {}, "3.00"),
    ("secret with a replica beside it", "aws_secretsmanager_secret",
     {"replica": [{"region": "us-east-1"}]}, {"monthly_requests": 100_000}, "1.30"),
    ("key", "aws_kms_key", {}, {}, "1.00"),
    ("advanced parameter", "aws_ssm_parameter", {"tier": "Advanced"}, {}, "0.05"),
    ("web ACL with a rate rule and a managed group", "aws_wafv2_web_acl",
     {"scope": "REGIONAL", "rule": [
         {"statement": [{"rate_based_statement": [{"limit": 2000}]}]},
         {"statement": [{"managed_rule_group_statement": [{"name": "AWSManagedRulesCommonRuleSet"}]}]},
     ]},
     {"monthly_requests": 5_000_000}, "10.00"),  # 5 + 1 + 1 + 5 x 0.60
    ("instance with its root volume", "aws_instance",
     {"instance_type": "t3.medium", "root_block_device": [{"volume_size": 30, "volume_type": "gp3"}]},
     {}, "32.77"),  # 730 x 0.0416 + 30 x 0.08
    ("gp3 volume above what it includes", "aws_ebs_volume",
     {"type": "gp3", "size": 100, "iops": 4000, "throughput": 225}, {}, "17.00"),  # 8 + 1000 x .005 + 100 x .04
    ("hosted zone", "aws_route53_zone", {}, {}, "0.50"),
    ("e-mails from a topic", "aws_sns_topic_subscription", {"protocol": "email"},
     {"monthly_requests": 50_000}, "1.00"),
    ("topic above the free million", "aws_sns_topic", {}, {"monthly_requests": 3_000_000}, "1.00"),
    ("two-chunk requests to a topic", "aws_sns_topic", {},
     {"monthly_requests": 1_000_000, "request_size_kb": 65}, "0.50"),
    ("images", "aws_ecr_repository", {}, {"storage_gb": 12}, "1.20"),
    ("provisioned file system", "aws_efs_file_system", {"provisioned_throughput_in_mibps": 10},
     {"storage_gb": 100}, "90.00"),  # 100 x 0.30 + 10 x 6
    ("bucket", "aws_s3_bucket", {},
     {"standard": {"storage_gb": 1000, "monthly_tier_1_requests": 100_000}}, "23.50"),
    ("data beyond CloudFront's first tier", "aws_cloudfront_distribution", {},
     {"monthly_data_transfer_to_internet_gb": {"us": 20_480}}, "1689.60"),  # 10240 x 0.085 + 10240 x 0.080
    ("function of 512 MB, a million calls of 200 ms", "aws_lambda_function", {"memory_size": 512},
     {"monthly_requests": 1_000_000, "request_duration_ms": 200}, "1.87"),  # 0.20 + 100,000 x 0.0000166667
    ("function in a CloudFormation stack", "aws_cloudformation_stack",
     {"template_body": '{"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {"MemorySize": 512}}}}'},
     {"monthly_requests": 1_000_000, "request_duration_ms": 200}, "1.87"),
    ("workflow", "aws_sfn_state_machine", {}, {"monthly_transitions": 10_000}, "0.25"),
    ("table with provisioned capacity", "aws_dynamodb_table", {"write_capacity": 10, "read_capacity": 20},
     {"storage_gb": 10}, "9.14"),  # 10 x 0.4745 + 20 x 0.0949 + 2.50
    ("evaluations of the first tier", "aws_config_config_rule", {}, {"monthly_rule_evaluations": 50_000}, "50.00"),
    ("requests to an API", "aws_api_gateway_rest_api", {}, {"monthly_requests": 2_000_000}, "7.00"),
    ("a CDN's additional metrics", "aws_cloudfront_monitoring_subscription",
     {"monitoring_subscription": [{"realtime_metrics_subscription_config": [{}]}]}, {}, "2.40"),  # 8 x 0.30
    ("dedicated addresses for a certificate", "aws_cloudfront_distribution",
     {"viewer_certificate": [{"ssl_support_method": "vip"}]}, {}, "600.00"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "attributes", "usage", "dollars"),
    [case[1:] for case in HAND_CALCULATED],
    ids=[case[0] for case in HAND_CALCULATED],
)
def test_the_bill_is_what_a_person_calculates(
    type_: str, attributes: dict[str, Any], usage: dict[str, Any], dollars: str
) -> None:
    cost = cost_of(type_, usage, **attributes)
    assert (cost.status, cents(cost.monthly_cost)) == (Status.PRICED, Decimal(dollars)), cost


@pytest.mark.parametrize(
    ("type_", "attributes"),
    [
        ("aws_cloudwatch_log_group", {}),
        ("aws_s3_bucket", {}),
        ("aws_ecr_repository", {}),
        ("aws_sns_topic", {}),
        ("aws_sns_topic_subscription", {"protocol": "https"}),
        ("aws_efs_file_system", {}),
        ("aws_cloudfront_distribution", {}),
        ("aws_sqs_queue", {}),
        (
            "aws_cloudformation_stack",
            {"template_body": '{"Resources": {"F": {"Type": "AWS::Lambda::Function"}}}'},
        ),
        ("aws_rds_cluster", {"engine": "aurora-postgresql"}),
    ],
)
def test_what_is_charged_by_use_alone_has_no_amount_until_the_use_is_stated(
    type_: str, attributes: dict[str, Any]
) -> None:
    cost = cost_of(type_, **attributes)
    assert (cost.status, cost.monthly_cost, cost.fixed_monthly_cost) == (Status.USAGE_BASED, None, None)
    assert all(component.unit_price is not None for component in cost.components), "the rates are still shown"


@pytest.mark.parametrize(
    ("type_", "attributes"),
    [
        ("aws_iam_role", {}),
        ("aws_security_group", {}),
        ("aws_lb_target_group", {}),
        ("aws_ecs_task_definition", {"cpu": "256", "memory": "512"}),
        ("aws_vpc_endpoint", {"vpc_endpoint_type": "Gateway"}),
        ("aws_ssm_parameter", {"tier": "Standard"}),
        ("aws_acm_certificate", {"domain_name": "example.org"}),
        ("aws_sns_topic_subscription", {"protocol": "sqs"}),
        ("random_password", {"length": 32}),
        ("aws_backup_plan", {}),
        ("aws_api_gateway_stage", {"cache_cluster_enabled": False}),
        ("aws_cognito_user_pool_client", {}),
        (
            "aws_cloudformation_stack",
            {"template_body": '{"Resources": {"U": {"Type": "AWS::ElastiCache::User"}}}'},
        ),
    ],
)
def test_what_costs_nothing_by_itself_is_free(type_: str, attributes: dict[str, Any]) -> None:
    cost = cost_of(type_, **attributes)
    assert (cost.status, cost.monthly_cost, cost.fixed_monthly_cost) == (Status.FREE, 0, 0)


@pytest.mark.parametrize(
    ("why", "type_", "attributes"),
    [
        ("a type that nobody described", "aws_quantum_widget", {}),
        ("a provider that nobody described", "cloudflare_record", {}),
        ("a class without a price", "aws_db_instance",
         {"engine": "postgres", "instance_class": "db.x9.colossal", "allocated_storage": 20}),
        ("a size that only AWS will know", "aws_db_instance",
         {"engine": "postgres", "instance_class": "db.t3.micro"}),
        ("an instance type that only AWS will know", "aws_instance", {}),
        ("spot capacity", "aws_instance",
         {"instance_type": "t3.micro", "instance_market_options": [{"market_type": "spot"}]}),
        ("a host of its own", "aws_instance", {"instance_type": "t3.micro", "tenancy": "dedicated"}),
        ("a subscription beside a managed rule group", "aws_wafv2_web_acl",
         {"rule": [{"statement": [
             {"managed_rule_group_statement": [{"name": "AWSManagedRulesBotControlRuleSet"}]},
         ]}]}),
        ("a cache without a price", "aws_api_gateway_stage",
         {"cache_cluster_enabled": True, "cache_cluster_size": "1.6"}),
        ("a stack of something else", "aws_cloudformation_stack",
         {"template_body": '{"Resources": {"D": {"Type": "AWS::RDS::DBInstance"}}}'}),
        ("a stack whose template is not known yet", "aws_cloudformation_stack", {}),
        ("an alarm over whatever a query matches", "aws_cloudwatch_metric_alarm",
         {"metric_query": [{"expression": "SELECT MAX(CPUUtilization) FROM SCHEMA(\"AWS/EC2\")", "metric": []}]}),
    ],
)  # fmt: skip
def test_what_cannot_be_priced_is_unknown_and_never_nothing(why: str, type_: str, attributes: dict[str, Any]) -> None:
    cost = cost_of(type_, **attributes)
    assert (cost.status, cost.monthly_cost, cost.fixed_monthly_cost) == (Status.UNKNOWN, None, None), why
    assert cost.note


@pytest.mark.parametrize(
    ("type_", "use"),
    [
        ("aws_backup_vault", "storage_gb"),
        ("aws_cognito_user_pool", "monthly_active_users"),
        ("aws_s3_bucket_replication_configuration", "monthly_data_gb"),
        ("aws_scheduler_schedule", "monthly_invocations"),
    ],
)
def test_use_without_a_recorded_price_is_unknown_once_it_is_stated(type_: str, use: str) -> None:
    assert cost_of(type_).status is Status.USAGE_BASED
    assert cost_of(type_, {use: 100}).status is Status.UNKNOWN


def test_a_region_without_a_price_is_unknown_even_where_another_region_has_one() -> None:
    assert cost_of("aws_nat_gateway", region="us-east-1").status is Status.PRICED
    assert cost_of("aws_nat_gateway", region="ap-southeast-4").status is Status.UNKNOWN


def test_services_with_one_price_list_for_the_world_are_priced_everywhere() -> None:
    assert cents(cost_of("aws_route53_zone", region="ap-southeast-4").monthly_cost) == Decimal("0.50")


def test_attributes_of_an_unexpected_shape_leave_one_resource_unknown() -> None:
    plan = plan_of(
        planned("aws_db_instance.odd", engine="postgres", instance_class="db", allocated_storage=[20]),
        planned("aws_nat_gateway.fine"),
    )
    result = estimate(plan)
    assert result.unknown == ("aws_db_instance.odd",)
    assert cents(result.total_monthly_cost) == Decimal("32.85")


def test_use_beyond_the_tiers_whose_price_is_known_is_unknown() -> None:
    cost = cost_of("aws_config_config_rule", {"monthly_rule_evaluations": 100_001})
    assert (cost.status, cost.monthly_cost) == (Status.UNKNOWN, None)


def test_a_use_that_is_no_number_is_unknown() -> None:
    assert cost_of("aws_nat_gateway", {"monthly_data_processed_gb": "lots"}).status is Status.UNKNOWN


def test_an_address_on_a_nat_gateway_is_in_use_and_still_charged() -> None:
    plan = plan_of(
        planned("aws_eip.nat"),
        planned("aws_nat_gateway.nat"),
        configuration=[
            declared("aws_eip.nat"),
            declared("aws_nat_gateway.nat", allocation_id=["aws_eip.nat.id", "aws_eip.nat"]),
        ],
    )
    cost = estimate(plan).resources["aws_eip.nat"]
    assert cents(cost.monthly_cost) == Decimal("3.65")
    assert "in use" in cost.components[0].name


@pytest.mark.parametrize(
    ("pool", "status"), [("", Status.PRICED), ("amazon", Status.PRICED), ("ipv4pool-ec2-0a1b", Status.FREE)]
)
def test_only_an_address_of_ones_own_pool_is_free(pool: str, status: Status) -> None:
    assert cost_of("aws_eip", public_ipv4_pool=pool).status is status


def test_an_autoscaling_group_is_priced_at_its_desired_capacity_with_its_range() -> None:
    plan = plan_of(
        planned("aws_autoscaling_group.nodes", min_size=1, max_size=4, desired_capacity=2),
        planned(
            "aws_launch_template.nodes",
            instance_type="t3.medium",
            block_device_mappings=[{"ebs": [{"volume_size": 20, "volume_type": "gp3"}]}],
        ),
        configuration=[
            declared(
                "aws_autoscaling_group.nodes",
                launch_template=["aws_launch_template.nodes.id", "aws_launch_template.nodes"],
            ),
            declared("aws_launch_template.nodes"),
        ],
    )
    one = 730 * Decimal("0.0416") + 20 * Decimal("0.08")
    cost = estimate(plan).resources["aws_autoscaling_group.nodes"]
    assert (cost.monthly_cost, cost.low, cost.high) == (2 * one, one, 4 * one)


def test_an_autoscaling_group_with_a_spot_share_is_unknown() -> None:
    policy = {
        "instances_distribution": [{"on_demand_percentage_above_base_capacity": 20}],
        "launch_template": [{"override": [{"instance_type": "t3.large"}]}],
    }
    plan = plan_of(
        planned("aws_autoscaling_group.nodes", min_size=1, max_size=4, mixed_instances_policy=[policy]),
        planned("aws_launch_template.nodes", instance_type="t3.medium"),
        configuration=[
            declared("aws_autoscaling_group.nodes", mixed_instances_policy=["aws_launch_template.nodes.id"])
        ],
    )
    cost = estimate(plan).resources["aws_autoscaling_group.nodes"]
    assert (cost.status, "Spot" in cost.note) == (Status.UNKNOWN, True)


def test_a_read_replica_takes_engine_and_size_from_its_source() -> None:
    plan = plan_of(
        planned("aws_db_instance.main", engine="postgres", instance_class="db.t3.micro", allocated_storage=20),
        planned("aws_db_instance.replica", instance_class="db.t3.micro"),
        configuration=[
            declared("aws_db_instance.main"),
            declared("aws_db_instance.replica", replicate_source_db=["aws_db_instance.main.identifier"]),
        ],
    )
    resources = estimate(plan).resources
    assert resources["aws_db_instance.replica"].monthly_cost == resources["aws_db_instance.main"].monthly_cost
