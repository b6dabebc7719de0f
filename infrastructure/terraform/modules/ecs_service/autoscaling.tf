locals {
  predefined_metrics = {
    cpu    = "ECSServiceAverageCPUUtilization"
    memory = "ECSServiceAverageMemoryUtilization"
  }
  metric_names = { cpu = "CPUUtilization", memory = "MemoryUtilization" }

  tracking = { for policy in try(var.autoscaling.target_tracking, []) : policy.metric => policy }
  steps    = { for policy in try(var.autoscaling.steps, []) : "${policy.metric}-${policy.comparison}" => policy }
}

# A new service stays at 0 until its first release although the minimum is higher: its metrics are empty, so no
# policy acts. Should Application Auto Scaling raise it all the same (it acts when bounds are modified: user guide,
# "Scaling activities"), those tasks have no image to start from, and ECS tries again, ever more slowly, until the
# release brings one.
resource "aws_appautoscaling_target" "this" {
  count = var.autoscaling == null ? 0 : 1

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster.name}/${aws_ecs_service.this.name}"
  min_capacity       = var.counts.min
  max_capacity       = var.counts.max
}

resource "aws_appautoscaling_policy" "tracking" {
  for_each = local.tracking

  name               = "${local.family}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.target_percent
    scale_out_cooldown = each.value.scale_out_cooldown_seconds
    scale_in_cooldown  = each.value.scale_in_cooldown_seconds

    predefined_metric_specification {
      predefined_metric_type = local.predefined_metrics[each.key]
    }
  }
}

resource "aws_appautoscaling_policy" "step" {
  for_each = local.steps

  name               = "${local.family}-${each.key}"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    cooldown                = each.value.cooldown_seconds
    metric_aggregation_type = "Average"

    step_adjustment {
      scaling_adjustment          = each.value.adjustment_tasks
      metric_interval_lower_bound = each.value.comparison == "above" ? 0 : null
      metric_interval_upper_bound = each.value.comparison == "below" ? 0 : null
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "step" {
  for_each = local.steps

  alarm_name          = "${local.family}-scale-${each.key}"
  alarm_description   = "Scales ${var.name}: ${each.value.metric} ${each.value.comparison} ${each.value.threshold_percent} %"
  namespace           = "AWS/ECS"
  metric_name         = local.metric_names[each.value.metric]
  statistic           = "Average"
  comparison_operator = each.value.comparison == "above" ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.threshold_percent
  period              = each.value.period_seconds
  evaluation_periods  = each.value.periods
  alarm_actions       = [aws_appautoscaling_policy.step[each.key].arn]

  dimensions = {
    ClusterName = var.cluster.name
    ServiceName = aws_ecs_service.this.name
  }
}
