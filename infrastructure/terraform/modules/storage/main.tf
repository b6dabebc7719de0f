locals {
  with_cors = { for key, bucket in var.buckets : key => bucket.cors_origins if length(bucket.cors_origins) > 0 }
}

data "aws_partition" "this" {}

data "aws_region" "this" {}

module "bucket" {
  source   = "../private_bucket"
  for_each = var.buckets

  name          = each.value.name
  force_destroy = each.value.force_destroy
  versioning    = each.value.versioning
  policies      = contains(keys(var.served_by), each.key) ? [data.aws_iam_policy_document.distribution[each.key].json] : []
  ages          = each.value.lifecycle
}

data "aws_iam_policy_document" "distribution" {
  for_each = var.served_by

  statement {
    sid       = "DistributionReads"
    actions   = ["s3:GetObject"]
    resources = ["arn:${data.aws_partition.this.partition}:s3:::${var.buckets[each.key].name}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [each.value]
    }
  }
}

resource "aws_s3_bucket_cors_configuration" "this" {
  for_each = local.with_cors

  bucket = module.bucket[each.key].name

  cors_rule {
    allowed_methods = ["GET", "HEAD"]
    allowed_origins = [for origin in each.value : "https://${origin}"]
    max_age_seconds = 3600
  }
}
