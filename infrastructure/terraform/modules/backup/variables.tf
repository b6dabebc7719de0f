variable "name" {
  description = "Name of plan and vault, and prefix of what belongs to them."
  type        = string
}

variable "resource_arns" {
  description = "What is backed up: ARNs of databases and file systems."
  type        = list(string)
}

variable "schedule" {
  description = "When, as a cron expression of AWS Backup, in UTC."
  type        = string
  default     = "cron(0 8 * * ? *)"
}

variable "retention_days" {
  description = "How long backups and their copies are kept, in days."
  type        = number
  default     = 7

  validation {
    condition     = var.retention_days >= 1
    error_message = "retention_days must be at least 1."
  }
}

variable "force_destroy" {
  description = "Whether a destroy may delete vaults with the backups in them."
  type        = bool
  default     = false
}
