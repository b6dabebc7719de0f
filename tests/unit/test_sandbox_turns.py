"""An answer never overtakes a client of AWS's SDK for Go that still looks at what it sends."""

import pytest

from sandbox.requests import AwsRequest
from sandbox.turns import OVERTAKING_SECONDS, overtaking_seconds

GO = {"HTTP_USER_AGENT": "APN/1.0 Terraform/1.11.4 terraform-provider-aws/5.100.0 aws-sdk-go-v2/1.36.3 lang/go#1.23.10"}
BOTO = {"HTTP_USER_AGENT": "Boto3/1.40.0 md/Botocore#1.40.0"}


def call(action: str) -> AwsRequest:
    return AwsRequest("ec2", action, None, {}, b"", None)


@pytest.mark.parametrize(
    ("action", "environ", "took", "waits"),
    [
        ("CreateRoute", GO, 0.0, OVERTAKING_SECONDS),
        ("CreateRoute", GO, 0.02, OVERTAKING_SECONDS - 0.02),
        ("CreateRoute", GO, 1.0, 0.0),
        ("DescribeRouteTables", GO, 0.0, 0.0),  # asked twice, it does no harm
        ("CreateRoute", BOTO, 0.0, 0.0),
        ("CreateRoute", {}, 0.0, 0.0),
    ],
)
def test_how_long_an_answer_waits(action: str, environ: dict[str, str], took: float, waits: float) -> None:
    assert overtaking_seconds(call(action), environ, took) == pytest.approx(waits)
