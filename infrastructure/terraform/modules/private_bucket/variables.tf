variable "name" {
  description = "Global name of the bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.name))
    error_message = "Bucket names have 3 to 63 characters: lower-case letters, digits, dots, hyphens."
  }
}

variable "force_destroy" {
  description = "Whether a destroy may delete the bucket with what is in it."
  type        = bool
  default     = false
}

variable "versioning" {
  description = "Whether what is replaced or deleted is kept."
  type        = bool
  default     = true
}

# An object, since whether there is a key must be known before its ARN is.
variable "kms_key" {
  description = "KMS key that encrypts; null: S3's own key."
  type        = object({ arn = string })
  default     = null
}

variable "policies" {
  description = "Policies of who may do what, as JSON; that nobody comes without TLS is added."
  type        = list(string)
  default     = []
}

variable "ages" {
  description = "After how many days objects move to STANDARD_IA and GLACIER and go, and replaced versions go; null: they stay."
  type = object({
    infrequent_access_days = optional(number)
    glacier_days           = optional(number)
    expire_days            = optional(number)
    noncurrent_expire_days = optional(number)
  })
  default = null
}
