data "aws_region" "this" {}

locals {
  family = "${var.prefix}-${var.name}"
  # Target groups and load balancers take 32 characters; a hash keeps shortened names unique.
  short_name = length(local.family) <= 32 ? local.family : "${trimsuffix(substr(local.family, 0, 25), "-")}-${substr(sha1(local.family), 0, 6)}"

  # Every port has a name, by which Service Connect refers to it.
  port_mappings = {
    for name, container in var.containers : name => [
      for port in container.port[*] : { name = name, containerPort = port, hostPort = port, protocol = "tcp" }
    ]
  }

  shared_volume = "shared"

  # The task template: container definitions as ECS takes them, but without images. Absent settings are left
  # out, because ECS answers without them and a null would be a difference for ever.
  container_definitions = [
    for name, container in var.containers : merge(
      {
        name         = name
        essential    = container.essential
        stopTimeout  = var.task.stop_timeout_seconds
        portMappings = local.port_mappings[name]
        environment  = [for key, value in container.environment : { name = key, value = value }]
        secrets      = [for key, arn in container.secrets : { name = key, valueFrom = arn }]
        logConfiguration = {
          logDriver = "awslogs"
          options = {
            awslogs-group         = var.log_group.name
            awslogs-region        = data.aws_region.this.name
            awslogs-stream-prefix = name
          }
        }
      },
      container.cpu_units == null ? {} : { cpu = container.cpu_units },
      container.memory_mib == null ? {} : { memory = container.memory_mib },
      length(container.command) == 0 ? {} : { command = container.command },
      container.user == null ? {} : { user = container.user },
      container.readonly_root_filesystem ? { readonlyRootFilesystem = true } : {},
      var.file_system == null ? {} : {
        mountPoints = [{ sourceVolume = local.shared_volume, containerPath = var.file_system.path, readOnly = false }]
      },
      container.health_check == null ? {} : {
        healthCheck = {
          command     = container.health_check.command
          interval    = container.health_check.interval_seconds
          timeout     = container.health_check.timeout_seconds
          retries     = container.health_check.retries
          startPeriod = container.health_check.start_period_seconds
        }
      },
    )
  ]
}

# Only Terraform owns this family, and no task of it ever runs: a new service has desired count 0 until its
# first release. Its image need not exist.
resource "aws_ecs_task_definition" "bootstrap" {
  family                   = "${local.family}-bootstrap"
  requires_compatibilities = [var.capacity.compatibility]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.execution.arn

  container_definitions = jsonencode([
    for name, container in var.containers : {
      name         = name
      image        = "${container.repository_url}:bootstrap"
      essential    = true
      portMappings = local.port_mappings[name]
    }
  ])
}

resource "aws_ecs_service" "this" {
  name    = var.name
  cluster = var.cluster.arn
  # By its family, which is known before anything exists: autoscaling.tf tells by it what was never released.
  task_definition                    = aws_ecs_task_definition.bootstrap.family
  desired_count                      = 0
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  enable_execute_command             = var.permissions.execute_command
  health_check_grace_period_seconds  = var.routing == null ? null : var.routing.grace_seconds
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  # Without it, another share of spot capacity would mean another service, with no task until its next release.
  force_new_deployment = true

  network_configuration {
    subnets          = var.network.subnet_ids
    security_groups  = var.network.security_group_ids
    assign_public_ip = var.network.assign_public_ip
  }

  dynamic "capacity_provider_strategy" {
    for_each = { for provider, weight in var.capacity.providers : provider => weight if weight > 0 }

    content {
      capacity_provider = capacity_provider_strategy.key
      weight            = capacity_provider_strategy.value
    }
  }

  # On instances: over all zones first, then as few instances as will do.
  dynamic "ordered_placement_strategy" {
    for_each = var.capacity.compatibility == "EC2" ? [
      { type = "spread", field = "attribute:ecs.availability-zone" },
      { type = "binpack", field = "memory" },
    ] : []

    content {
      type  = ordered_placement_strategy.value.type
      field = ordered_placement_strategy.value.field
    }
  }

  dynamic "service_connect_configuration" {
    for_each = var.service_connect[*]

    content {
      enabled   = true
      namespace = service_connect_configuration.value.namespace_arn

      dynamic "service" {
        for_each = service_connect_configuration.value.name[*]

        content {
          port_name      = var.service_connect.container
          discovery_name = service.value

          client_alias {
            dns_name = service.value
            port     = var.service_connect.port
          }
        }
      }
    }
  }

  dynamic "load_balancer" {
    for_each = var.routing[*]

    content {
      target_group_arn = aws_lb_target_group.this[0].arn
      container_name   = load_balancer.value.container
      container_port   = load_balancer.value.port
    }
  }

  # These belong to the release controller (and the count to autoscaling): Terraform sets them once.
  lifecycle {
    ignore_changes = [
      task_definition,
      desired_count,
      load_balancer,
      deployment_minimum_healthy_percent,
      deployment_maximum_percent,
      deployment_circuit_breaker,
      deployment_controller,
      alarms,
    ]
  }

  # A target group must be behind a listener before a service may use it.
  depends_on = [aws_lb_listener_rule.this, aws_iam_role_policy.execution]
}
