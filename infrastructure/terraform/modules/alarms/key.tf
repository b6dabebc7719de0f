# Topics are encrypted with a key of ours: CloudWatch may not use AWS's own key for SNS.

data "aws_partition" "this" {}

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
    sid       = "AlarmsOfThisAccount"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }
  }
}

resource "aws_kms_key" "this" {
  count = length(local.severities) > 0 ? 1 : 0

  description             = "Alarm topics of ${var.prefix}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  count = length(local.severities) > 0 ? 1 : 0

  name          = "alias/${var.prefix}-alarms"
  target_key_id = aws_kms_key.this[0].key_id
}
