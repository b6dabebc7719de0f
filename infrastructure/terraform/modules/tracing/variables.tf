variable "name" {
  description = "Name of the sampling rule (at most 32 characters)."
  type        = string

  validation {
    condition     = length(var.name) <= 32
    error_message = "X-Ray takes rule names of at most 32 characters."
  }
}

variable "service_name" {
  description = "X-Ray service names that the rule applies to (wildcards allowed)."
  type        = string
}

variable "sampling_percent" {
  description = "Share of requests traced, in percent."
  type        = number
}

variable "reservoir_per_second" {
  description = "Requests per second that are always traced."
  type        = number
  default     = 1
}
