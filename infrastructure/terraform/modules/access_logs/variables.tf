variable "bucket" {
  description = "Name of the bucket."
  type        = string
}

variable "retention_days" {
  description = "How long access logs are kept, in days."
  type        = number
  default     = 90
}
