"""The local AWS: moto's server as a real HTTP AWS, plus what moto lacks.

`python -m sandbox --port 5000 --data DIR` serves any client (boto3, Terraform, the aws command line) on
loopback. The product never imports this package; it meets it over HTTP only.
"""

ACCOUNT_ID = "123456789012"
DEFAULT_REGION = "us-east-1"
