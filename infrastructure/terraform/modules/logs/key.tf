data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

data "aws_partition" "this" {}

# CloudWatch Logs may use the key only for this account's groups; people may use it as IAM allows.
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
    sid       = "CloudWatchLogs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${data.aws_region.this.name}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${data.aws_partition.this.partition}:logs:${data.aws_region.this.name}:${data.aws_caller_identity.this.account_id}:log-group:*"]
    }
  }
}

resource "aws_kms_key" "this" {
  count = var.encrypted ? 1 : 0

  description             = "Logs of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  count = var.encrypted ? 1 : 0

  name          = "alias/${var.name}-logs"
  target_key_id = aws_kms_key.this[0].key_id
}
