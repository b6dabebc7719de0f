locals {
  # What each metric of the schema is in CloudWatch, and by which dimensions (`of`) it is found.
  metrics = {
    service_cpu_percent           = { of = "service", namespace = "AWS/ECS", name = "CPUUtilization", statistic = "Average" }
    service_memory_percent        = { of = "service", namespace = "AWS/ECS", name = "MemoryUtilization", statistic = "Average" }
    service_unhealthy_tasks       = { of = "target", namespace = "AWS/ApplicationELB", name = "UnHealthyHostCount", statistic = "Maximum" }
    healthy_targets               = { of = "target", namespace = "AWS/ApplicationELB", name = "HealthyHostCount", statistic = "Minimum" }
    error_rate_percent            = { of = "target", namespace = "AWS/ApplicationELB", name = "HTTPCode_Target_5XX_Count", statistic = "Sum" }
    error_count                   = { of = "target", namespace = "AWS/ApplicationELB", name = "HTTPCode_Target_5XX_Count", statistic = "Sum" }
    client_error_count            = { of = "target", namespace = "AWS/ApplicationELB", name = "HTTPCode_Target_4XX_Count", statistic = "Sum" }
    response_time_seconds         = { of = "target", namespace = "AWS/ApplicationELB", name = "TargetResponseTime", statistic = "Average" }
    database_cpu_percent          = { of = "database", namespace = "AWS/RDS", name = "CPUUtilization", statistic = "Average" }
    database_connections_percent  = { of = "database", namespace = "AWS/RDS", name = "DatabaseConnections", statistic = "Average" }
    database_free_storage_percent = { of = "database", namespace = "AWS/RDS", name = "FreeStorageSpace", statistic = "Minimum" }
    database_free_memory_percent  = { of = "database", namespace = "AWS/RDS", name = "FreeableMemory", statistic = "Average" }
    cache_cpu_percent             = { of = "cache", namespace = "AWS/ElastiCache", name = "EngineCPUUtilization", statistic = "Average" }
    cache_memory_percent          = { of = "cache", namespace = "AWS/ElastiCache", name = "DatabaseMemoryUsagePercentage", statistic = "Average" }
    nat_bytes_out                 = { of = "nat", namespace = "AWS/NATGateway", name = "BytesOutToDestination", statistic = "Sum" }
    waf_blocked_requests          = { of = "waf", namespace = "AWS/WAFV2", name = "BlockedRequests", statistic = "Sum" }
  }
  divisors = { error_rate_percent = "RequestCount" }

  load_balancer_dimension = { LoadBalancer = one(module.load_balancer[*].arn_suffix) }
  service_dimensions = {
    for name in keys(var.services) : name => { ClusterName = module.cluster.name, ServiceName = name }
  }
  target_dimensions = {
    for name, service in var.services : name => merge(local.load_balancer_dimension, { TargetGroup = module.service[name].target_group_arn_suffix })
    if service.routing != null
  }
  shared_dimensions = {
    database = { DBInstanceIdentifier = local.name }
    cache    = { CacheClusterId = try(sort(module.cache[0].node_ids)[0], null) }
    nat      = { NatGatewayId = try(values(module.network.nat_gateway_ids)[0], null) }
    waf      = { WebACL = local.name, Region = var.region, Rule = "ALL" }
  }

  known_alarms = {
    for name, alarm in var.alarms : name => merge(alarm, { is = local.metrics[alarm.metric] })
    if alarm.metric != "custom" && !contains(local.at_the_edge, alarm.metric)
  }
  custom_alarms = { for name, alarm in var.alarms : name => alarm if alarm.metric == "custom" }
}

module "alarms" {
  source = "../modules/alarms"

  prefix = local.name
  alarms = merge(
    {
      for name, alarm in local.known_alarms : name => {
        description = alarm.description
        severity    = alarm.severity
        namespace   = alarm.is.namespace
        metric_name = alarm.is.name
        statistic   = alarm.is.statistic
        divisor     = lookup(local.divisors, alarm.metric, null)
        dimensions = (
          alarm.is.of == "service" ? local.service_dimensions[alarm.service] :
          alarm.is.of == "target" ? (alarm.service == null ? local.load_balancer_dimension : local.target_dimensions[alarm.service]) :
          local.shared_dimensions[alarm.is.of]
        )
        above               = alarm.comparison == "above"
        threshold           = alarm.threshold
        period_seconds      = alarm.period_seconds
        evaluation_periods  = alarm.evaluation_periods
        datapoints_to_alarm = alarm.datapoints_to_alarm
        missing_data        = alarm.missing_data
      }
    },
    {
      for name, alarm in local.custom_alarms : name => {
        description         = alarm.description
        severity            = alarm.severity
        namespace           = alarm.custom.namespace
        metric_name         = alarm.custom.name
        statistic           = alarm.custom.statistic
        dimensions          = alarm.custom.dimensions
        above               = alarm.comparison == "above"
        threshold           = alarm.threshold
        period_seconds      = alarm.period_seconds
        evaluation_periods  = alarm.evaluation_periods
        datapoints_to_alarm = alarm.datapoints_to_alarm
        missing_data        = alarm.missing_data
      }
    },
  )
  subscriptions = [for route in var.alert_routes : { severity = route.severity, protocol = route.channel, endpoint = route.target }]
}
