variable "name" {
  description = "Name of the file system and prefix of what belongs to it."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the mount targets, one per zone."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the mount targets."
  type        = string
}

variable "performance_mode" {
  description = "EFS performance mode: generalPurpose or maxIO."
  type        = string
  default     = "generalPurpose"
}

variable "throughput_mode" {
  description = "EFS throughput mode: bursting, elastic or provisioned."
  type        = string
  default     = "bursting"

  validation {
    condition     = (var.throughput_mode == "provisioned") == (var.provisioned_mibps != null)
    error_message = "The throughput mode provisioned, and no other, needs provisioned_mibps."
  }
}

variable "provisioned_mibps" {
  description = "Provisioned throughput, in MiB/s; null: none."
  type        = number
  default     = null
}

variable "infrequent_access_days" {
  description = "Move files that were not read for so many days (7, 14, 30, 60 or 90); null: never."
  type        = number
  default     = null
}

variable "backups" {
  description = "Daily backups by AWS Backup's default plan."
  type        = bool
  default     = true
}

variable "owner" {
  description = "User and group that every service writes as."
  type = object({
    uid = number
    gid = number
  })
  default = { uid = 1000, gid = 1000 }
}
