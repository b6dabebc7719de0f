data "aws_caller_identity" "this" {}

locals {
  name = "${var.system}-${var.environment}"
  path = "${var.system}/${var.environment}"

  # Names of 32 (load balancer) and 40 (Redis) characters at most; a hash keeps shortened ones unique.
  hash       = substr(sha1(local.name), 0, 6)
  short_name = length(local.name) <= 32 ? local.name : "${trimsuffix(substr(local.name, 0, 25), "-")}-${local.hash}"

  container_keys = merge([
    for service, settings in var.services : {
      for container in keys(settings.containers) :
      "${service}/${container}" => { service = service, container = container, alone = length(settings.containers) == 1 }
    }
  ]...)
  repository_names = {
    for key, at in local.container_keys : key => coalesce(
      var.services[at.service].containers[at.container].repository,
      at.alone ? "${local.path}/${at.service}" : "${local.path}/${at.service}/${at.container}",
    )
  }
}

module "network" {
  source = "../modules/network"

  name         = local.name
  cidr         = var.network.cidr
  zone_count   = var.network.zone_count
  zones        = var.network.zones
  subnets      = var.network.subnets
  nat_gateways = var.network.nat_gateways
  network_acls = var.network.network_acls
  flow_logs    = var.network.flow_logs
  kms_key_arn  = module.logs.kms_key_arn
}

module "security_groups" {
  source = "../modules/security_groups"

  name   = local.name
  vpc_id = module.network.vpc_id

  load_balancer = var.load_balancer == null ? null : {
    allowed_cidrs   = local.direct_cidrs
    ports           = local.https ? [80, 443] : [80]
    cdn_prefix_list = one(data.aws_ec2_managed_prefix_list.cdn[*].id)
    cdn_port        = var.cdn == null ? null : (local.https ? 443 : 80)
  }
  services = {
    for name, service in var.services : name => {
      is_routed     = service.routing != null
      receives_from = service.receives_from
      uses_database = service.uses_database
      uses_cache    = service.uses_cache
      uses_files    = var.file_system == null ? false : contains(keys(var.file_system.mounts), name)
    }
  }
  database_port    = var.database == null ? null : 5432
  cache_port       = var.cache == null ? null : 6379
  file_system_port = var.file_system == null ? null : 2049
}

module "registry" {
  source = "../modules/registry"

  repositories   = local.repository_names
  scan_on_push   = var.registry.scan_on_push
  immutable_tags = var.registry.immutable_tags
  keep_images    = var.registry.keep_images
  untagged_days  = var.registry.untagged_days
  replica_region = var.registry.replica_region
  force_delete   = var.registry.force_delete
}

module "storage" {
  source    = "../modules/storage"
  providers = { aws = aws, aws.replica = aws.replica }

  name = local.short_name
  buckets = {
    for key, bucket in var.buckets : key => merge(bucket, {
      replicated     = bucket.replica_region != null
      browsers_write = contains(try(var.user_pool.identity_buckets, []), key)
      name           = coalesce(bucket.name, "${local.name}-${key}-${data.aws_caller_identity.this.account_id}")
    })
  }
  served_by = try(var.cdn.static_bucket, null) == null ? {} : { (var.cdn.static_bucket) = module.cdn[0].arn }
}

module "database" {
  source = "../modules/database"
  count  = var.database == null ? 0 : 1

  name                = local.name
  secret_name         = "${local.path}/database-master-password"
  engine_version      = var.database.engine_version
  instance_class      = var.database.instance_class
  database_name       = var.database.name
  username            = var.database.username
  password_generation = var.database.password_generation
  subnet_ids          = module.network.database_subnet_ids
  security_group_id   = module.security_groups.database_id
  multi_az            = var.database.multi_az
  storage = {
    type    = var.database.storage_type
    iops    = var.database.iops
    gib     = var.database.storage_gib
    max_gib = var.database.max_storage_gib
  }
  backup = {
    retention_days = var.database.backup_retention_days
    window         = var.database.backup_window
    final_snapshot = var.database.final_snapshot
  }
  maintenance_window          = var.database.maintenance_window
  apply_immediately           = var.database.apply_immediately
  deletion_protection         = var.database.deletion_protection
  log_exports                 = var.database.log_exports
  log_retention_days          = var.logs.retention_days
  log_kms_key_arn             = module.logs.kms_key_arn
  performance_insights        = var.database.performance_insights
  enhanced_monitoring_seconds = var.database.enhanced_monitoring_seconds
  read_replicas               = var.database.read_replicas
  parameters                  = var.database.parameters
}

module "cache" {
  source = "../modules/cache"
  count  = var.cache == null ? 0 : 1

  name                    = length(local.name) <= 40 ? local.name : local.short_name
  secret_name             = "${local.path}/redis-password"
  password_generation     = var.cache.password_generation
  engine_version          = var.cache.engine_version
  node_type               = var.cache.node_type
  replicas                = var.cache.replicas
  shards                  = var.cache.shards
  cluster_mode            = var.cache.cluster_mode
  automatic_failover      = var.cache.automatic_failover
  snapshot_retention_days = var.cache.snapshot_retention_days
  maintenance_window      = var.cache.maintenance_window
  max_memory_policy       = var.cache.max_memory_policy
  subnet_ids              = module.network.database_subnet_ids
  security_group_id       = module.security_groups.cache_id
}

module "secrets" {
  source = "../modules/secrets"

  secrets = {
    for key, secret in var.secrets : key => merge(secret, {
      name = coalesce(secret.path, "${local.path}/${key}")
    })
  }
  database = var.database == null ? null : {
    address             = module.database[0].address
    port                = module.database[0].port
    name                = module.database[0].database_name
    username            = module.database[0].username
    master_secret_arn   = module.database[0].master_secret_arn
    password_generation = module.database[0].password_generation
  }
  cache = var.cache == null ? null : {
    address             = module.cache[0].address
    port                = module.cache[0].port
    username            = module.cache[0].user.name
    password_secret_arn = module.cache[0].password_secret_arn
    password_generation = module.cache[0].password_generation
  }
}

module "load_balancer" {
  source = "../modules/load_balancer"
  count  = var.load_balancer == null ? 0 : 1

  name                 = local.short_name
  scheme               = var.load_balancer.scheme
  subnet_ids           = var.load_balancer.scheme == "internal" ? module.network.private_subnet_ids : module.network.public_subnet_ids
  security_group_id    = module.security_groups.load_balancer_id
  idle_timeout_seconds = var.load_balancer.idle_timeout_seconds
  https                = local.https
  certificate_arn      = local.brings_certificate ? var.load_balancer.certificate_arn : one(module.certificate[*].arn)
  access_logs          = length(module.access_logs) > 0
  access_logs_bucket   = one(module.access_logs[*].bucket)
  ssl_policy           = var.load_balancer.ssl_policy
  deletion_protection  = var.load_balancer.deletion_protection
}

module "waf" {
  source = "../modules/waf"
  count  = contains(["load_balancer", "api_gateway"], coalesce(try(var.waf.attach_to, null), "nothing")) ? 1 : 0

  name                = local.name
  resource_arn        = var.waf.attach_to == "api_gateway" ? module.api_gateway[0].stage_arn : module.load_balancer[0].arn
  rate_limit          = var.waf.rate_limit
  rate_window_seconds = var.waf.rate_window_seconds
  managed_rule_groups = var.waf.managed_rule_groups
  blocked_countries   = var.waf.blocked_countries
  allowed_countries   = var.waf.allowed_countries
  log_retention_days  = var.waf.log_retention_days
}

module "tracing" {
  source = "../modules/tracing"
  count  = var.tracing == null ? 0 : 1

  name                 = local.short_name
  service_name         = "${local.name}*"
  sampling_percent     = var.tracing.sampling_percent
  reservoir_per_second = var.tracing.reservoir_per_second
}
