output "services" {
  description = "What the release controller needs of each service. Task templates have no images."
  value = {
    for name, service in var.services : name => {
      cluster_name       = module.cluster.name
      cluster_arn        = module.cluster.arn
      service_name       = module.service[name].service_name
      service_arn        = module.service[name].service_arn
      task_template      = module.service[name].task_template
      desired_count      = service.desired_count
      min_count          = service.min_count
      max_count          = service.max_count
      container_names    = keys(service.containers)
      target_group_arn   = module.service[name].target_group_arn
      load_balancer      = module.service[name].load_balancer
      listener_rule_arn  = module.service[name].listener_rule_arn
      log_group          = module.logs.groups[name].name
      repository_urls    = { for container in keys(service.containers) : container => module.registry.repositories["${name}/${container}"].url }
      subnet_ids         = service.tier == "public" ? module.network.public_subnet_ids : module.network.private_subnet_ids
      security_group_ids = [module.security_groups.service_ids[name]]
      capacity_providers = module.service[name].capacity_providers
      scalable_target    = module.service[name].scalable_target
      alarm_names        = [for alarm in service.rollback_alarms : local.alarm_names[alarm]]
    }
  }
}

output "load_balancer" {
  description = "Load balancer; null: none."
  value = var.load_balancer == null ? null : {
    arn           = module.load_balancer[0].arn
    arn_suffix    = module.load_balancer[0].arn_suffix
    dns_name      = module.load_balancer[0].dns_name
    listener_arns = module.load_balancer[0].listener_arns
  }
}

output "addresses" {
  description = "Where the environment answers: by its names, else under the CDN's or the load balancer's own; and the name servers of its zone."
  value = {
    urls         = local.urls
    name_servers = flatten(module.dns[*].name_servers)
  }
}

output "api_gateway" {
  description = "API Gateway: where it answers, and the usage plans that keys are made for; null: none."
  value = var.api_gateway == null ? null : {
    id             = module.api_gateway[0].id
    url            = module.api_gateway[0].url
    usage_plan_ids = module.api_gateway[0].usage_plan_ids
  }
}

output "user_pool" {
  description = "User pool, its client and its sign-in page; null: none."
  value = var.user_pool == null ? null : {
    id               = module.user_pool[0].id
    client_id        = module.user_pool[0].client_id
    issuer           = module.user_pool[0].issuer
    sign_in_url      = module.user_pool[0].sign_in_url
    identity_pool_id = module.user_pool[0].identity_pool_id
  }
}

output "database" {
  description = "Database, without any secret; null: none."
  value = var.database == null ? null : {
    identifier = module.database[0].identifier
    endpoint   = "${module.database[0].address}:${module.database[0].port}"
    name       = module.database[0].database_name
    secret_id  = module.database[0].master_secret_arn
    readers    = module.database[0].reader_addresses
  }
}

output "cache" {
  description = "Redis; null: none."
  value = var.cache == null ? null : {
    id       = module.cache[0].replication_group_id
    endpoint = "${module.cache[0].address}:${module.cache[0].port}"
  }
}

output "file_system" {
  description = "Shared files; null: none."
  value       = var.file_system == null ? null : { id = module.file_system[0].id, access_point_id = module.file_system[0].access_point.id }
}

output "copies" {
  description = "Vault of the backups' copies in a second region; null: none."
  value       = one([for backup in module.backup : { region = var.backup.copy_region, vault_arn = backup.copy_vault_arn }])
}

output "audit_trail" {
  description = "CloudTrail and its bucket; null: none."
  value       = var.audit_trail == null ? null : { arn = module.audit_trail[0].arn, bucket = module.audit_trail[0].bucket_name }
}

output "buckets" {
  description = "Names of the buckets, by key."
  value       = { for key, bucket in module.storage.buckets : key => bucket.name }
}

output "network" {
  description = "VPC, subnets and the addresses from which tasks reach the internet."
  value = {
    vpc_id              = module.network.vpc_id
    zones               = module.network.zones
    public_subnet_ids   = module.network.public_subnet_ids
    private_subnet_ids  = module.network.private_subnet_ids
    database_subnet_ids = module.network.database_subnet_ids
    nat_public_ips      = module.network.nat_public_ips
  }
}

output "alarms" {
  description = "Names of the alarms in CloudWatch by key, and the topics they publish to by severity."
  value = {
    names      = local.alarm_names
    topic_arns = module.alarms.topic_arns
  }
}

output "secret_arns" {
  description = "ARNs of secrets and parameters, by key; never values."
  value       = module.secrets.arns
}

output "people_roles" {
  description = "ARNs of the roles for people, by role; null: none."
  value       = one(module.people_roles[*].arns)
}
