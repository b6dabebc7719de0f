mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { name = "us-east-1" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-staging-api" }
  }
  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop-staging-api/0123456789abcdef" }
  }
  mock_resource "aws_appautoscaling_policy" {
    defaults = { arn = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:resource/ecs/service/shop-staging/api:policyName/p" }
  }
}

variables {
  name       = "api"
  prefix     = "shop-staging"
  cluster    = { name = "shop-staging", arn = "arn:aws:ecs:us-east-1:123456789012:cluster/shop-staging" }
  containers = { api = { port = 3000, repository_url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/staging/api", user = "1000:1000", readonly_root_filesystem = true } }
  task       = { cpu_units = 512, memory_mib = 1024 }
  counts     = { desired = 2, min = 1, max = 4 }
  network    = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  log_group  = { name = "/slipway/shop/staging/api", arn = "arn:aws:logs:us-east-1:123456789012:log-group:/slipway/shop/staging/api" }
  permissions = {
    repository_arns = ["arn:aws:ecr:us-east-1:123456789012:repository/shop/staging/api"]
    secret_arns     = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/staging/key-1"]
    bucket_arns     = ["arn:aws:s3:::shop-staging-files"]
    tracing         = true
    execute_command = true
  }
}

run "a_new_service_waits_for_its_first_release" {
  command = plan

  assert {
    condition     = aws_ecs_service.this.desired_count == 0 && aws_ecs_service.this.task_definition == "shop-staging-api-bootstrap"
    error_message = "It has no task, and a placeholder that only Terraform owns."
  }
  assert {
    condition     = output.task_template.family == "shop-staging-api"
    error_message = "Releases register revisions of a family of their own."
  }
}

run "the_task_template_has_everything_but_an_image" {
  command = plan

  assert {
    condition     = !can(output.task_template.container_definitions[0].image)
    error_message = "Images come with releases."
  }
  assert {
    condition     = jsonencode(output.task_template.container_definitions[0].portMappings) == jsonencode([{ containerPort = 3000, hostPort = 3000, name = "api", protocol = "tcp" }])
    error_message = "The port has the container's name, by which it is found."
  }
  assert {
    condition     = output.task_template.container_definitions[0].user == "1000:1000" && output.task_template.container_definitions[0].readonlyRootFilesystem
    error_message = "It runs as the user that was asked for, on a file system that it cannot change."
  }
  assert {
    condition     = output.task_template.cpu == "512" && output.task_template.memory == "1024" && output.task_template.requires_compatibilities[0] == "FARGATE"
    error_message = "Its size is the configuration's."
  }
}

run "roles_may_what_they_need_and_no_more" {
  command = plan

  assert {
    condition = !anytrue(flatten([
      for statement in concat(data.aws_iam_policy_document.execution.statement, data.aws_iam_policy_document.task.statement) :
      [for action in statement.actions : endswith(action, "*")]
    ]))
    error_message = "Actions are written out."
  }
  assert {
    condition     = join(",", [for statement in concat(data.aws_iam_policy_document.execution.statement, data.aws_iam_policy_document.task.statement) : statement.sid if contains(statement.resources, "*")]) == "RegistryLogin,SendTraces,EcsExec"
    error_message = "Only what knows no resource is unbounded."
  }
  assert {
    condition     = one([for statement in data.aws_iam_policy_document.execution.statement : statement.resources if statement.sid == "ReadSecrets"]) == toset(var.permissions.secret_arns)
    error_message = "ECS reads the secrets of this service only, and the application none."
  }
  assert {
    condition     = !anytrue(flatten([for statement in data.aws_iam_policy_document.task.statement : [for action in statement.actions : startswith(action, "secretsmanager:") || startswith(action, "ssm:")]]))
    error_message = "The application itself reads no secret store."
  }
}

run "an_application_that_needs_nothing_may_nothing" {
  command = plan

  variables {
    permissions = { repository_arns = ["arn:aws:ecr:us-east-1:123456789012:repository/shop/staging/api"] }
  }

  assert {
    condition     = length(aws_iam_role_policy.task) == 0
    error_message = "The task role has no policy."
  }
}

run "tasks_go_where_the_capacity_is" {
  command = plan

  variables {
    capacity = { providers = { FARGATE = 30, FARGATE_SPOT = 70 } }
  }

  assert {
    condition     = join(",", sort([for each in aws_ecs_service.this.capacity_provider_strategy : "${each.capacity_provider}=${each.weight}"])) == "FARGATE=30,FARGATE_SPOT=70"
    error_message = "70 % of the tasks are on spot capacity."
  }
  assert {
    condition     = length(aws_ecs_service.this.ordered_placement_strategy) == 0
    error_message = "Fargate knows no placement."
  }
}

run "tasks_on_instances_spread_over_the_zones" {
  command = plan

  variables {
    capacity = { compatibility = "EC2", providers = { "shop-staging" = 100 } }
  }

  assert {
    condition     = join(",", aws_ecs_service.this.ordered_placement_strategy[*].type) == "spread,binpack"
    error_message = "Over all zones first, then as few instances as will do."
  }
  assert {
    condition     = aws_ecs_task_definition.bootstrap.requires_compatibilities == toset(["EC2"]) && output.task_template.requires_compatibilities[0] == "EC2"
    error_message = "Definitions are EC2's, the placeholder and those of releases."
  }
}

run "instances_give_no_public_addresses" {
  command = plan

  variables {
    capacity = { compatibility = "EC2", providers = { "shop-staging" = 100 } }
    network  = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"], assign_public_ip = true }
  }

  expect_failures = [var.network]
}

run "steps_and_target_tracking_work_together" {
  command = plan

  variables {
    autoscaling = {
      target_tracking = [{ metric = "cpu", target_percent = 60 }, { metric = "memory", target_percent = 85 }]
      steps = [
        { metric = "cpu", comparison = "above", threshold_percent = 70, periods = 2, adjustment_tasks = 1 },
        { metric = "cpu", comparison = "above", threshold_percent = 90, periods = 1, adjustment_tasks = 3 },
        { metric = "cpu", comparison = "below", threshold_percent = 30, periods = 5, period_seconds = 300, adjustment_tasks = -1, cooldown_seconds = 600 },
      ]
    }
  }

  assert {
    condition     = length(aws_appautoscaling_policy.tracking) == 2 && length(aws_appautoscaling_policy.step) == 3
    error_message = "Every policy is made, two steps on the same side among them."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.step["cpu-below-30"].evaluation_periods == 5 && aws_cloudwatch_metric_alarm.step["cpu-below-30"].period == 300 && aws_cloudwatch_metric_alarm.step["cpu-above-70"].evaluation_periods == 2
    error_message = "Up and down have periods of their own."
  }
  assert {
    condition     = one(aws_appautoscaling_policy.step["cpu-below-30"].step_scaling_policy_configuration).cooldown == 600
    error_message = "And cooldowns of their own."
  }
  assert {
    condition     = aws_appautoscaling_target.this[0].min_capacity == 1 && aws_appautoscaling_target.this[0].max_capacity == 4
    error_message = "Autoscaling stays within the bounds."
  }
}

run "nothing_scales_before_the_first_release" {
  command = plan

  variables {
    autoscaling = { target_tracking = [{ metric = "cpu", target_percent = 60 }] }
  }

  assert {
    condition     = one(aws_appautoscaling_target.this[0].suspended_state).scheduled_scaling_suspended && one(aws_appautoscaling_target.this[0].suspended_state).dynamic_scaling_out_suspended
    error_message = "The release controller resumes it."
  }
}

run "a_schedule_lowers_both_bounds_and_gives_them_back" {
  command = plan

  variables {
    schedule = { time_zone = "America/Sao_Paulo", start = "cron(0 7 ? * MON-FRI *)", stop = "cron(0 22 ? * MON-FRI *)", off_hours_count = 0 }
  }

  assert {
    condition     = aws_appautoscaling_scheduled_action.this["stop"].schedule == "cron(0 22 ? * MON-FRI *)" && aws_appautoscaling_scheduled_action.this["stop"].timezone == "America/Sao_Paulo" && tonumber(one(aws_appautoscaling_scheduled_action.this["stop"].scalable_target_action).max_capacity) == 0
    error_message = "In the evening no task is left."
  }
  assert {
    condition     = tonumber(one(aws_appautoscaling_scheduled_action.this["start"].scalable_target_action).min_capacity) == 2 && tonumber(one(aws_appautoscaling_scheduled_action.this["start"].scalable_target_action).max_capacity) == 2
    error_message = "In the morning a service without policies has its desired count again."
  }
}

run "a_schedule_leaves_alone_what_may_be_as_small_all_day" {
  command = plan

  variables {
    autoscaling = { target_tracking = [{ metric = "cpu", target_percent = 60 }] }
    schedule    = { time_zone = "UTC", start = "cron(0 7 ? * MON-FRI *)", stop = "cron(0 22 ? * MON-FRI *)", off_hours_count = 1 }
  }

  assert {
    condition     = length(aws_appautoscaling_scheduled_action.this) == 0
    error_message = "Its fewest tasks are one already."
  }
}

run "others_find_it_by_its_name" {
  command = plan

  variables {
    service_connect = { namespace_arn = "arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-1", name = "backend", container = "api", port = 3000 }
  }

  assert {
    condition     = one(one(aws_ecs_service.this.service_connect_configuration).service).port_name == "api" && one(one(aws_ecs_service.this.service_connect_configuration).service).discovery_name == "backend"
    error_message = "The name leads to the container's port."
  }
  assert {
    condition     = one(one(one(aws_ecs_service.this.service_connect_configuration).service).client_alias).dns_name == "backend" && one(one(one(aws_ecs_service.this.service_connect_configuration).service).client_alias).port == 3000
    error_message = "Clients say backend:3000."
  }
}

run "a_service_without_a_name_still_finds_others" {
  command = plan

  variables {
    service_connect = { namespace_arn = "arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-1" }
  }

  assert {
    condition     = one(aws_ecs_service.this.service_connect_configuration).enabled && length(one(aws_ecs_service.this.service_connect_configuration).service) == 0
    error_message = "It is a client only."
  }
}

run "a_health_path_without_a_slash_is_refused" {
  command = plan

  variables {
    routing = { listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/1/2", container = "api", port = 3000, health_check = { path = "up" } }
  }

  expect_failures = [var.routing]
}
