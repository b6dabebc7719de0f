locals {
  services = sort(keys(var.services))
  balancer = one(module.load_balancer[*].arn_suffix)

  database_widgets = var.database == null ? [] : [
    { title = "Database CPU (percent)", statistic = "Average", metrics = [["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", local.name]] },
    { title = "Database connections", statistic = "Average", metrics = [["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", local.name]] },
    { title = "Database free storage (bytes)", statistic = "Minimum", metrics = [["AWS/RDS", "FreeStorageSpace", "DBInstanceIdentifier", local.name]] },
  ]
  balancer_widgets = var.load_balancer == null ? [] : [
    { title = "Response time (seconds)", statistic = "Average", metrics = [["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", local.balancer]] },
    { title = "Server errors", statistic = "Sum", metrics = [["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", local.balancer]] },
  ]

  boards = {
    operations = concat(
      [
        { title = "CPU (percent)", statistic = "Average", metrics = [for name in local.services : ["AWS/ECS", "CPUUtilization", "ClusterName", module.cluster.name, "ServiceName", name]] },
        { title = "Memory (percent)", statistic = "Average", metrics = [for name in local.services : ["AWS/ECS", "MemoryUtilization", "ClusterName", module.cluster.name, "ServiceName", name]] },
      ],
      local.balancer_widgets,
      local.database_widgets,
    )
    business = var.load_balancer == null ? [] : [
      { title = "Requests", statistic = "Sum", metrics = [["AWS/ApplicationELB", "RequestCount", "LoadBalancer", local.balancer]] },
      { title = "Successful answers", statistic = "Sum", metrics = [["AWS/ApplicationELB", "HTTPCode_Target_2XX_Count", "LoadBalancer", local.balancer]] },
    ]
    security = concat(
      var.load_balancer == null ? [] : [
        { title = "Client errors", statistic = "Sum", metrics = [["AWS/ApplicationELB", "HTTPCode_Target_4XX_Count", "LoadBalancer", local.balancer]] },
      ],
      var.waf == null ? [] : [
        { title = "Requests blocked by the firewall", statistic = "Sum", metrics = [concat(["AWS/WAFV2", "BlockedRequests", "WebACL", local.name], local.waf_region, ["Rule", "ALL"])] },
      ],
    )
    cost = [
      { title = "Estimated charges of the account (US dollars, this month)", statistic = "Maximum", metrics = [["AWS/Billing", "EstimatedCharges", "Currency", "USD"]] },
    ]
  }
}

module "dashboards" {
  source = "../modules/dashboards"

  prefix     = local.name
  dashboards = { for name in var.dashboards : name => local.boards[name] if length(local.boards[name]) > 0 }
}
