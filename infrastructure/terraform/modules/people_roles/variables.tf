variable "name" {
  description = "Prefix of the roles' names."
  type        = string
}

variable "developers" {
  description = "Principals (ARNs of accounts, roles or users) that may take the developer role; none: there is no such role."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for principal in var.developers : can(regex("^arn:[a-z-]+:(iam|sts)::\\d{12}:", principal))])
    error_message = "Principals are ARNs of IAM, never \"*\"."
  }
}

variable "admins" {
  description = "Principals (ARNs of accounts, roles or users) that may take the admin role; none: there is no such role."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for principal in var.admins : can(regex("^arn:[a-z-]+:(iam|sts)::\\d{12}:", principal))])
    error_message = "Principals are ARNs of IAM, never \"*\"."
  }
}

variable "require_mfa" {
  description = "Whether a role is only given to who signed in with a second factor."
  type        = bool
  default     = true
}

variable "session_hours" {
  description = "Longest session, in hours (1 to 12)."
  type        = number
  default     = 4

  validation {
    condition     = var.session_hours >= 1 && var.session_hours <= 12
    error_message = "IAM takes sessions of 1 to 12 hours."
  }
}

variable "cluster_arn" {
  description = "ARN of the cluster."
  type        = string
}

variable "log_groups" {
  description = "ARNs of the log groups."
  type        = list(string)
}

variable "repositories" {
  description = "ARNs of the image repositories."
  type        = list(string)
  default     = []
}

variable "buckets" {
  description = "ARNs of the buckets."
  type        = list(string)
  default     = []
}

variable "secrets" {
  description = "Secrets and parameters, by key: ARN and store (secrets_manager or parameter_store)."
  type = map(object({
    arn   = string
    store = string
  }))
  default = {}
}

variable "databases" {
  description = "ARNs of the database instances."
  type        = list(string)
  default     = []
}
