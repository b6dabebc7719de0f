variable "name" {
  description = "Prefix of roles, function and schedule."
  type        = string
}

variable "database" {
  description = "Database: identifier, ARN, and the key that its snapshots and the exports are encrypted with."
  type = object({
    identifier  = string
    arn         = string
    kms_key_arn = string
  })
}

variable "bucket" {
  description = "Bucket that exports go to: name and ARN."
  type = object({
    name = string
    arn  = string
  })
}

variable "prefix" {
  description = "Prefix of the exports in the bucket."
  type        = string
  default     = "database-exports"
}

variable "schedule" {
  description = "When, as a cron expression of EventBridge Scheduler, in UTC."
  type        = string
  default     = "cron(0 9 ? * SUN *)"
}

variable "log_retention_days" {
  description = "How long the function's logs are kept, in days."
  type        = number
  default     = 30
}

variable "log_kms_key_arn" {
  description = "KMS key for the function's logs; null: CloudWatch's own encryption."
  type        = string
  default     = null
}
