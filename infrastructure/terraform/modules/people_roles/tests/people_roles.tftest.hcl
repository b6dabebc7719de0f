mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name         = "shop-production"
  developers   = ["arn:aws:iam::123456789012:root"]
  admins       = ["arn:aws:iam::123456789012:role/operators"]
  cluster_arn  = "arn:aws:ecs:us-east-1:123456789012:cluster/shop-production"
  log_groups   = ["arn:aws:logs:us-east-1:123456789012:log-group:/slipway/shop/production/api"]
  repositories = ["arn:aws:ecr:us-east-1:123456789012:repository/shop/production/api"]
  buckets      = ["arn:aws:s3:::shop-production-files"]
  databases    = ["arn:aws:rds:us-east-1:123456789012:db:shop-production"]
  secrets = {
    key = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/production/key-1", store = "secrets_manager" }
    url = { arn = "arn:aws:ssm:us-east-1:123456789012:parameter/shop/production/url", store = "parameter_store" }
  }
}

run "a_developer_reads_and_an_admin_operates" {
  command = plan

  assert {
    condition     = join(",", keys(aws_iam_role_policy.read)) == "admin,developer" && join(",", keys(aws_iam_role_policy.operate)) == "admin"
    error_message = "Both may read, only the admin may operate."
  }
  assert {
    condition = alltrue(flatten([
      for statement in data.aws_iam_policy_document.read.statement : [
        for action in statement.actions : can(regex("^[a-z0-9]+:(Describe|Get|List|BatchGet|Filter|StartLiveTail|StartQuery|StopQuery)", action))
      ]
    ]))
    error_message = "What developers may do only reads."
  }
  assert {
    condition = !anytrue(flatten([
      for statement in data.aws_iam_policy_document.read.statement : [
        for action in statement.actions : startswith(action, "secretsmanager:") || startswith(action, "ssm:") || startswith(action, "s3:")
      ]
    ]))
    error_message = "Developers see neither secrets nor objects."
  }
}

run "nobody_may_do_everything" {
  command = plan

  assert {
    condition = !anytrue(flatten([
      for statement in concat(data.aws_iam_policy_document.read.statement, data.aws_iam_policy_document.operate.statement) :
      [for action in statement.actions : endswith(action, "*")]
    ]))
    error_message = "Actions are written out."
  }
  assert {
    condition     = !anytrue([for statement in data.aws_iam_policy_document.operate.statement : contains(statement.resources, "*")])
    error_message = "What changes something names what it changes."
  }
  assert {
    condition     = join(",", [for statement in data.aws_iam_policy_document.read.statement : statement.sid if contains(statement.resources, "*")]) == "ListInTheCluster,ReadWhatHasNoResource"
    error_message = "Only lists and reads that know no resource are unbounded."
  }
}

run "an_admin_reaches_this_environment_only" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for statement in data.aws_iam_policy_document.operate.statement : [for arn in statement.resources : strcontains(arn, "shop-production") || strcontains(arn, "shop/production")]
    ]))
    error_message = "Every resource is of this environment."
  }
  assert {
    condition     = contains(one([for statement in data.aws_iam_policy_document.operate.statement : statement.resources if statement.sid == "OperateServices"]), "arn:aws:ecs:us-east-1:123456789012:service/shop-production/*")
    error_message = "Services are those of its cluster."
  }
}

run "a_second_factor_is_demanded" {
  command = plan

  assert {
    condition     = alltrue([for trust in data.aws_iam_policy_document.trust : one(one(trust.statement).condition).variable == "aws:MultiFactorAuthPresent"])
    error_message = "Both roles need a second factor."
  }
  assert {
    condition     = one(one(data.aws_iam_policy_document.trust["admin"].statement).principals).identifiers == toset(["arn:aws:iam::123456789012:role/operators"])
    error_message = "Only who is named may take the role."
  }
}

run "who_is_not_named_has_no_role" {
  command = plan

  variables {
    admins = []
  }

  assert {
    condition     = join(",", keys(aws_iam_role.this)) == "developer"
    error_message = "Without admins there is no admin role."
  }
}

run "everybody_is_no_principal" {
  command = plan

  variables {
    admins = ["*"]
  }

  expect_failures = [var.admins]
}
