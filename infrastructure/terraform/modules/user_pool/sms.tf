# Codes by SMS are sent by SNS, in the name of a role that only this pool may take.

data "aws_region" "this" {}

data "aws_caller_identity" "this" {}

data "aws_iam_policy_document" "sms_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["cognito-idp.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.name]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }
  }
}

data "aws_iam_policy_document" "sms" {
  #checkov:skip=CKV_AWS_356:a phone number is no resource
  #checkov:skip=CKV_AWS_111:a phone number is no resource
  statement {
    actions   = ["sns:Publish"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "sms" {
  count = local.sms ? 1 : 0

  name               = "${var.name}-sms"
  description        = "Sends codes by SMS for ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.sms_trust.json
}

resource "aws_iam_role_policy" "sms" {
  count = local.sms ? 1 : 0

  name   = "send"
  role   = aws_iam_role.sms[0].id
  policy = data.aws_iam_policy_document.sms.json
}
