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

module "replica" {
  source    = "../private_bucket"
  for_each  = local.replicated
  providers = { aws = aws.replica }

  name          = local.replica_names[each.key]
  force_destroy = each.value.force_destroy
  # What the source deletes stays here for a month, whoever deleted it.
  ages = { noncurrent_expire_days = coalesce(try(each.value.lifecycle.noncurrent_expire_days, null), 30) }
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
    resources = [for key in keys(local.replicated) : module.bucket[key].arn]
  }

  statement {
    sid       = "ReadVersions"
    actions   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
    resources = [for key in keys(local.replicated) : "${module.bucket[key].arn}/*"]
  }

  statement {
    sid       = "WriteCopies"
    actions   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
    resources = [for bucket in module.replica : "${bucket.arn}/*"]
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

  bucket = module.bucket[each.key].name
  role   = aws_iam_role.replication[0].arn

  rule {
    id     = "everything"
    status = "Enabled"

    filter {}

    delete_marker_replication {
      status = "Enabled"
    }

    destination {
      bucket        = module.replica[each.key].arn
      storage_class = "STANDARD_IA"
    }
  }

  depends_on = [module.bucket, module.replica, aws_iam_role_policy.replication]
}
