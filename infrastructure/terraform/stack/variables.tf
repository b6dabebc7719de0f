# These mirror the sections of Slipway's configuration schema (environments_app/schema), which writes them.

variable "system" {
  description = "Slug of the system."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.system))
    error_message = "system must be lower-case words joined by hyphens."
  }
}

variable "environment" {
  description = "Name of the environment."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.environment))
    error_message = "environment must be lower-case words joined by hyphens."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "copy_region" {
  description = "Region of the copies of buckets and backups; the environment's own where nothing is copied."
  type        = string
}

variable "tags" {
  description = "Tags beside slipway:system, slipway:environment and slipway:managed."
  type        = map(string)
  default     = {}
}

variable "network" {
  description = "VPC, subnets, ways out."
  type = object({
    cidr       = string
    zone_count = number
    zones      = optional(list(string), [])
    subnets = object({
      public   = list(string)
      private  = list(string)
      database = optional(list(string), [])
    })
    nat_gateways = optional(string, "single")
    network_acls = optional(bool, false)
    flow_logs = optional(object({
      traffic        = optional(string, "ALL")
      retention_days = optional(number, 30)
    }))
  })
}

variable "cluster" {
  description = "ECS cluster: launch type of all services, Container Insights, share of Fargate tasks on spot capacity in whole percent, instances (launch type EC2)."
  type = object({
    launch_type          = optional(string, "FARGATE")
    container_insights   = optional(bool, true)
    fargate_spot_percent = optional(number, 0)
    ec2 = optional(object({
      instance_types          = list(string)
      min_instances           = number
      max_instances           = number
      on_demand_base          = optional(number, 0)
      spot_percent            = optional(number, 0)
      target_capacity_percent = optional(number, 100)
      root_volume_gib         = optional(number, 30)
    }))
  })
  default = {}

  validation {
    condition     = (var.cluster.launch_type == "EC2") == (var.cluster.ec2 != null)
    error_message = "Launch type EC2 needs instances (ec2), and no other launch type has any."
  }
}

variable "schedule" {
  description = "Scaling down outside of working hours: workdays (mon to sun), start and stop as hh:mm in a time zone, tasks per service outside of it; null: never."
  type = object({
    timezone        = optional(string, "UTC")
    workdays        = optional(list(string), ["mon", "tue", "wed", "thu", "fri"])
    start           = string
    stop            = string
    off_hours_count = optional(number, 0)
  })
  default = null
}

variable "people_roles" {
  description = "Roles for people, and who may take them: principals (ARNs, or `account` for the one applied in) for developers and for admins, multi-factor demanded or not, longest session in hours; null: none."
  type = object({
    developers    = optional(list(string), [])
    admins        = optional(list(string), [])
    require_mfa   = optional(bool, true)
    session_hours = optional(number, 4)
  })
  default = null
}

variable "services" {
  description = "ECS services, by name."
  type = map(object({
    tier                       = optional(string, "private")
    cpu_units                  = number
    memory_mib                 = number
    ephemeral_storage_gib      = optional(number)
    cpu_architecture           = optional(string, "X86_64")
    desired_count              = number
    min_count                  = number
    max_count                  = number
    discovery_name             = optional(string)
    receives_from              = optional(list(string), [])
    uses_database              = optional(bool, true)
    uses_cache                 = optional(bool, true)
    buckets                    = optional(list(string), [])
    health_check_grace_seconds = optional(number, 60)
    stop_timeout_seconds       = optional(number, 30)
    execute_command            = optional(bool, false)
    rollback_alarms            = optional(list(string), [])
    containers = map(object({
      port                     = optional(number)
      essential                = optional(bool, true)
      cpu_units                = optional(number)
      memory_mib               = optional(number)
      command                  = optional(list(string), [])
      user                     = optional(string)
      readonly_root_filesystem = optional(bool, false)
      environment              = optional(map(string), {})
      secrets = optional(map(object({
        secret = string
        key    = optional(string)
      })), {})
      repository = optional(string)
      health_check = optional(object({
        command              = list(string)
        interval_seconds     = optional(number, 30)
        timeout_seconds      = optional(number, 5)
        retries              = optional(number, 3)
        start_period_seconds = optional(number, 0)
      }))
    }))
    routing = optional(object({
      container                    = string
      paths                        = optional(list(string), ["/*"])
      hosts                        = optional(list(string), [])
      priority                     = optional(number, 100)
      deregistration_delay_seconds = optional(number, 30)
      slow_start_seconds           = optional(number, 0)
      stickiness                   = optional(object({ duration_seconds = number }))
      health_check = object({
        path                = string
        matcher             = optional(string, "200")
        interval_seconds    = optional(number, 30)
        timeout_seconds     = optional(number, 5)
        healthy_threshold   = optional(number, 3)
        unhealthy_threshold = optional(number, 3)
      })
    }))
    autoscaling = optional(object({
      target_tracking = optional(list(object({
        metric                     = string
        target_percent             = number
        scale_out_cooldown_seconds = optional(number, 60)
        scale_in_cooldown_seconds  = optional(number, 300)
      })), [])
      steps = optional(list(object({
        metric            = string
        comparison        = string
        threshold_percent = number
        periods           = optional(number, 2)
        period_seconds    = optional(number, 60)
        adjustment_tasks  = number
        cooldown_seconds  = optional(number, 300)
      })), [])
    }))
  }))

  validation {
    condition     = alltrue([for service in var.services : service.min_count <= service.max_count])
    error_message = "min_count must not be above max_count."
  }
}

variable "database" {
  description = "PostgreSQL; null: none."
  type = object({
    engine_version        = string
    instance_class        = string
    name                  = string
    username              = string
    password_generation   = optional(number, 1)
    multi_az              = optional(bool, false)
    storage_type          = optional(string, "gp3")
    iops                  = optional(number)
    storage_gib           = number
    max_storage_gib       = optional(number)
    backup_retention_days = number
    backup_window         = optional(string, "05:00-06:00")
    maintenance_window    = optional(string, "sun:03:00-sun:04:00")
    apply_immediately     = optional(bool, true)
    deletion_protection   = optional(bool, false)
    final_snapshot        = optional(bool, false)
    log_exports           = optional(list(string), ["postgresql"])
    performance_insights  = optional(bool, false)
    parameters            = optional(map(string), {})
    read_replicas         = optional(number, 0)

    enhanced_monitoring_seconds = optional(number, 0)
  })
  default = null
}

variable "cache" {
  description = "Redis; null: none."
  type = object({
    engine_version          = optional(string, "7.1")
    node_type               = string
    replicas                = optional(number, 0)
    shards                  = optional(number, 1)
    cluster_mode            = optional(bool, false)
    automatic_failover      = optional(bool, false)
    snapshot_retention_days = optional(number, 0)
    maintenance_window      = optional(string, "sun:04:00-sun:05:00")
    max_memory_policy       = optional(string, "volatile-lru")
    password_generation     = optional(number, 1)
  })
  default = null
}

variable "buckets" {
  description = "S3 buckets, by key."
  type = map(object({
    name           = optional(string)
    purpose        = optional(string, "")
    versioning     = optional(bool, true)
    force_destroy  = optional(bool, false)
    cors_origins   = optional(list(string), [])
    replica_region = optional(string)
    lifecycle = optional(object({
      infrequent_access_days = optional(number)
      glacier_days           = optional(number)
      expire_days            = optional(number)
      noncurrent_expire_days = optional(number)
    }))
  }))
  default = {}
}

variable "registry" {
  description = "ECR repositories, one per container."
  type = object({
    scan_on_push   = optional(bool, true)
    immutable_tags = optional(bool, false)
    keep_images    = optional(number, 10)
    untagged_days  = optional(number)
    force_delete   = optional(bool, false)
    replica_region = optional(string)
  })
  default = {}
}

variable "load_balancer" {
  description = "Load balancer; null: none. Without a certificate it serves plain HTTP."
  type = object({
    scheme               = optional(string, "internet-facing")
    allowed_cidrs        = optional(list(string), ["0.0.0.0/0"])
    idle_timeout_seconds = optional(number, 60)
    certificate_arn      = optional(string)
    ssl_policy           = optional(string, "ELBSecurityPolicy-TLS13-1-2-2021-06")
    deletion_protection  = optional(bool, false)
    access_logs          = optional(object({ retention_days = optional(number, 90) }))
  })
  default = null
}

variable "dns" {
  description = "Route 53 zone, and the names under which the environment is reached; null: none."
  type = object({
    zone              = string
    create_zone       = optional(bool, false)
    domain            = string
    alternative_names = optional(list(string), [])
  })
  default = null
}

variable "cdn" {
  description = "CloudFront distribution; null: none."
  type = object({
    price_class         = optional(string, "PriceClass_100")
    static_bucket       = optional(string)
    static_paths        = optional(list(string), [])
    default_ttl_seconds = optional(number, 0)
    compress            = optional(bool, true)
  })
  default = null
}

variable "waf" {
  description = "Web application firewall; null: none."
  type = object({
    attach_to           = optional(string, "load_balancer")
    rate_limit          = optional(number)
    rate_window_seconds = optional(number, 300)
    managed_rule_groups = optional(list(string), [])
    blocked_countries   = optional(list(string), [])
    allowed_countries   = optional(list(string), [])
    log_retention_days  = optional(number)
  })
  default = null
}

variable "api_gateway" {
  description = "API Gateway in front of the environment's address; null: none."
  type = object({
    usage_plans = optional(map(object({
      requests_per_minute = number
      burst               = optional(number, 100)
      requests_per_month  = optional(number)
    })), {})
    cache_ttl_seconds      = optional(number, 0)
    cache_size_gb          = optional(string, "0.5")
    cache_query_parameters = optional(list(string), [])
    cache_headers          = optional(list(string), ["Authorization", "Cookie"])
  })
  default = null
}

variable "user_pool" {
  description = "Cognito user pool; null: none."
  type = object({
    mfa                 = optional(string, "OPTIONAL")
    mfa_methods         = optional(list(string), ["TOTP"])
    self_sign_up        = optional(bool, true)
    password_min_length = optional(number, 12)
    sign_in_prefix      = optional(string)
    callback_urls       = optional(list(string), [])
    logout_urls         = optional(list(string), [])
    social_providers = optional(list(object({
      provider   = string
      secret     = string
      version_id = optional(string)
    })), [])
    identity_pool       = optional(bool, false)
    identity_buckets    = optional(list(string), [])
    deletion_protection = optional(bool, false)
  })
  default = null
}

variable "secrets" {
  description = "Secrets and parameters, by key: names and rules, never values."
  type = map(object({
    kind        = string
    store       = optional(string, "secrets_manager")
    path        = optional(string)
    description = optional(string, "")
    length      = optional(number, 64)
    generation  = optional(number, 1)
    value       = optional(string)
    rotation    = optional(object({ interval_days = number }))
  }))
  default = {}
}

variable "logs" {
  description = "Service logs: retention in days, and whether a KMS key of the environment encrypts them."
  type = object({
    retention_days = optional(number, 30)
    encrypted      = optional(bool, false)
  })
  default = {}
}

variable "alarms" {
  description = "Alarms, by name; thresholds in CloudWatch's own units."
  type = map(object({
    metric              = string
    service             = optional(string)
    comparison          = optional(string, "above")
    threshold           = number
    period_seconds      = optional(number, 300)
    evaluation_periods  = optional(number, 1)
    datapoints_to_alarm = optional(number)
    missing_data        = optional(string, "notBreaching")
    severity            = optional(string, "warning")
    description         = optional(string, "")
    custom = optional(object({
      namespace  = string
      name       = string
      statistic  = optional(string, "Average")
      dimensions = optional(map(string), {})
    }))
  }))
  default = {}
}

variable "alert_routes" {
  description = "Who is told by SNS itself, by severity: e-mail addresses and phone numbers."
  type = list(object({
    severity = string
    channel  = string
    target   = string
  }))
  default = []
}

variable "dashboards" {
  description = "Which CloudWatch dashboards are made: operations, business, security."
  type        = list(string)
  default     = []
}

variable "tracing" {
  description = "X-Ray sampling; null: none."
  type = object({
    sampling_percent     = optional(number, 10)
    reservoir_per_second = optional(number, 1)
  })
  default = null
}

variable "file_system" {
  description = "Shared files, and at which path each service's containers see them; null: none."
  type = object({
    performance_mode       = optional(string, "generalPurpose")
    throughput_mode        = optional(string, "bursting")
    provisioned_mibps      = optional(number)
    infrequent_access_days = optional(number)
    backups                = optional(bool, true)
    mounts                 = optional(map(string), {})
  })
  default = null
}

variable "backup" {
  description = "Copies beside the database's own backups: region of the copies (null: none), weekly export and its bucket."
  type = object({
    copy_region   = optional(string)
    weekly_export = optional(bool, false)
    export_bucket = optional(string, "backups")
    force_destroy = optional(bool, false)
  })
  default = {}

  validation {
    condition = alltrue([
      for region in concat([var.backup.copy_region], [for bucket in var.buckets : bucket.replica_region]) :
      region == var.copy_region if region != null
    ])
    error_message = "Copies of buckets and backups go to copy_region."
  }
}

variable "audit_trail" {
  description = "CloudTrail; null: none."
  type = object({
    retention_days = optional(number, 365)
    glacier_days   = optional(number, 90)
    multi_region   = optional(bool, true)
    force_destroy  = optional(bool, false)
  })
  default = null
}
