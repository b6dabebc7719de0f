variable "names" {
  description = "Names of the log groups, by key."
  type        = map(string)
}

variable "retention_days" {
  description = "How long events are kept, in days (one of CloudWatch's steps)."
  type        = number
  default     = 30
}

variable "kms_key_arn" {
  description = "KMS key for the groups; null: CloudWatch's own encryption."
  type        = string
  default     = null
}
