# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-staging-rotation" }
  }

  mock_resource "aws_cloudformation_stack" {
    defaults = { outputs = { Arn = "arn:aws:lambda:us-east-1:123456789012:function:shop-staging-rotation" } }
  }
}

variables {
  name        = "shop-staging-rotation"
  description = "Rotates secrets"
  code        = "def handler(event, context): pass"
  settings    = "{}"
  policy      = "{}"
}

run "the_file_is_what_runs" {
  command = apply

  assert {
    condition     = jsondecode(aws_cloudformation_stack.this.template_body).Resources.Function.Properties.Code.ZipFile == "def handler(event, context): pass"
    error_message = "The function must be the text of the file."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/shop-staging-rotation" && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Its log group must exist before Lambda makes one that is kept for ever."
  }

  assert {
    condition     = output.arn == "arn:aws:lambda:us-east-1:123456789012:function:shop-staging-rotation"
    error_message = "The function's ARN comes from the stack."
  }
}

run "settings_that_lambda_would_refuse_are_refused_in_the_plan" {
  command = plan

  variables {
    settings = join("", [for n in range(400) : "0123456789"])
  }

  expect_failures = [var.settings]
}
