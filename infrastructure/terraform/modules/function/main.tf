# A Lambda function of one Python file. CloudFormation takes the file's text and packs it; the provider would want an
# archive, which has no place in a repository.

data "aws_partition" "this" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "logs" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:as long as the environment's other logs
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
}

resource "aws_iam_role" "this" {
  name               = var.name
  description        = var.description
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "logs" {
  name   = "write-logs"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.logs.json
}

resource "aws_iam_role_policy" "this" {
  name   = "work"
  role   = aws_iam_role.this.id
  policy = var.policy
}

resource "aws_cloudformation_stack" "this" {
  #checkov:skip=CKV_AWS_124:Terraform waits for it and shows its failure
  name = var.name

  template_body = jsonencode({
    Description = var.description
    Parameters  = { for name in ["Name", "Role", "Settings"] : name => { Type = "String" } }
    Resources = {
      Function = {
        Type = "AWS::Lambda::Function"
        Properties = {
          FunctionName = { Ref = "Name" }
          Description  = var.description
          Role         = { Ref = "Role" }
          Runtime      = "python3.13"
          Handler      = "index.handler"
          Timeout      = var.timeout_seconds
          MemorySize   = 128
          Environment  = { Variables = { SETTINGS = { Ref = "Settings" } } }
          Code         = { ZipFile = var.code }
        }
      }
    }
    Outputs = { Arn = { Value = { "Fn::GetAtt" = ["Function", "Arn"] } } }
  })

  parameters = {
    Name     = var.name
    Role     = aws_iam_role.this.arn
    Settings = var.settings
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.logs, aws_iam_role_policy.this]
}
