"""What a CDN needs and moto lacks: policies, the additional metrics, the description of a rule for its addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_fixture import SandboxProcess, start_sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


def cache_policy(seconds: int) -> dict[str, Any]:
    return {"Name": "services", "Comment": "as they say", "MinTTL": 0, "DefaultTTL": seconds}


def test_cache_policies_are_made_changed_and_deleted(sandbox: SandboxProcess) -> None:
    cloudfront = sandbox.client("cloudfront")
    made = cloudfront.create_cache_policy(CachePolicyConfig=cache_policy(0))
    id_ = made["CachePolicy"]["Id"]
    with pytest.raises(ClientError, match="CachePolicyAlreadyExists"):
        cloudfront.create_cache_policy(CachePolicyConfig=cache_policy(1))

    cloudfront.update_cache_policy(Id=id_, IfMatch=made["ETag"], CachePolicyConfig=cache_policy(60))
    found = cloudfront.get_cache_policy(Id=id_)
    assert found["CachePolicy"]["CachePolicyConfig"] == cache_policy(60)
    assert cloudfront.get_cache_policy_config(Id=id_)["CachePolicyConfig"]["DefaultTTL"] == 60

    cloudfront.delete_cache_policy(Id=id_, IfMatch=found["ETag"])
    with pytest.raises(ClientError, match="NoSuchCachePolicy"):
        cloudfront.get_cache_policy(Id=id_)


def test_response_headers_policies_keep_what_they_are_told(sandbox: SandboxProcess) -> None:
    cloudfront = sandbox.client("cloudfront")
    headers = {"ContentTypeOptions": {"Override": False}}
    config: Any = {"Name": "security", "SecurityHeadersConfig": headers}
    id_ = cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig=config)["ResponseHeadersPolicy"]["Id"]

    found = cloudfront.get_response_headers_policy(Id=id_)["ResponseHeadersPolicy"]
    assert found["ResponseHeadersPolicyConfig"] == config


def test_the_additional_metrics_are_of_a_distribution_that_exists(sandbox: SandboxProcess) -> None:
    with pytest.raises(ClientError, match="NoSuchDistribution"):
        sandbox.client("cloudfront").get_monitoring_subscription(DistributionId="E0")


def test_cloudfronts_own_certificate_has_no_arn(sandbox: SandboxProcess) -> None:
    origin: Any = {"Id": "s3", "DomainName": "b.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    configuration: Any = {
        "CallerReference": "own certificate",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {"TargetOriginId": "s3", "ViewerProtocolPolicy": "https-only", "CachePolicyId": "p"},
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
    }
    made = sandbox.client("cloudfront").create_distribution(DistributionConfig=configuration)["Distribution"]

    certificate = made["DistributionConfig"]["ViewerCertificate"]
    assert certificate["CloudFrontDefaultCertificate"]
    assert "ACMCertificateArn" not in certificate


def test_a_rule_for_a_prefix_list_keeps_its_description(sandbox: SandboxProcess) -> None:
    ec2 = sandbox.client("ec2")
    filters = [{"Name": "prefix-list-name", "Values": ["com.amazonaws.global.cloudfront.origin-facing"]}]
    [addresses] = ec2.describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
    group = ec2.create_security_group(GroupName="balancer", Description="x")["GroupId"]
    permission: Any = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "PrefixListIds": [{"PrefixListId": addresses["PrefixListId"], "Description": "CloudFront"}],
    }
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])

    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    assert [rule["Description"] for rule in rules if not rule["IsEgress"]] == ["CloudFront"]
