variable "name" {
  description = "Prefix of the function's name."
  type        = string
}

variable "secrets" {
  description = "Secrets to rotate, by key: interval in days, the secret that holds the bare password (null: itself), the other entries that contain it, and where the password is asked for."
  type = map(object({
    arn                 = string
    interval_days       = number
    length              = optional(number, 40)
    password_secret_arn = optional(string)
    followers           = optional(list(string), [])
    database            = optional(object({ identifier = string, arn = string }))
    redis_user          = optional(object({ id = string, arn = string }))
  }))

  validation {
    condition     = alltrue([for secret in var.secrets : secret.interval_days >= 1 && secret.interval_days <= 1000])
    error_message = "Secrets Manager takes intervals of 1 to 1000 days."
  }
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
