# What the module promises, without AWS: both providers are mocks.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-staging-bucket-replication" }
  }
}

mock_provider "aws" {
  alias = "replica"

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::shop-staging-uploads-replica" }
  }
}

variables {
  name = "shop-staging"
  buckets = {
    uploads = { name = "shop-staging-uploads" }
    temp    = { name = "shop-staging-temp", versioning = false, lifecycle = { expire_days = 7 } }
  }
}

run "buckets_are_private_encrypted_and_demand_tls" {
  command = plan

  assert {
    condition     = alltrue([for block in aws_s3_bucket_public_access_block.this : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "Public access must be blocked in all four ways."
  }

  assert {
    condition     = toset(keys(aws_s3_bucket_server_side_encryption_configuration.this)) == toset(["uploads", "temp"]) && toset(keys(aws_s3_bucket_policy.this)) == toset(["uploads", "temp"])
    error_message = "Every bucket must be encrypted and have the policy that demands TLS."
  }

  assert {
    condition     = keys(aws_s3_bucket_versioning.this) == ["uploads"]
    error_message = "Only what is to be kept is versioned."
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.this["temp"].rule[0].expiration).days == 7
    error_message = "Temporary objects must go after 7 days."
  }
}

run "without_copies_nothing_is_in_the_second_region" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket.replica) == 0 && length(aws_iam_role.replication) == 0
    error_message = "Copies were not asked for."
  }
}

run "a_copied_bucket_is_guarded_like_its_source" {
  command = apply

  variables {
    buckets = { uploads = { name = "shop-staging-uploads", replicated = true } }
  }

  assert {
    condition     = aws_s3_bucket.replica["uploads"].bucket == "shop-staging-uploads-replica"
    error_message = "The copy has the name of its source, with -replica."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.replica["uploads"].restrict_public_buckets && one(aws_s3_bucket_versioning.replica["uploads"].versioning_configuration).status == "Enabled"
    error_message = "The copy must be private and versioned."
  }

  assert {
    condition     = aws_s3_bucket_replication_configuration.this["uploads"].rule[0].destination[0].bucket == "arn:aws:s3:::shop-staging-uploads-replica"
    error_message = "Objects must be copied to the second region's bucket."
  }
}

run "long_names_stay_within_the_limit_of_bucket_names" {
  command = plan

  variables {
    buckets = { uploads = { name = "a-system-with-quite-a-long-name-production-uploads-123456789012", replicated = true } }
  }

  assert {
    condition     = length(aws_s3_bucket.replica["uploads"].bucket) <= 63
    error_message = "Bucket names have 63 characters at most."
  }
}

run "a_copy_needs_versions" {
  command = plan

  variables {
    buckets = { uploads = { name = "shop-staging-uploads", versioning = false, replicated = true } }
  }

  expect_failures = [var.buckets]
}
