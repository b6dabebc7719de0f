locals {
  stores = { for key, secret in var.secrets : key => secret.store }

  service_secrets = {
    for name, service in var.services : name => distinct(flatten([
      for container in service.containers : [for reference in container.secrets : reference.secret]
    ]))
  }
}

module "service" {
  source   = "../modules/ecs_service"
  for_each = var.services

  name   = each.key
  prefix = local.name
  cluster = {
    name = module.cluster.name
    arn  = module.cluster.arn
  }
  capacity = local.capacity

  containers = {
    for name, container in each.value.containers : name => merge(container, {
      repository_url = module.registry.repositories["${each.key}/${name}"].url
      # Names of buckets are not known to who writes the configuration: tasks find them as BUCKET_<KEY>.
      environment = merge(
        { for key in each.value.buckets : "BUCKET_${upper(replace(key, "-", "_"))}" => module.storage.buckets[key].name },
        local.user_pool_variables,
        container.environment,
      )
      secrets = {
        for variable, reference in container.secrets : variable => (
          reference.key == null ? module.secrets.arns[reference.secret] : "${module.secrets.arns[reference.secret]}:${reference.key}::"
        )
      }
    })
  }
  task = {
    cpu_units             = each.value.cpu_units
    memory_mib            = each.value.memory_mib
    ephemeral_storage_gib = each.value.ephemeral_storage_gib
    cpu_architecture      = each.value.cpu_architecture
    stop_timeout_seconds  = each.value.stop_timeout_seconds
  }
  counts = { desired = each.value.desired_count, min = each.value.min_count, max = each.value.max_count }
  network = {
    vpc_id             = module.network.vpc_id
    subnet_ids         = each.value.tier == "public" ? module.network.public_subnet_ids : module.network.private_subnet_ids
    security_group_ids = [module.security_groups.service_ids[each.key]]
    assign_public_ip   = each.value.tier == "public"
  }
  routing = each.value.routing == null ? null : merge(each.value.routing, {
    listener_arn       = module.load_balancer[0].traffic_listener_arn
    port               = each.value.containers[each.value.routing.container].port
    stickiness_seconds = try(each.value.routing.stickiness.duration_seconds, null)
    grace_seconds      = each.value.health_check_grace_seconds
  })
  autoscaling     = each.value.autoscaling
  schedule        = local.schedule
  file_system     = local.mounts[each.key]
  service_connect = local.service_connect[each.key]
  log_group       = module.logs.groups[each.key]
  permissions = {
    secret_arns     = [for key in local.service_secrets[each.key] : module.secrets.arns[key] if local.stores[key] == "secrets_manager"]
    parameter_arns  = [for key in local.service_secrets[each.key] : module.secrets.arns[key] if local.stores[key] == "parameter_store"]
    repository_arns = [for name in keys(each.value.containers) : module.registry.repositories["${each.key}/${name}"].arn]
    bucket_arns     = [for key in each.value.buckets : module.storage.buckets[key].arn]
    tracing         = var.tracing != null
    execute_command = each.value.execute_command
  }
}
