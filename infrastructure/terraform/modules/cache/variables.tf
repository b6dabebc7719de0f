variable "name" {
  description = "Id of the replication group (at most 40 characters)."
  type        = string

  validation {
    condition     = length(var.name) <= 40
    error_message = "Replication group ids have at most 40 characters."
  }
}

variable "secret_name" {
  description = "Name of the secret that holds the user's password."
  type        = string
}

variable "password_generation" {
  description = "Raise by one to set a new password."
  type        = number
  default     = 1
}

variable "engine_version" {
  description = "Redis version."
  type        = string
  default     = "7.1"
}

variable "node_type" {
  description = "ElastiCache node type."
  type        = string

  validation {
    condition     = startswith(var.node_type, "cache.")
    error_message = "node_type must begin with cache."
  }
}

variable "replicas" {
  description = "Replicas of each primary."
  type        = number
  default     = 0
}

variable "shards" {
  description = "Shards (cluster mode)."
  type        = number
  default     = 1
}

variable "cluster_mode" {
  description = "Redis Cluster protocol."
  type        = bool
  default     = false
}

variable "automatic_failover" {
  description = "A replica takes over by itself."
  type        = bool
  default     = false
}

variable "snapshot_retention_days" {
  description = "Daily snapshots, in days; 0: none."
  type        = number
  default     = 0
}

variable "maintenance_window" {
  description = "Weekly maintenance window, UTC."
  type        = string
  default     = "sun:04:00-sun:05:00"
}

variable "max_memory_policy" {
  description = "What Redis does when its memory is full."
  type        = string
  default     = "volatile-lru"
}

variable "subnet_ids" {
  description = "Subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group."
  type        = string
}
