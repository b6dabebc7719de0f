# Credentials of AWS for people who are signed in, each for a folder of their own.

resource "aws_cognito_identity_pool" "this" {
  count = var.identities == null ? 0 : 1

  identity_pool_name               = var.name
  allow_unauthenticated_identities = false

  cognito_identity_providers {
    client_id               = aws_cognito_user_pool_client.this.id
    provider_name           = aws_cognito_user_pool.this.endpoint
    server_side_token_check = true
  }
}

data "aws_iam_policy_document" "identities_trust" {
  count = var.identities == null ? 0 : 1

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = ["cognito-identity.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "cognito-identity.amazonaws.com:aud"
      values   = [aws_cognito_identity_pool.this[0].id]
    }

    condition {
      test     = "ForAnyValue:StringLike"
      variable = "cognito-identity.amazonaws.com:amr"
      values   = ["authenticated"]
    }
  }
}

data "aws_iam_policy_document" "identities" {
  count = length(local.identity_buckets) == 0 ? 0 : 1

  statement {
    sid       = "OwnFolder"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = [for arn in local.identity_buckets : "${arn}/users/$${cognito-identity.amazonaws.com:sub}/*"]
  }

  statement {
    sid       = "ListOwnFolder"
    actions   = ["s3:ListBucket"]
    resources = local.identity_buckets

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["users/$${cognito-identity.amazonaws.com:sub}/*"]
    }
  }
}

locals {
  identity_buckets = try(var.identities.bucket_arns, [])
}

resource "aws_iam_role" "identities" {
  count = var.identities == null ? 0 : 1

  name               = "${var.name}-users"
  description        = "What people signed in to ${var.name} may do in AWS"
  assume_role_policy = data.aws_iam_policy_document.identities_trust[0].json
}

resource "aws_iam_role_policy" "identities" {
  count = length(local.identity_buckets) == 0 ? 0 : 1

  name   = "own-folder"
  role   = aws_iam_role.identities[0].id
  policy = data.aws_iam_policy_document.identities[0].json
}

resource "aws_cognito_identity_pool_roles_attachment" "this" {
  count = var.identities == null ? 0 : 1

  identity_pool_id = aws_cognito_identity_pool.this[0].id
  roles            = { authenticated = aws_iam_role.identities[0].arn }
}
