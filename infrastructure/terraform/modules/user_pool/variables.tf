variable "name" {
  description = "Name of the pool, its client and its roles (at most 50 characters)."
  type        = string

  validation {
    condition     = length(var.name) <= 50
    error_message = "The names of roles made of it have at most 64 characters."
  }
}

variable "mfa" {
  description = "Second factor: OFF, OPTIONAL or ON."
  type        = string
  default     = "OPTIONAL"

  validation {
    condition     = contains(["OFF", "OPTIONAL", "ON"], var.mfa)
    error_message = "A second factor is OFF, OPTIONAL or ON."
  }
}

variable "mfa_methods" {
  description = "Kinds of second factor: SMS, TOTP."
  type        = list(string)
  default     = ["TOTP"]
}

variable "self_sign_up" {
  description = "Whether people may make their own accounts."
  type        = bool
  default     = true
}

variable "password_min_length" {
  description = "Shortest password that is taken."
  type        = number
  default     = 12
}

variable "sign_in_prefix" {
  description = "First part of the address of Cognito's own sign-in page; null: no such page."
  type        = string
  default     = null
}

variable "callback_urls" {
  description = "Where people come back to after signing in by a page; none: the application signs them in itself."
  type        = list(string)
  default     = []
}

variable "logout_urls" {
  description = "Where people come back to after signing out."
  type        = list(string)
  default     = []
}

variable "social_providers" {
  description = "Google and Facebook, with the secret that holds JSON with client_id and client_secret, and its version (null: the current one)."
  type = map(object({
    secret_arn = string
    version_id = optional(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.social_providers) : contains(["Google", "Facebook"], name)])
    error_message = "Providers are Google and Facebook."
  }
}

variable "identities" {
  description = "Credentials of AWS for users, with buckets in which each has a folder; null: none."
  type = object({
    bucket_arns = optional(list(string), [])
  })
  default = null
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the pool with its users."
  type        = bool
  default     = false
}
