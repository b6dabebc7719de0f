# CloudTrail into a bucket of its own. Files are signed (log file validation), encrypted, and can be replaced by nobody
# who may only write them.

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

data "aws_partition" "this" {}

locals {
  # Not the trail's own attribute: its bucket must let it in before it is made.
  trail_arn  = "arn:${data.aws_partition.this.partition}:cloudtrail:${data.aws_region.this.name}:${data.aws_caller_identity.this.account_id}:trail/${var.name}"
  bucket_arn = "arn:${data.aws_partition.this.partition}:s3:::${var.bucket_name}"
}

module "bucket" {
  source = "../private_bucket"

  name          = var.bucket_name
  force_destroy = var.force_destroy
  kms_key       = { arn = aws_kms_key.this.arn }
  policies      = [data.aws_iam_policy_document.bucket.json]
  ages = {
    glacier_days = var.glacier_days < var.retention_days ? var.glacier_days : null
    expire_days  = var.retention_days
    # Nothing replaces a log file; if somebody does, what was there stays as long.
    noncurrent_expire_days = var.retention_days
  }
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "CloudTrailLooks"
    actions   = ["s3:GetBucketAcl"]
    resources = [local.bucket_arn]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }

  statement {
    sid       = "CloudTrailWrites"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arn}/AWSLogs/${data.aws_caller_identity.this.account_id}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
}

data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:the policy of a key names the key by *
  #checkov:skip=CKV_AWS_111:the policy of a key names the key by *
  #checkov:skip=CKV_AWS_356:the policy of a key names the key by *
  statement {
    sid       = "AccountDecidesByIam"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}:root"]
    }
  }

  statement {
    sid       = "CloudTrailEncrypts"
    actions   = ["kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }
}

resource "aws_kms_key" "this" {
  description             = "Audit trail ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}-audit-trail"
  target_key_id = aws_kms_key.this.key_id
}

resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV2_AWS_10:Slipway's alarms come from CloudWatch metrics; the trail is for reading afterwards
  #checkov:skip=CKV_AWS_252:nobody is told of each log file
  name                          = var.name
  s3_bucket_name                = module.bucket.name
  kms_key_id                    = aws_kms_key.this.arn
  enable_log_file_validation    = true
  include_global_service_events = true
  is_multi_region_trail         = var.multi_region

  depends_on = [module.bucket]
}
