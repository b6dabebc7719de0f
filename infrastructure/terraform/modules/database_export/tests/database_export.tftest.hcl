# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-production-export" }
  }

  mock_resource "aws_cloudformation_stack" {
    defaults = { outputs = { Arn = "arn:aws:lambda:us-east-1:123456789012:function:shop-production-export" } }
  }
}

variables {
  name     = "shop-production"
  database = { identifier = "shop-production", arn = "arn:aws:rds:us-east-1:123456789012:db:shop-production", kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1" }
  bucket   = { name = "shop-production-backups", arn = "arn:aws:s3:::shop-production-backups" }
}

run "once_a_week_the_function_is_called" {
  command = apply

  assert {
    condition     = aws_scheduler_schedule.this.schedule_expression == "cron(0 9 ? * SUN *)"
    error_message = "The export is weekly."
  }

  assert {
    condition     = aws_scheduler_schedule.this.target[0].arn == "arn:aws:lambda:us-east-1:123456789012:function:shop-production-export"
    error_message = "The schedule must call the function."
  }
}

run "each_of_the_three_roles_has_a_name_of_its_own" {
  command = plan

  assert {
    condition     = length(toset([aws_iam_role.export.name, aws_iam_role.schedule.name, module.function.name])) == 3
    error_message = "Roles of one account need different names."
  }
}
