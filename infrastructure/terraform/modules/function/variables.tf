variable "name" {
  description = "Name of the function and its role (at most 64 characters)."
  type        = string

  validation {
    condition     = length(var.name) <= 64
    error_message = "Names of functions and roles have at most 64 characters."
  }
}

variable "description" {
  description = "What it does, for people."
  type        = string
}

variable "code" {
  description = "Text of the Python file; it defines handler(event, context) and needs nothing but boto3."
  type        = string
}

variable "settings" {
  description = "What the function finds in its environment variable SETTINGS, as JSON; never a secret."
  type        = string

  validation {
    condition     = length(var.settings) <= 3900
    error_message = "Lambda takes 4 KiB of environment variables in all."
  }
}

variable "policy" {
  description = "IAM policy of what the function does, as JSON."
  type        = string
}

variable "timeout_seconds" {
  description = "Time-out, in seconds."
  type        = number
  default     = 60
}

variable "log_retention_days" {
  description = "How long its logs are kept, in days."
  type        = number
  default     = 30
}

variable "log_kms_key_arn" {
  description = "KMS key for its logs; null: CloudWatch's own encryption."
  type        = string
  default     = null
}
