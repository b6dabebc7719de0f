locals {
  with_cors = { for key, bucket in var.buckets : key => bucket if length(bucket.cors_origins) > 0 }
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

# Where browsers write, a page signs its requests and sends headers of its own, and puts a large file together by the
# ETags of its parts.
resource "aws_s3_bucket_cors_configuration" "this" {
  for_each = local.with_cors

  bucket = module.bucket[each.key].name

  cors_rule {
    allowed_methods = each.value.browsers_write ? ["GET", "HEAD", "PUT", "POST", "DELETE"] : ["GET", "HEAD"]
    allowed_origins = [for origin in each.value.cors_origins : "https://${origin}"]
    allowed_headers = each.value.browsers_write ? ["*"] : null
    expose_headers  = each.value.browsers_write ? ["ETag"] : null
    max_age_seconds = 3600
  }
}
