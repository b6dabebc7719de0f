"""What the AWS provider asks for and moto lacks, asked for by boto3: one test per gap that sandbox/moto_ext fills."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, start_sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture(scope="module")
def subnets(sandbox: SandboxProcess) -> list[str]:
    found = sandbox.client("ec2").describe_subnets()["Subnets"]
    return [subnet["SubnetId"] for subnet in found[:2]]


def test_scalable_targets_have_tags(sandbox: SandboxProcess) -> None:
    scaling = sandbox.client("application-autoscaling")
    sandbox.client("ecs").create_cluster(clusterName="scaled")
    arn = scaling.register_scalable_target(
        ServiceNamespace="dynamodb", ResourceId="table/t", ScalableDimension="dynamodb:table:ReadCapacityUnits",
        MinCapacity=1, MaxCapacity=4, Tags={"a": "1"},
    )["ScalableTargetARN"]  # fmt: skip
    scaling.tag_resource(ResourceARN=arn, Tags={"b": "2"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2"}


def test_a_mixed_group_launches_all_its_instances_and_keeps_its_policy(
    sandbox: SandboxProcess, subnets: list[str]
) -> None:
    ec2, scaling = sandbox.client("ec2"), sandbox.client("autoscaling")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    template = ec2.create_launch_template(
        LaunchTemplateName="mixed", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )["LaunchTemplate"]["LaunchTemplateId"]  # fmt: skip
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "$Latest"},
            "Overrides": [{"InstanceType": "t3.micro"}],
        },
        "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 30},
    }
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="mixed", MinSize=1, MaxSize=3, DesiredCapacity=2,
        VPCZoneIdentifier=subnets[0], MixedInstancesPolicy=policy,
    )  # fmt: skip
    scaling.update_auto_scaling_group(AutoScalingGroupName="mixed", MaxSize=4)
    group = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["mixed"])["AutoScalingGroups"][0]
    assert len(group["Instances"]) == 2
    assert group["MixedInstancesPolicy"]["InstancesDistribution"]["OnDemandBaseCapacity"] == 1
    refresh = scaling.start_instance_refresh(AutoScalingGroupName="mixed")["InstanceRefreshId"]
    refreshes = scaling.describe_instance_refreshes(AutoScalingGroupName="mixed")["InstanceRefreshes"]
    assert [(each["InstanceRefreshId"], each["Status"]) for each in refreshes] == [(refresh, "Successful")]


def test_instances_that_lose_their_protection_leave_a_group_that_has_too_many(
    sandbox: SandboxProcess, subnets: list[str]
) -> None:
    """What the provider does before it deletes a group whose instances are protected."""
    ec2, scaling = sandbox.client("ec2"), sandbox.client("autoscaling")
    template = ec2.create_launch_template(
        LaunchTemplateName="protected",
        LaunchTemplateData={"ImageId": ec2.describe_images()["Images"][0]["ImageId"], "InstanceType": "t3.micro"},
    )["LaunchTemplate"]["LaunchTemplateId"]
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="protected", MinSize=0, MaxSize=2, DesiredCapacity=2, VPCZoneIdentifier=subnets[0],
        LaunchTemplate={"LaunchTemplateId": template}, NewInstancesProtectedFromScaleIn=True,
    )  # fmt: skip

    def instances() -> list[str]:
        group = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["protected"])["AutoScalingGroups"][0]
        return [each["InstanceId"] for each in group["Instances"]]

    scaling.update_auto_scaling_group(AutoScalingGroupName="protected", DesiredCapacity=0)
    assert len(instances()) == 2
    scaling.set_instance_protection(
        AutoScalingGroupName="protected", InstanceIds=instances(), ProtectedFromScaleIn=False
    )
    assert instances() == []


def test_a_budget_can_be_changed_and_names_its_subscribers(sandbox: SandboxProcess) -> None:
    budgets, account = sandbox.client("budgets"), "123456789012"
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    subscriber = {"SubscriptionType": "EMAIL", "Address": "ops@example.org"}

    def budget(amount: str) -> dict[str, Any]:
        limit = {"Amount": amount, "Unit": "USD"}
        return {"BudgetName": "month", "BudgetLimit": limit, "TimeUnit": "MONTHLY", "BudgetType": "COST"}

    budgets.create_budget(
        AccountId=account, Budget=budget("100"), ResourceTags=[{"Key": "a", "Value": "1"}],
        NotificationsWithSubscribers=[{"Notification": notification, "Subscribers": [subscriber]}],
    )  # fmt: skip
    budgets.update_budget(AccountId=account, NewBudget=budget("200"))
    held = budgets.describe_budget(AccountId=account, BudgetName="month")["Budget"]
    assert float(held["BudgetLimit"]["Amount"]) == 200
    found = budgets.describe_subscribers_for_notification(
        AccountId=account, BudgetName="month", Notification=notification
    )  # fmt: skip
    assert found["Subscribers"] == [subscriber]
    arn = f"arn:aws:budgets::{account}:budget/month"
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "a", "Value": "1"}]


def test_a_distribution_keeps_its_origin_access_control(sandbox: SandboxProcess) -> None:
    cloudfront = sandbox.client("cloudfront")
    origin = {
        "Id": "s3",
        "DomainName": "b.s3.amazonaws.com",
        "OriginAccessControlId": "E123",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    behaviour = {"TargetOriginId": "s3", "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": "p"}
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/x"
    configuration = {
        "CallerReference": "1",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behaviour,
        "ViewerCertificate": {"ACMCertificateArn": certificate, "SSLSupportMethod": "sni-only"},
    }
    distribution = cloudfront.create_distribution(DistributionConfig=configuration)["Distribution"]
    created = distribution["DistributionConfig"]
    assert created["Origins"]["Items"][0]["OriginAccessControlId"] == "E123"
    assert created["ViewerCertificate"]["CloudFrontDefaultCertificate"] is False


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_security_group_rule_that_is_gone_is_said_to_be_as_by_aws(sandbox: SandboxProcess, direction: str) -> None:
    ec2 = sandbox.client("ec2")
    group = ec2.create_security_group(GroupName=f"gone-{direction}", Description="a test")["GroupId"]
    made = getattr(ec2, f"authorize_security_group_{direction}")(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    revoke = getattr(ec2, f"revoke_security_group_{direction}")
    revoke(GroupId=group, SecurityGroupRuleIds=[made])
    with pytest.raises(ClientError, match=r"InvalidSecurityGroupRuleId\.NotFound"):
        revoke(GroupId=group, SecurityGroupRuleIds=[made])


def test_a_user_pool_keeps_its_tags_when_updated(sandbox: SandboxProcess) -> None:
    cognito = sandbox.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="users", UserPoolTags={"a": "1"})["UserPool"]["Id"]
    cognito.update_user_pool(UserPoolId=pool, MfaConfiguration="OFF")
    assert cognito.describe_user_pool(UserPoolId=pool)["UserPool"]["UserPoolTags"] == {"a": "1"}


def test_composite_alarms_exist(sandbox: SandboxProcess) -> None:
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.put_composite_alarm(AlarmName="either", AlarmRule='ALARM("a") OR ALARM("b")', ActionsEnabled=True)
    found = cloudwatch.describe_alarms(AlarmNames=["either"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [alarm["AlarmRule"] for alarm in found] == ['ALARM("a") OR ALARM("b")']


def test_a_launch_template_does_not_hold_its_own_tags(sandbox: SandboxProcess) -> None:
    ec2 = sandbox.client("ec2")
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "1"}]}]
    template = ec2.create_launch_template(
        LaunchTemplateName="tagged", TagSpecifications=tags, LaunchTemplateData={"InstanceType": "t3.micro"}
    )["LaunchTemplate"]  # fmt: skip
    assert template["Tags"] == [{"Key": "a", "Value": "1"}]
    data = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
    assert "TagSpecifications" not in data["LaunchTemplateVersions"][0]["LaunchTemplateData"]


def test_a_rule_between_security_groups_keeps_its_description(sandbox: SandboxProcess) -> None:
    ec2 = sandbox.client("ec2")
    web, database = (
        ec2.create_security_group(GroupName=name, Description=name)["GroupId"] for name in ("mend-web", "mend-db")
    )
    pair = {"GroupId": web, "Description": "from the web tier"}
    permission = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [pair]}
    rule = ec2.authorize_security_group_ingress(GroupId=database, IpPermissions=[permission])["SecurityGroupRules"][0]
    read = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])["SecurityGroupRules"]
    assert [each["Description"] for each in read] == ["from the web tier"]


def test_a_file_system_has_a_backup_policy(sandbox: SandboxProcess) -> None:
    efs = sandbox.client("efs")
    file_system = efs.create_file_system(CreationToken="t")["FileSystemId"]
    efs.put_backup_policy(FileSystemId=file_system, BackupPolicy={"Status": "ENABLED"})
    assert efs.describe_backup_policy(FileSystemId=file_system)["BackupPolicy"] == {"Status": "ENABLED"}


def test_a_replication_group_has_members_that_go_with_it(sandbox: SandboxProcess, subnets: list[str]) -> None:
    cache = sandbox.client("elasticache")
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="redis", CacheSubnetGroupDescription="d", SubnetIds=subnets
    )  # fmt: skip
    cache.create_replication_group(
        ReplicationGroupId="redis", ReplicationGroupDescription="d", Engine="redis", EngineVersion="7.1",
        CacheNodeType="cache.t3.micro", NumCacheClusters=2, CacheSubnetGroupName="redis",
        SecurityGroupIds=["sg-1"], TransitEncryptionEnabled=True,
    )  # fmt: skip
    group = cache.describe_replication_groups(ReplicationGroupId="redis")["ReplicationGroups"][0]
    assert len(group["MemberClusters"]) == 2
    member = cache.describe_cache_clusters(CacheClusterId=group["MemberClusters"][0], ShowCacheNodeInfo=True)
    assert member["CacheClusters"][0]["SecurityGroups"] == [{"SecurityGroupId": "sg-1", "Status": "active"}]
    cache.modify_replication_group(ReplicationGroupId="redis", CacheNodeType="cache.t3.small", ApplyImmediately=True)
    group = cache.describe_replication_groups(ReplicationGroupId="redis")["ReplicationGroups"][0]
    assert group["CacheNodeType"] == "cache.t3.small"
    cache.delete_replication_group(ReplicationGroupId="redis")
    with pytest.raises(ClientError, match="ReplicationGroupNotFound"):
        cache.describe_replication_groups(ReplicationGroupId="redis")
    assert cache.describe_cache_clusters()["CacheClusters"] == []
    cache.delete_cache_subnet_group(CacheSubnetGroupName="redis")


def test_a_group_with_shards_is_reached_by_its_configuration_endpoint(sandbox: SandboxProcess) -> None:
    cache = sandbox.client("elasticache")
    cache.create_cache_parameter_group(
        CacheParameterGroupName="clustered", CacheParameterGroupFamily="redis7", Description="d"
    )  # fmt: skip
    cache.modify_cache_parameter_group(
        CacheParameterGroupName="clustered",
        ParameterNameValues=[{"ParameterName": "cluster-enabled", "ParameterValue": "yes"}],
    )
    cache.create_replication_group(
        ReplicationGroupId="sharded", ReplicationGroupDescription="d", Engine="redis", CacheNodeType="cache.t3.micro",
        CacheParameterGroupName="clustered", NumNodeGroups=2, ReplicasPerNodeGroup=1,
    )  # fmt: skip
    group = cache.describe_replication_groups(ReplicationGroupId="sharded")["ReplicationGroups"][0]
    assert group["ClusterEnabled"] is True
    assert group["ConfigurationEndpoint"]["Port"] == 6379
    assert group["ConfigurationEndpoint"]["Address"].startswith("clustercfg.sharded.")
    assert len(group["MemberClusters"]) == 4
    cache.delete_replication_group(ReplicationGroupId="sharded")


def test_cache_parameter_groups_exist(sandbox: SandboxProcess) -> None:
    cache = sandbox.client("elasticache")
    cache.create_cache_parameter_group(
        CacheParameterGroupName="mine", CacheParameterGroupFamily="redis7", Description="d"
    )  # fmt: skip
    cache.modify_cache_parameter_group(
        CacheParameterGroupName="mine",
        ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}],
    )
    parameters = cache.describe_cache_parameters(CacheParameterGroupName="mine")["Parameters"]
    assert [(each["ParameterName"], each["ParameterValue"]) for each in parameters] == [
        ("maxmemory-policy", "allkeys-lru")
    ]
    cache.delete_cache_parameter_group(CacheParameterGroupName="mine")
    with pytest.raises(ClientError, match="CacheParameterGroupNotFound"):
        cache.describe_cache_parameter_groups(CacheParameterGroupName="mine")


def test_query_definitions_exist(sandbox: SandboxProcess) -> None:
    logs = sandbox.client("logs")
    made = logs.put_query_definition(name="errors", queryString="fields @message")["queryDefinitionId"]
    found = logs.describe_query_definitions(queryDefinitionNamePrefix="err")["queryDefinitions"]
    assert [each["queryDefinitionId"] for each in found] == [made]
    assert logs.delete_query_definition(queryDefinitionId=made)["success"] is True


def test_database_instances_have_identities_and_windows_may_touch(sandbox: SandboxProcess) -> None:
    rds = sandbox.client("rds")
    for name in ("one", "two"):
        rds.create_db_instance(
            DBInstanceIdentifier=name, DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20,
            MasterUsername="app", MasterUserPassword="a-long-password", EnablePerformanceInsights=True,
            PreferredBackupWindow="02:00-03:00", PreferredMaintenanceWindow="sun:03:00-sun:04:00",
        )  # fmt: skip
    replica = rds.create_db_instance_read_replica(DBInstanceIdentifier="copy", SourceDBInstanceIdentifier="one")
    assert replica["DBInstance"]["PerformanceInsightsEnabled"] is False
    instances = rds.describe_db_instances()["DBInstances"]
    assert len({instance["DbiResourceId"] for instance in instances}) == 3
    assert {instance["DBInstanceStatus"] for instance in instances} == {"available"}


def test_database_parameters_say_where_they_come_from(sandbox: SandboxProcess) -> None:
    rds = sandbox.client("rds")
    rds.create_db_parameter_group(DBParameterGroupName="pg", DBParameterGroupFamily="postgres16", Description="d")
    parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="pg", Parameters=[parameter])
    read = rds.describe_db_parameters(DBParameterGroupName="pg")["Parameters"]
    assert [(each["ParameterName"], each["Source"]) for each in read] == [("rds.force_ssl", "user")]
    rds.reset_db_parameter_group(DBParameterGroupName="pg", ResetAllParameters=True)
    assert rds.describe_db_parameters(DBParameterGroupName="pg")["Parameters"] == []


def test_a_policy_that_demands_tls_does_not_lock_everybody_out(sandbox: SandboxProcess) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="private")
    statement = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::private/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    s3.put_bucket_policy(Bucket="private", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    s3.put_object(Bucket="private", Key="k", Body=b"v")
    assert s3.get_object(Bucket="private", Key="k")["Body"].read() == b"v"


def test_sampling_rules_and_groups_exist(sandbox: SandboxProcess) -> None:
    xray = sandbox.client("xray")
    rule = {
        "RuleName": "tenth", "ResourceARN": "*", "Priority": 10, "FixedRate": 0.1, "ReservoirSize": 1,
        "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1,
    }  # fmt: skip
    made = xray.create_sampling_rule(SamplingRule=rule, Tags=[{"Key": "a", "Value": "1"}])["SamplingRuleRecord"]
    xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "tenth", "FixedRate": 0.2})
    records = xray.get_sampling_rules()["SamplingRuleRecords"]
    assert [record["SamplingRule"]["FixedRate"] for record in records] == [0.2]
    arn = made["SamplingRule"]["RuleARN"]
    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    xray.create_group(GroupName="slow", FilterExpression="duration > 2")
    assert [group["GroupName"] for group in xray.get_groups()["Groups"]] == ["slow"]
    xray.delete_sampling_rule(RuleName="tenth")
    assert xray.get_sampling_rules()["SamplingRuleRecords"] == []


def test_a_matcher_that_no_check_could_read_is_refused(sandbox: SandboxProcess) -> None:
    elbv2, vpc = sandbox.client("elbv2"), sandbox.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    given = {"Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip"}
    for matcher in ("2xx", "200-2", "500", "200,"):
        with pytest.raises(ClientError, match="must be codes or ranges of codes from 200 to 499"):
            elbv2.create_target_group(Name="read", Matcher={"HttpCode": matcher}, **given)
    arn = elbv2.create_target_group(Name="read", Matcher={"HttpCode": "200,301-302"}, **given)["TargetGroups"][0][
        "TargetGroupArn"
    ]
    with pytest.raises(ClientError, match="such as 200"):
        elbv2.modify_target_group(TargetGroupArn=arn, Matcher={"HttpCode": "2xx"})
    changed = elbv2.modify_target_group(TargetGroupArn=arn, Matcher={"HttpCode": "200-299"})["TargetGroups"][0]
    assert changed["Matcher"] == {"HttpCode": "200-299"}


def test_a_rule_that_no_listener_could_decide_is_refused(sandbox: SandboxProcess, subnets: list[str]) -> None:
    elbv2 = sandbox.client("elbv2")
    balancer = elbv2.create_load_balancer(Name="rules", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    listener = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action])[
        "Listeners"
    ][0]["ListenerArn"]
    for condition, words in (
        ({"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/a"]}}, "does not match RegexValues"),
        ({"Field": "path-pattern", "RegexValues": ["^/a"]}, "use Values"),
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["here"]}}, "'here' is not a CIDR block"),
    ):
        with pytest.raises(ClientError, match=words):
            elbv2.create_rule(ListenerArn=listener, Priority=1, Conditions=[condition], Actions=[action])
    fine = {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}
    rule = elbv2.create_rule(ListenerArn=listener, Priority=1, Conditions=[fine], Actions=[action])["Rules"][0]
    with pytest.raises(ClientError, match="does not match RegexValues"):
        elbv2.modify_rule(RuleArn=rule["RuleArn"], Conditions=[{"Field": "host-header", "RegexValues": ["a"]}])
