locals {
  predefined_metrics = {
    cpu    = "ECSServiceAverageCPUUtilization"
    memory = "ECSServiceAverageMemoryUtilization"
  }
  metric_names = { cpu = "CPUUtilization", memory = "MemoryUtilization" }

  tracking = { for policy in try(var.autoscaling.target_tracking, []) : policy.metric => policy }
  steps = {
    for policy in try(var.autoscaling.steps, []) :
    "${policy.metric}-${policy.comparison}-${policy.threshold_percent}" => policy
  }

  bounds    = var.autoscaling == null ? { min = var.counts.desired, max = var.counts.desired } : { min = var.counts.min, max = var.counts.max }
  off_hours = try(var.schedule.off_hours_count, 0)
  scheduled = var.schedule != null && local.off_hours < local.bounds.min
  scaled    = var.autoscaling != null || local.scheduled

  # After hours the schedule's bounds are in force, and they are as they should be: else every plan at night would
  # want the day's, and its apply would wake everything up. Only then does a released service want so few tasks.
  released = !startswith(aws_ecs_service.this.task_definition, aws_ecs_task_definition.bootstrap.family)
  resting  = local.scheduled && local.released && aws_ecs_service.this.desired_count == local.off_hours
}

# Made suspended: nothing but its first release gives a service tasks, although its minimum is higher and a schedule
# may say "start". The release controller resumes it when that release has succeeded.
resource "aws_appautoscaling_target" "this" {
  count = local.scaled ? 1 : 0

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster.name}/${aws_ecs_service.this.name}"
  min_capacity       = local.resting ? local.off_hours : local.bounds.min
  max_capacity       = local.resting ? local.off_hours : local.bounds.max

  suspended_state {
    dynamic_scaling_in_suspended  = true
    dynamic_scaling_out_suspended = true
    scheduled_scaling_suspended   = true
  }

  lifecycle {
    ignore_changes = [suspended_state]
  }
}

resource "aws_appautoscaling_scheduled_action" "this" {
  for_each = local.scheduled ? {
    start = { at = var.schedule.start, min = local.bounds.min, max = local.bounds.max }
    stop  = { at = var.schedule.stop, min = local.off_hours, max = local.off_hours }
  } : {}

  name               = "${local.family}-${each.key}"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id
  schedule           = each.value.at
  timezone           = var.schedule.time_zone

  scalable_target_action {
    min_capacity = each.value.min
    max_capacity = each.value.max
  }
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
