# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/1" }
  }
}

variables {
  name        = "shop-production"
  bucket_name = "shop-production-audit-trail-123456789012"
}

run "all_regions_signed_and_encrypted" {
  command = apply

  assert {
    condition     = aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.include_global_service_events
    error_message = "The trail must record every region."
  }

  assert {
    condition     = aws_cloudtrail.this.enable_log_file_validation
    error_message = "Files must be signed."
  }

  assert {
    condition     = aws_cloudtrail.this.kms_key_id == aws_kms_key.this.arn && aws_kms_key.this.enable_key_rotation
    error_message = "Files must be encrypted with the trail's key."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.this.restrict_public_buckets && one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Enabled"
    error_message = "The bucket must be private, and keep what is replaced."
  }
}

run "seven_years_most_of_them_in_glacier" {
  command = plan

  variables {
    retention_days = 2557
    glacier_days   = 90
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.this.rule[0].expiration).days == 2557
    error_message = "Events must be kept for seven years."
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.this.rule[0].transition).days == 90
    error_message = "Events must move to Glacier after 90 days."
  }
}

run "what_is_deleted_sooner_never_moves" {
  command = plan

  variables {
    retention_days = 30
    glacier_days   = 90
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this.rule[0].transition) == 0
    error_message = "S3 refuses to move what is gone by then."
  }
}
