# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name = "shop-staging-uploads"
}

run "private_encrypted_and_by_tls_only" {
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Public access must be blocked in all four ways."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "S3's own key encrypts."
  }

  assert {
    condition     = data.aws_iam_policy_document.this.statement[0].sid == "DenyWithoutTls" && data.aws_iam_policy_document.this.statement[0].effect == "Deny"
    error_message = "Nobody comes without TLS."
  }

  assert {
    condition     = length(aws_s3_bucket_versioning.this) == 1 && length(aws_s3_bucket_lifecycle_configuration.this.rule[0].expiration) == 0
    error_message = "What is replaced is kept, for as long as nothing else is said."
  }
}

run "objects_grow_old" {
  command = plan

  variables {
    versioning = false
    ages       = { infrequent_access_days = 30, glacier_days = 90, expire_days = 365 }
  }

  assert {
    condition     = [for move in aws_s3_bucket_lifecycle_configuration.this.rule[0].transition : "${move.days} ${move.storage_class}"] == ["30 STANDARD_IA", "90 GLACIER"]
    error_message = "Objects move to cheaper storage."
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.this.rule[0].expiration).days == 365 && length(aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration) == 0
    error_message = "Objects go when their time is over."
  }

  assert {
    condition     = length(aws_s3_bucket_versioning.this) == 0
    error_message = "Only what is to be kept is versioned."
  }
}

run "with_a_key_of_its_own" {
  variables {
    kms_key  = { arn = "arn:aws:kms:us-east-1:123456789012:key/1" }
    policies = ["{\"Version\": \"2012-10-17\", \"Statement\": []}"]
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == "arn:aws:kms:us-east-1:123456789012:key/1"
    error_message = "The key that is named encrypts."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.this.source_policy_documents) == 1
    error_message = "Who may do what is kept beside the demand of TLS."
  }
}

run "a_name_that_s3_does_not_take_is_refused" {
  command = plan

  variables {
    name = "Shop_Uploads"
  }

  expect_failures = [var.name]
}
