variable "name" {
  description = "Identifier of the instance and prefix of what belongs to it."
  type        = string
}

variable "secret_name" {
  description = "Name of the secret that holds the master user's password."
  type        = string
}

variable "engine_version" {
  description = "PostgreSQL version: major, or major and minor."
  type        = string
}

variable "instance_class" {
  description = "RDS instance class."
  type        = string

  validation {
    condition     = startswith(var.instance_class, "db.")
    error_message = "instance_class must begin with db."
  }
}

variable "database_name" {
  description = "Name of the first database."
  type        = string
}

variable "username" {
  description = "Name of the master user."
  type        = string
}

variable "password_generation" {
  description = "Raise by one to set a new master password."
  type        = number
  default     = 1
}

variable "subnet_ids" {
  description = "Subnets, in two zones at least."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group."
  type        = string
}

variable "multi_az" {
  description = "Standby in a second zone."
  type        = bool
  default     = false
}

variable "storage" {
  description = "Volume type, provisioned IOPS (null: what the type gives), size at the start and limit of growth in GiB (null: no growth)."
  type = object({
    type    = optional(string, "gp3")
    iops    = optional(number)
    gib     = number
    max_gib = optional(number)
  })
}

variable "backup" {
  description = "Retention in days (0: no backups), daily window in UTC, and whether deletion takes a last snapshot."
  type = object({
    retention_days = number
    window         = optional(string, "05:00-06:00")
    final_snapshot = optional(bool, false)
  })
}

variable "maintenance_window" {
  description = "Weekly maintenance window, UTC."
  type        = string
  default     = "sun:03:00-sun:04:00"
}

variable "apply_immediately" {
  description = "Whether changes that interrupt it are made at once; false: in the maintenance window."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the instance."
  type        = bool
  default     = false
}

variable "log_exports" {
  description = "Logs sent to CloudWatch Logs."
  type        = list(string)
  default     = ["postgresql"]
}

variable "log_retention_days" {
  description = "How long exported logs are kept, in days."
  type        = number
  default     = 30
}

variable "log_kms_key_arn" {
  description = "KMS key for exported logs; null: CloudWatch's own encryption."
  type        = string
  default     = null
}

variable "enhanced_monitoring_seconds" {
  description = "Interval of Enhanced Monitoring, in seconds; 0: off."
  type        = number
  default     = 0

  validation {
    condition     = contains([0, 1, 5, 10, 15, 30, 60], var.enhanced_monitoring_seconds)
    error_message = "enhanced_monitoring_seconds must be 0, 1, 5, 10, 15, 30 or 60."
  }
}

variable "read_replicas" {
  description = "Number of read replicas; RDS replicates only a source that has automated backups."
  type        = number
  default     = 0

  validation {
    condition     = var.read_replicas == 0 || var.backup.retention_days > 0
    error_message = "Read replicas need automated backups: backup.retention_days of 1 or more."
  }
}

variable "performance_insights" {
  description = "RDS Performance Insights, kept for 7 days."
  type        = bool
  default     = false
}

variable "parameters" {
  description = "Parameters beside rds.force_ssl, which is always 1."
  type        = map(string)
  default     = {}
}
