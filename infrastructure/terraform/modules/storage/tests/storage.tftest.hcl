# What the module promises, without AWS: both providers are mocks.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-staging-bucket-replication" }
  }
}

mock_provider "aws" {
  alias = "replica"

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

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

run "buckets_have_their_names" {
  command = plan

  assert {
    condition     = toset(keys(output.buckets)) == toset(["uploads", "temp"]) && length(data.aws_iam_policy_document.distribution) == 0
    error_message = "Each bucket is made, and no distribution reads where none is named."
  }
}

run "a_distribution_reads_its_bucket" {
  command = plan

  variables {
    served_by = { uploads = "arn:aws:cloudfront::123456789012:distribution/E1" }
  }

  assert {
    condition     = data.aws_iam_policy_document.distribution["uploads"].statement[0].resources == toset(["arn:aws:s3:::shop-staging-uploads/*"])
    error_message = "It reads that bucket and no other."
  }

  assert {
    condition     = output.origins["uploads"] == "shop-staging-uploads.s3.eu-west-1.amazonaws.com"
    error_message = "CloudFront reaches it in its region."
  }
}

run "browsers_read_from_the_named_sites" {
  command = plan

  variables {
    buckets = { uploads = { name = "shop-staging-uploads", cors_origins = ["shop.example.com"] } }
  }

  assert {
    condition     = one(aws_s3_bucket_cors_configuration.this["uploads"].cors_rule).allowed_methods == toset(["GET", "HEAD"])
    error_message = "Without credentials of their own, users write nothing."
  }
}

run "users_with_credentials_write_from_the_named_sites" {
  command = plan

  variables {
    buckets = {
      uploads = { name = "shop-staging-uploads", cors_origins = ["shop.example.com"], browsers_write = true }
      temp    = { name = "shop-staging-temp", browsers_write = true }
    }
  }

  assert {
    condition     = keys(aws_s3_bucket_cors_configuration.this) == ["uploads"] && one(aws_s3_bucket_cors_configuration.this["uploads"].cors_rule).allowed_origins == toset(["https://shop.example.com"])
    error_message = "Where no site is named, there is none; where one is, it is that one, by TLS."
  }

  assert {
    condition     = one(aws_s3_bucket_cors_configuration.this["uploads"].cors_rule).allowed_methods == toset(["GET", "HEAD", "PUT", "POST", "DELETE"])
    error_message = "What their credentials allow, a page may ask for."
  }

  assert {
    condition     = one(aws_s3_bucket_cors_configuration.this["uploads"].cors_rule).allowed_headers == toset(["*"]) && one(aws_s3_bucket_cors_configuration.this["uploads"].cors_rule).expose_headers == toset(["ETag"])
    error_message = "Signed requests bring headers, and parts of a large file are known by their ETags."
  }
}

run "without_copies_nothing_is_in_the_second_region" {
  command = plan

  assert {
    condition     = length(module.replica) == 0 && length(aws_iam_role.replication) == 0
    error_message = "Copies were not asked for."
  }
}

run "a_copied_bucket_is_guarded_like_its_source" {
  command = apply

  variables {
    buckets = { uploads = { name = "shop-staging-uploads", replicated = true } }
  }

  assert {
    condition     = module.replica["uploads"].arn == "arn:aws:s3:::shop-staging-uploads-replica"
    error_message = "The copy lies in the second region."
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
    condition     = length(local.replica_names["uploads"]) <= 63
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
