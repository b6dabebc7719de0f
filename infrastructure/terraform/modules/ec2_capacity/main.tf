data "aws_default_tags" "this" {}

data "aws_partition" "this" {}

locals {
  # Images with the ECS agent (ECS developer guide, "Retrieving Amazon ECS-optimized Linux AMI metadata").
  image_parameters = {
    X86_64 = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
    ARM64  = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
  }

  # The provider's default tags reach neither a group nor what a launch template starts.
  tags = merge(data.aws_default_tags.this.tags, { Name = var.name })
}

resource "aws_security_group" "instances" {
  name        = "${var.name}-instances"
  description = "Container instances of ${var.name}; tasks have groups of their own"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-instances" }
}

# The agent and the pulls of images reach AWS; nothing reaches an instance.
resource "aws_vpc_security_group_egress_rule" "instances" {
  security_group_id = aws_security_group.instances.id
  description       = "Instances to AWS and registries"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_launch_template" "this" {
  name = var.name
  # Resolved when an instance starts: a newer image is no change of the plan, and new instances have it.
  image_id               = "resolve:ssm:${local.image_parameters[var.cpu_architecture]}"
  instance_type          = var.instance_types[0]
  update_default_version = true
  vpc_security_group_ids = [aws_security_group.instances.id]

  # Tasks have their own role: they do not see that of the instance.
  user_data = base64encode(<<-EOT
    #!/bin/bash
    cat >> /etc/ecs/ecs.config <<'CONFIG'
    ECS_CLUSTER=${var.cluster_name}
    ECS_AWSVPC_BLOCK_IMDS=true
    ECS_ENABLE_SPOT_INSTANCE_DRAINING=true
    CONFIG
  EOT
  )

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.root_volume_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])

    content {
      resource_type = tag_specifications.value
      tags          = local.tags
    }
  }
}

resource "aws_autoscaling_group" "this" {
  name                  = var.name
  min_size              = var.start == null ? var.size.min : 0
  max_size              = var.size.max
  desired_capacity      = var.size.min
  vpc_zone_identifier   = var.subnet_ids
  protect_from_scale_in = true # what managed termination protection demands: ECS alone says which instance may go
  capacity_rebalance    = var.spot_percent > 0
  health_check_type     = "EC2"

  mixed_instances_policy {
    instances_distribution {
      on_demand_base_capacity                  = var.on_demand_base
      on_demand_percentage_above_base_capacity = 100 - var.spot_percent
      spot_allocation_strategy                 = "price-capacity-optimized"
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.this.id
        version            = aws_launch_template.this.latest_version
      }

      dynamic "override" {
        for_each = var.instance_types

        content {
          instance_type = override.value
        }
      }
    }
  }

  # A new template replaces instances one after the other; each is drained first.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage       = 100
      max_healthy_percentage       = 200
      scale_in_protected_instances = "Refresh"
    }
  }

  dynamic "tag" {
    for_each = merge(local.tags, { AmazonECSManaged = "" })

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  # The number of instances belongs to ECS's managed scaling.
  lifecycle {
    ignore_changes = [desired_capacity]
  }
}

# Only the wanted number: bounds that a schedule moved would look like somebody's change to every later plan.
resource "aws_autoscaling_schedule" "start" {
  count = var.start == null ? 0 : 1

  scheduled_action_name  = "start"
  autoscaling_group_name = aws_autoscaling_group.this.name
  recurrence             = var.start.recurrence
  time_zone              = var.start.time_zone
  min_size               = -1
  max_size               = -1
  desired_capacity       = var.size.min
}

resource "aws_ecs_capacity_provider" "this" {
  name = var.name

  auto_scaling_group_provider {
    auto_scaling_group_arn         = aws_autoscaling_group.this.arn
    managed_termination_protection = "ENABLED"
    managed_draining               = "ENABLED"

    managed_scaling {
      status          = "ENABLED"
      target_capacity = var.target_capacity_percent
    }
  }
}
