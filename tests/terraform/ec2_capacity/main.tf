# EC2 capacity as programador-musical asks for it: two kinds of small instances, 70 % of them spot, one to three of
# them, fewer at night, and a service whose tasks run on them.
terraform {
  backend "s3" {}

  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = { system = "programador-musical", environment = "staging" }
  }
}

variable "generation" {
  description = "Counting up changes everything that may change."
  type        = number
}

locals {
  zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id"
}

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "private" {
  count = length(local.zones)

  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 8, 11 + count.index)
  availability_zone = local.zones[count.index]
}

resource "aws_security_group" "instances" {
  name   = "instances"
  vpc_id = aws_vpc.this.id
}

resource "aws_iam_role" "instance" {
  name = "ecs-instance"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "instance" {
  role       = aws_iam_role.instance.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
}

resource "aws_iam_instance_profile" "instance" {
  name = "ecs-instance"
  role = aws_iam_role.instance.name
}

resource "aws_launch_template" "this" {
  name                   = "programador-musical"
  image_id               = data.aws_ssm_parameter.image.value
  instance_type          = "t3.small"
  update_default_version = true
  vpc_security_group_ids = [aws_security_group.instances.id]

  user_data = base64encode(<<-EOT
    #!/bin/bash
    echo ECS_CLUSTER=${aws_ecs_cluster.this.name} >> /etc/ecs/ecs.config
    echo GENERATION=${var.generation} >> /etc/ecs/ecs.config
  EOT
  )

  iam_instance_profile {
    arn = aws_iam_instance_profile.instance.arn
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = 30
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "programador-musical" }
  }
}

resource "aws_autoscaling_group" "this" {
  name                  = "programador-musical"
  min_size              = 1
  max_size              = var.generation == 1 ? 3 : 4
  desired_capacity      = 1
  vpc_zone_identifier   = aws_subnet.private[*].id
  protect_from_scale_in = true
  capacity_rebalance    = true
  health_check_type     = "EC2"
  enabled_metrics       = ["GroupInServiceInstances"]

  mixed_instances_policy {
    instances_distribution {
      on_demand_base_capacity                  = 0
      on_demand_percentage_above_base_capacity = 30
      spot_allocation_strategy                 = "price-capacity-optimized"
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.this.id
        version            = aws_launch_template.this.latest_version
      }

      override {
        instance_type = "t3.small"
      }

      override {
        instance_type = "t3.medium"
      }
    }
  }

  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 50
    }
  }

  tag {
    key                 = "AmazonECSManaged"
    value               = ""
    propagate_at_launch = true
  }

  lifecycle {
    ignore_changes = [desired_capacity]
  }
}

resource "aws_autoscaling_schedule" "night" {
  scheduled_action_name  = "night"
  autoscaling_group_name = aws_autoscaling_group.this.name
  recurrence             = var.generation == 1 ? "0 22 * * *" : "0 23 * * *"
  time_zone              = "America/Bogota"
  min_size               = 0
  max_size               = 1
  desired_capacity       = 0
}

resource "aws_ecs_cluster" "this" {
  name = "programador-musical"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_capacity_provider" "this" {
  name = "instances"

  auto_scaling_group_provider {
    auto_scaling_group_arn         = aws_autoscaling_group.this.arn
    managed_termination_protection = "ENABLED"
    managed_draining               = "ENABLED"

    managed_scaling {
      status                    = "ENABLED"
      target_capacity           = var.generation == 1 ? 90 : 100
      minimum_scaling_step_size = 1
      maximum_scaling_step_size = 2
    }
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = [aws_ecs_capacity_provider.this.name]

  default_capacity_provider_strategy {
    capacity_provider = aws_ecs_capacity_provider.this.name
    base              = 1
    weight            = 100
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = "programador-musical"
  requires_compatibilities = ["EC2"]
  network_mode             = "bridge"

  container_definitions = jsonencode([{
    name           = "nginx"
    image          = "nginx:${var.generation}"
    cpu            = 512
    memory         = 1024
    essential      = true
    portMappings   = [{ containerPort = 80, hostPort = 0, protocol = "tcp" }]
    environment    = []
    mountPoints    = []
    volumesFrom    = []
    systemControls = []
  }])
}

resource "aws_ecs_service" "this" {
  name            = "programador-musical"
  cluster         = aws_ecs_cluster.this.arn
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = 1

  capacity_provider_strategy {
    capacity_provider = aws_ecs_capacity_provider.this.name
    base              = 1
    weight            = 100
  }

  ordered_placement_strategy {
    type  = "spread"
    field = "attribute:ecs.availability-zone"
  }

  ordered_placement_strategy {
    type  = "binpack"
    field = "memory"
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  depends_on = [aws_ecs_cluster_capacity_providers.this]
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this.name}"
  min_capacity       = 1
  max_capacity       = var.generation == 1 ? 3 : 5
}

resource "aws_appautoscaling_policy" "cpu" {
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value = var.generation == 1 ? 80 : 75

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "morning" {
  name               = "morning"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  schedule           = var.generation == 1 ? "cron(0 6 ? * MON-FRI *)" : "cron(0 7 ? * MON-FRI *)"
  timezone           = "America/Bogota"

  scalable_target_action {
    min_capacity = 1
    max_capacity = 3
  }
}

# A system's capacity may scale by itself as well.
resource "aws_autoscaling_policy" "cpu" {
  name                   = "instances-cpu"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.generation == 1 ? 80 : 70

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
