variable "prefix" {
  description = "First part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+$", var.prefix))
    error_message = "The prefix is lower-case letters."
  }
}

variable "teams" {
  description = "Teams by name, each with what it is configured with."
  type = map(object({
    owner    = string
    settings = optional(map(string), {})
  }))
}

variable "retention_days" {
  type    = number
  default = 7
}

variable "token" {
  description = "What the teams sign their calls with."
  type        = string
  sensitive   = true
  ephemeral   = true
}
