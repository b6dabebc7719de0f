variable "name" {
  description = "Name of the load balancer (at most 32 characters)."
  type        = string

  validation {
    condition     = length(var.name) <= 32
    error_message = "Load balancer names have at most 32 characters."
  }
}

variable "scheme" {
  description = "internet-facing or internal."
  type        = string
  default     = "internet-facing"

  validation {
    condition     = contains(["internet-facing", "internal"], var.scheme)
    error_message = "scheme must be internet-facing or internal."
  }
}

variable "subnet_ids" {
  description = "Subnets, one per zone."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group."
  type        = string
}

variable "idle_timeout_seconds" {
  description = "Idle time-out of a connection, in seconds."
  type        = number
  default     = 60
}

variable "https" {
  description = "Whether it serves HTTPS and sends HTTP there. Said apart from the certificate, which may only be known once it is made."
  type        = bool
  default     = false
}

variable "certificate_arn" {
  description = "ACM certificate, with https."
  type        = string
  default     = null
}

variable "ssl_policy" {
  description = "TLS policy of the HTTPS listener."
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-2-2021-06"
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the load balancer."
  type        = bool
  default     = false
}

variable "access_logs" {
  description = "Whether access logs are written; the bucket may only be known once it is made."
  type        = bool
  default     = false
}

variable "access_logs_bucket" {
  description = "Bucket for access logs, with access_logs."
  type        = string
  default     = null
}
