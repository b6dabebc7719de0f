variable "secrets" {
  description = "Entries, by key: name in the store, kind, store, and the rule of generated values. Holds no value but those of kind plain, which are not secret."
  type = map(object({
    name        = string
    kind        = string
    store       = optional(string, "secrets_manager")
    description = optional(string, "")
    length      = optional(number, 64)
    generation  = optional(number, 1)
    value       = optional(string)
  }))

  validation {
    condition = alltrue([
      for secret in var.secrets :
      contains(["generated", "database_credentials", "database_url", "redis_url", "plain", "external"], secret.kind)
    ])
    error_message = "kind must be generated, database_credentials, database_url, redis_url, plain or external."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : contains(["secrets_manager", "parameter_store"], secret.store)])
    error_message = "store must be secrets_manager or parameter_store."
  }
}

variable "database" {
  description = "The database that connection strings are composed for; null: none."
  type = object({
    address             = string
    port                = number
    name                = string
    username            = string
    master_secret_arn   = string
    password_generation = number
  })
  default = null
}

variable "cache" {
  description = "The Redis that connection strings are composed for; null: none."
  type = object({
    address             = string
    port                = number
    username            = string
    password_secret_arn = string
    password_generation = number
  })
  default = null
}
