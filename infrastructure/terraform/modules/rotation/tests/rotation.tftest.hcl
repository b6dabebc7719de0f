# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

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
  name = "shop-staging"
  secrets = {
    credentials = {
      arn                 = "arn:aws:secretsmanager:us-east-1:123456789012:secret:credentials"
      interval_days       = 30
      password_secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:master"
      followers           = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:url"]
      database            = { identifier = "shop-staging", arn = "arn:aws:rds:us-east-1:123456789012:db:shop-staging" }
    }
    key = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:key", interval_days = 90, length = 64 }
  }
}

run "every_secret_is_rotated_in_its_interval_and_not_at_once" {
  command = apply

  assert {
    condition     = { for key, rotation in aws_secretsmanager_secret_rotation.this : key => rotation.rotation_rules[0].automatically_after_days } == { credentials = 30, key = 90 }
    error_message = "Intervals are the secrets' own."
  }

  assert {
    condition     = alltrue([for rotation in aws_secretsmanager_secret_rotation.this : rotation.rotate_immediately == false])
    error_message = "What was just made is fresh."
  }

  assert {
    condition     = aws_lambda_permission.this.principal == "secretsmanager.amazonaws.com"
    error_message = "Secrets Manager, and nobody else, may call the function."
  }
}

run "the_function_knows_what_follows_a_password" {
  command = apply

  assert {
    condition = jsondecode(local.settings) == {
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:credentials" = {
        password  = "arn:aws:secretsmanager:us-east-1:123456789012:secret:master"
        length    = 40
        followers = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:url"]
        database  = "shop-staging"
      }
      "arn:aws:secretsmanager:us-east-1:123456789012:secret:key" = {
        password  = "arn:aws:secretsmanager:us-east-1:123456789012:secret:key"
        length    = 64
        followers = []
      }
    }
    error_message = "A generated secret stands alone; credentials take their password elsewhere, and a URL follows."
  }
}

run "an_interval_that_secrets_manager_would_refuse" {
  command = plan

  variables {
    secrets = { key = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:key", interval_days = 0 } }
  }

  expect_failures = [var.secrets]
}
