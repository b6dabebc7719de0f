# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/1" }
  }
}

variables {
  name  = "shop-staging"
  names = { web = "/slipway/shop/staging/web" }
}

run "logs_are_kept_for_a_while" {
  command = plan

  variables {
    retention_days = 90
  }

  assert {
    condition     = aws_cloudwatch_log_group.this["web"].retention_in_days == 90 && length(aws_kms_key.this) == 0
    error_message = "Logs are kept for 90 days, without a key of their own."
  }
}

run "encrypted_logs_share_one_key_that_rotates" {
  command = apply

  variables {
    encrypted = true
  }

  assert {
    condition     = aws_cloudwatch_log_group.this["web"].kms_key_id == output.kms_key_arn && aws_kms_key.this[0].enable_key_rotation
    error_message = "The groups must be encrypted with the module's key."
  }
}
