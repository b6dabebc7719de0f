variable "name" {
  description = "Prefix of the replication role's name."
  type        = string
}

variable "buckets" {
  description = "Buckets, by key: global name, versioning, whether objects are copied to the region of the provider aws.replica, lifecycle ages in days, the sites whose pages reach it (CORS), and whether these write."
  type = map(object({
    name           = string
    versioning     = optional(bool, true)
    replicated     = optional(bool, false)
    force_destroy  = optional(bool, false)
    cors_origins   = optional(list(string), [])
    browsers_write = optional(bool, false)
    lifecycle = optional(object({
      infrequent_access_days = optional(number)
      glacier_days           = optional(number)
      expire_days            = optional(number)
      noncurrent_expire_days = optional(number)
    }))
  }))

  validation {
    condition     = alltrue([for bucket in var.buckets : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", bucket.name))])
    error_message = "Bucket names have 3 to 63 characters: lower-case letters, digits, dots, hyphens."
  }

  validation {
    condition     = alltrue([for bucket in var.buckets : bucket.versioning if bucket.replicated])
    error_message = "S3 copies versions: a replicated bucket needs versioning."
  }
}

# Apart from the buckets, which the distribution is made of.
variable "served_by" {
  description = "CloudFront distributions that read a bucket: their ARNs, by the bucket's key."
  type        = map(string)
  default     = {}
}
