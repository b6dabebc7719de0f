variable "name" {
  description = "Name of the trail."
  type        = string
}

variable "bucket_name" {
  description = "Global name of the trail's bucket."
  type        = string
}

variable "retention_days" {
  description = "How long events are kept, in days; seven years are 2557."
  type        = number
  default     = 365
}

variable "glacier_days" {
  description = "Move to GLACIER after so many days; at retention_days or later: never."
  type        = number
  default     = 90
}

variable "multi_region" {
  description = "Whether all regions are recorded."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Whether a destroy may delete the bucket with the events in it."
  type        = bool
  default     = false
}
