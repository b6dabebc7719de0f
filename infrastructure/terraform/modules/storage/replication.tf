# Copies in a second region: a bucket there for each, versioned and guarded like its source.

locals {
  replicated = { for key, bucket in var.buckets : key => bucket if bucket.replicated }
  # 63 characters are a bucket name's limit; a hash keeps shortened names unique.
  replica_names = {
    for key, bucket in local.replicated : key => (
      length("${bucket.name}-replica") <= 63 ? "${bucket.name}-replica" : "${substr(bucket.name, 0, 48)}-${substr(sha1(bucket.name), 0, 6)}-replica"
    )
  }
}

resource "aws_s3_bucket" "replica" {
  #checkov:skip=CKV_AWS_144:it is the copy
  #checkov:skip=CKV_AWS_18:requests are recorded by the audit trail where there is one
  #checkov:skip=CKV2_AWS_62:nothing listens to events of buckets
  #checkov:skip=CKV_AWS_145:encrypted with S3's own key, as its source
  for_each = local.replicated
  provider = aws.replica

  bucket        = local.replica_names[each.key]
  force_destroy = each.value.force_destroy
}

resource "aws_s3_bucket_public_access_block" "replica" {
  for_each = aws_s3_bucket.replica
  provider = aws.replica

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "replica" {
  for_each = aws_s3_bucket.replica
  provider = aws.replica

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "replica" {
  for_each = aws_s3_bucket.replica
  provider = aws.replica

  bucket = each.value.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "replica" {
  for_each = aws_s3_bucket.replica
  provider = aws.replica

  bucket = each.value.id

  # What the source deletes stays here for a month, whoever deleted it.
  rule {
    id     = "replaced-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = coalesce(try(local.replicated[each.key].lifecycle.noncurrent_expire_days, null), 30)
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.replica]
}

data "aws_iam_policy_document" "replica_tls_only" {
  for_each = aws_s3_bucket.replica

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

resource "aws_s3_bucket_policy" "replica" {
  for_each = aws_s3_bucket.replica
  provider = aws.replica

  bucket = each.value.id
  policy = data.aws_iam_policy_document.replica_tls_only[each.key].json

  depends_on = [aws_s3_bucket_public_access_block.replica]
}

data "aws_iam_policy_document" "replication_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "replication" {
  count = length(local.replicated) > 0 ? 1 : 0

  statement {
    sid       = "ReadSources"
    actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
    resources = [for key in keys(local.replicated) : aws_s3_bucket.this[key].arn]
  }

  statement {
    sid       = "ReadVersions"
    actions   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
    resources = [for key in keys(local.replicated) : "${aws_s3_bucket.this[key].arn}/*"]
  }

  statement {
    sid       = "WriteCopies"
    actions   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
    resources = [for bucket in aws_s3_bucket.replica : "${bucket.arn}/*"]
  }
}

resource "aws_iam_role" "replication" {
  count = length(local.replicated) > 0 ? 1 : 0

  name               = "${var.name}-bucket-replication"
  description        = "S3's own: copies of ${var.name}'s objects in the second region"
  assume_role_policy = data.aws_iam_policy_document.replication_trust.json
}

resource "aws_iam_role_policy" "replication" {
  count = length(local.replicated) > 0 ? 1 : 0

  name   = "copy-objects"
  role   = aws_iam_role.replication[0].id
  policy = data.aws_iam_policy_document.replication[0].json
}

resource "aws_s3_bucket_replication_configuration" "this" {
  for_each = local.replicated

  bucket = aws_s3_bucket.this[each.key].id
  role   = aws_iam_role.replication[0].arn

  rule {
    id     = "everything"
    status = "Enabled"

    filter {}

    delete_marker_replication {
      status = "Enabled"
    }

    destination {
      bucket        = aws_s3_bucket.replica[each.key].arn
      storage_class = "STANDARD_IA"
    }
  }

  depends_on = [aws_s3_bucket_versioning.this, aws_s3_bucket_versioning.replica, aws_iam_role_policy.replication]
}
