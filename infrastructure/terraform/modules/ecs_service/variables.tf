variable "name" {
  description = "Name of the service in its cluster."
  type        = string
}

variable "prefix" {
  description = "Prefix (SYSTEM-ENVIRONMENT) of names that must be unique in the account."
  type        = string
}

variable "cluster" {
  description = "Cluster: name and ARN."
  type = object({
    name = string
    arn  = string
  })
}

variable "capacity" {
  description = "Where tasks run: what their definition is compatible with (FARGATE or EC2), and capacity providers with their weights (whole numbers). All providers are Fargate's, or none is."
  type = object({
    compatibility = optional(string, "FARGATE")
    providers     = optional(map(number), { FARGATE = 100 })
  })
  default = {}

  validation {
    condition     = contains(["FARGATE", "EC2"], var.capacity.compatibility)
    error_message = "capacity.compatibility must be FARGATE or EC2."
  }

  validation {
    condition     = alltrue([for weight in var.capacity.providers : weight >= 0 && floor(weight) == weight]) && sum(values(var.capacity.providers)) > 0
    error_message = "Weights of capacity providers are whole numbers, and at least one is above 0."
  }
}

variable "containers" {
  description = "Containers of the task, by name. Images are not configuration: releases bring them."
  type = map(object({
    port                     = optional(number)
    essential                = optional(bool, true)
    cpu_units                = optional(number)
    memory_mib               = optional(number)
    command                  = optional(list(string), [])
    user                     = optional(string)
    readonly_root_filesystem = optional(bool, false)
    environment              = optional(map(string), {})
    secrets                  = optional(map(string), {})
    repository_url           = string
    health_check = optional(object({
      command              = list(string)
      interval_seconds     = optional(number, 30)
      timeout_seconds      = optional(number, 5)
      retries              = optional(number, 3)
      start_period_seconds = optional(number, 0)
    }))
  }))
}

variable "task" {
  description = "Size of a task: CPU units, memory in MiB, ephemeral storage in GiB, architecture, stop time-out in seconds."
  type = object({
    cpu_units             = number
    memory_mib            = number
    ephemeral_storage_gib = optional(number)
    cpu_architecture      = optional(string, "X86_64")
    stop_timeout_seconds  = optional(number, 30)
  })
}

variable "counts" {
  description = "Tasks that the first release starts with (and that stay, without scaling policies), and the bounds of autoscaling."
  type = object({
    desired = number
    min     = number
    max     = number
  })

  validation {
    condition     = var.counts.min >= 0 && var.counts.min <= var.counts.max
    error_message = "counts.min must lie between 0 and counts.max."
  }
}

variable "network" {
  description = "Where tasks run."
  type = object({
    vpc_id             = string
    subnet_ids         = list(string)
    security_group_ids = list(string)
    assign_public_ip   = optional(bool, false)
  })

  validation {
    condition     = !(var.network.assign_public_ip && var.capacity.compatibility == "EC2")
    error_message = "Tasks on EC2 instances cannot have public addresses: give them private subnets."
  }
}

variable "routing" {
  description = "Way through the load balancer; null: none."
  type = object({
    listener_arn                 = string
    container                    = string
    port                         = number
    paths                        = optional(list(string), ["/*"])
    hosts                        = optional(list(string), [])
    priority                     = optional(number, 100)
    deregistration_delay_seconds = optional(number, 30)
    slow_start_seconds           = optional(number, 0)
    stickiness_seconds           = optional(number)
    grace_seconds                = optional(number, 60)
    health_check = object({
      path                = string
      matcher             = optional(string, "200")
      interval_seconds    = optional(number, 30)
      timeout_seconds     = optional(number, 5)
      healthy_threshold   = optional(number, 3)
      unhealthy_threshold = optional(number, 3)
    })
  })
  default = null

  validation {
    condition     = var.routing == null || try(startswith(var.routing.health_check.path, "/"), false)
    error_message = "The health check's path must begin with a slash."
  }
}

variable "autoscaling" {
  description = "Scaling policies; null: a fixed count."
  type = object({
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
  })
  default = null
}

variable "schedule" {
  description = "When the service is scaled down to off_hours_count tasks and up again: cron expressions of Application Auto Scaling in a time zone; null: never. Where off_hours_count is not below the fewest tasks, nothing is scheduled."
  type = object({
    time_zone       = string
    start           = string
    stop            = string
    off_hours_count = number
  })
  default = null
}

variable "service_connect" {
  description = "Service Connect: ARN of the namespace, and (where others find the service) its name there with the container and port that answer; null: the service neither finds nor is found."
  type = object({
    namespace_arn = string
    name          = optional(string)
    container     = optional(string)
    port          = optional(number)
  })
  default = null
}

variable "log_group" {
  description = "Log group of the containers: name and ARN."
  type = object({
    name = string
    arn  = string
  })
}

variable "permissions" {
  description = "What tasks may reach: secrets and parameters at start, repositories, buckets, keys; tracing and ECS Exec."
  type = object({
    secret_arns     = optional(list(string), [])
    parameter_arns  = optional(list(string), [])
    repository_arns = optional(list(string), [])
    bucket_arns     = optional(list(string), [])
    tracing         = optional(bool, false)
    execute_command = optional(bool, false)
  })
  default = {}
}

variable "file_system" {
  description = "Shared files that all containers see at `path`; null: none."
  type = object({
    id           = string
    arn          = string
    access_point = object({ id = string, arn = string })
    path         = string
  })
  default = null
}
