variable "name" {
  description = "Name of the group, of its launch template and of the capacity provider."
  type        = string

  validation {
    condition     = !can(regex("^(aws|ecs|fargate)", var.name))
    error_message = "ECS takes no capacity provider whose name begins with aws, ecs or fargate."
  }
}

variable "cluster_name" {
  description = "Cluster that the instances join."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the instances."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the instances, one per zone; they need a way out to ECS."
  type        = list(string)
}

variable "instance_types" {
  description = "Instance types, the preferred one first; all of one architecture."
  type        = list(string)

  validation {
    condition     = length(var.instance_types) > 0
    error_message = "At least one instance type is needed."
  }
}

variable "cpu_architecture" {
  description = "Architecture of the instances and of the images they run: X86_64 or ARM64."
  type        = string
  default     = "X86_64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "cpu_architecture must be X86_64 or ARM64."
  }
}

variable "size" {
  description = "Fewest and most instances."
  type = object({
    min = number
    max = number
  })

  validation {
    condition     = var.size.min >= 0 && var.size.min <= var.size.max
    error_message = "size.min must lie between 0 and size.max."
  }
}

variable "on_demand_base" {
  description = "Instances that are always on-demand, before the split applies."
  type        = number
  default     = 0
}

variable "spot_percent" {
  description = "Share of the instances above the base that are spot, in whole percent."
  type        = number
  default     = 0

  validation {
    condition     = var.spot_percent >= 0 && var.spot_percent <= 100 && floor(var.spot_percent) == var.spot_percent
    error_message = "spot_percent must be a whole number between 0 and 100."
  }
}

variable "target_capacity_percent" {
  description = "How full managed scaling keeps the instances, in whole percent."
  type        = number
  default     = 100
}

variable "root_volume_gib" {
  description = "Size of the root volume, which holds the images, in GiB; ECS's own image needs 30."
  type        = number
  default     = 30
}

variable "start" {
  description = "When size.min instances are started each working day (a cron expression of Auto Scaling, and its time zone); null: they always run."
  type = object({
    recurrence = string
    time_zone  = string
  })
  default = null
}
