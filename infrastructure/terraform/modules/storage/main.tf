locals {
  with_lifecycle = { for key, bucket in var.buckets : key => bucket.lifecycle if bucket.lifecycle != null }
  with_cors      = { for key, bucket in var.buckets : key => bucket.cors_origins if length(bucket.cors_origins) > 0 }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:copied where the configuration asks for it
  #checkov:skip=CKV_AWS_18:requests are recorded by the audit trail where there is one
  #checkov:skip=CKV_AWS_21:versioned where the configuration asks for it
  #checkov:skip=CKV_AWS_145:S3's own key; see the README
  #checkov:skip=CKV2_AWS_62:nothing listens to events of buckets
  for_each = var.buckets

  bucket        = each.value.name
  force_destroy = each.value.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = aws_s3_bucket.this

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = { for key, bucket in var.buckets : key => aws_s3_bucket.this[key].id if bucket.versioning }

  bucket = each.value

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

data "aws_iam_policy_document" "access" {
  for_each = aws_s3_bucket.this

  dynamic "statement" {
    for_each = var.buckets[each.key].served ? ["distribution"] : []

    content {
      sid       = "DistributionReads"
      actions   = ["s3:GetObject"]
      resources = ["${each.value.arn}/*"]

      principals {
        type        = "Service"
        identifiers = ["cloudfront.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceArn"
        values   = [var.buckets[each.key].served_by]
      }
    }
  }

  statement {
    sid       = "DenyWithoutTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [each.value.arn, "${each.value.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id
  policy = data.aws_iam_policy_document.access[each.key].json

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.with_lifecycle

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "ages"
    status = "Enabled"

    filter {}

    dynamic "transition" {
      for_each = each.value.infrequent_access_days[*]

      content {
        days          = transition.value
        storage_class = "STANDARD_IA"
      }
    }

    dynamic "transition" {
      for_each = each.value.glacier_days[*]

      content {
        days          = transition.value
        storage_class = "GLACIER"
      }
    }

    dynamic "expiration" {
      for_each = each.value.expire_days[*]

      content {
        days = expiration.value
      }
    }

    dynamic "noncurrent_version_expiration" {
      for_each = each.value.noncurrent_expire_days[*]

      content {
        noncurrent_days = noncurrent_version_expiration.value
      }
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_cors_configuration" "this" {
  for_each = local.with_cors

  bucket = aws_s3_bucket.this[each.key].id

  cors_rule {
    allowed_methods = ["GET", "HEAD"]
    allowed_origins = [for origin in each.value : "https://${origin}"]
    max_age_seconds = 3600
  }
}
