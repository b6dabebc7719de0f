variable "repositories" {
  description = "Names of the repositories, by key."
  type        = map(string)
}

variable "scan_on_push" {
  description = "Scan images for known vulnerabilities."
  type        = bool
  default     = true
}

variable "immutable_tags" {
  description = "Whether a tag may never be moved."
  type        = bool
  default     = false
}

variable "keep_images" {
  description = "Images that the lifecycle policy keeps."
  type        = number
  default     = 10

  validation {
    condition     = var.keep_images >= 1
    error_message = "keep_images must be at least 1."
  }
}

variable "untagged_days" {
  description = "Delete untagged images after so many days; null: they count like the others."
  type        = number
  default     = 7
}

variable "force_delete" {
  description = "Whether a destroy may delete repositories that hold images."
  type        = bool
  default     = false
}

variable "replica_region" {
  description = "Region that images are copied to when they are pushed; null: none."
  type        = string
  default     = null
}
