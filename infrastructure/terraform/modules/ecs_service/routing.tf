resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; security groups let nobody else in
  count = var.routing == null ? 0 : 1

  name                 = local.short_name
  vpc_id               = var.network.vpc_id
  target_type          = "ip"
  port                 = var.routing.port
  protocol             = "HTTP"
  deregistration_delay = var.routing.deregistration_delay_seconds
  slow_start           = var.routing.slow_start_seconds

  health_check {
    path                = var.routing.health_check.path
    matcher             = var.routing.health_check.matcher
    interval            = var.routing.health_check.interval_seconds
    timeout             = var.routing.health_check.timeout_seconds
    healthy_threshold   = var.routing.health_check.healthy_threshold
    unhealthy_threshold = var.routing.health_check.unhealthy_threshold
  }

  stickiness {
    type            = "lb_cookie"
    enabled         = var.routing.stickiness_seconds != null
    cookie_duration = coalesce(var.routing.stickiness_seconds, 86400)
  }

  # Only a default: ECS registers each task with its own port. Another one would replace the group under traffic.
  lifecycle {
    ignore_changes = [port]
  }
}

resource "aws_lb_listener_rule" "this" {
  count = var.routing == null ? 0 : 1

  listener_arn = var.routing.listener_arn
  priority     = var.routing.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[0].arn
  }

  condition {
    path_pattern {
      values = var.routing.paths
    }
  }

  dynamic "condition" {
    for_each = length(var.routing.hosts) > 0 ? [var.routing.hosts] : []

    content {
      host_header {
        values = condition.value
      }
    }
  }

  # Weights belong to the release controller.
  lifecycle {
    ignore_changes = [action]
  }
}
