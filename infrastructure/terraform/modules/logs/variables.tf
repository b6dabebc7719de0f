variable "name" {
  description = "Prefix of the key's alias."
  type        = string
}

variable "names" {
  description = "Names of the log groups, by key."
  type        = map(string)
}

variable "retention_days" {
  description = "How long events are kept, in days (one of CloudWatch's steps)."
  type        = number
  default     = 30
}

variable "encrypted" {
  description = "Whether the groups are encrypted with a KMS key of their own; without, with CloudWatch's."
  type        = bool
  default     = false
}
