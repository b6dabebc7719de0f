mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  bucket         = "shop-logs"
  retention_days = 30
}

run "logs_end_and_nobody_else_reads_them" {
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].expiration[0].days == 30
    error_message = "Logs are deleted when their time is over."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "No public access of any kind."
  }

  assert {
    condition     = toset([for statement in data.aws_iam_policy_document.this.statement : statement.sid]) == toset(["LoadBalancersWrite", "LogDeliveryWrites", "DenyWithoutTls"])
    error_message = "Load balancers write; nobody comes without TLS."
  }
}
