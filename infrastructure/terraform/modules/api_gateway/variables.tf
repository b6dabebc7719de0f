variable "name" {
  description = "Name of the API and first part of its usage plans' names."
  type        = string
}

variable "origin" {
  description = "Address that requests are passed on to, without a slash at its end: https://shop.example.com."
  type        = string

  validation {
    condition     = can(regex("^https?://[^/]+$", var.origin))
    error_message = "An origin is a scheme and a host, such as https://shop.example.com."
  }
}

variable "usage_plans" {
  description = "Usage plans, by tier; none: no key is asked for."
  type = map(object({
    requests_per_minute = number
    burst               = optional(number, 100)
    requests_per_month  = optional(number)
  }))
  default = {}
}

variable "cache" {
  description = "Cache of GET requests: seconds (0: none), size in GB, and what tells answers apart beside the path."
  type = object({
    ttl_seconds      = optional(number, 0)
    size_gb          = optional(string, "0.5")
    query_parameters = optional(list(string), [])
    headers          = optional(list(string), ["Authorization", "Cookie"])
  })
  default = {}

  validation {
    condition     = var.cache.ttl_seconds >= 0 && var.cache.ttl_seconds <= 3600
    error_message = "API Gateway caches for an hour at most."
  }
}

variable "tracing" {
  description = "Whether X-Ray samples requests here."
  type        = bool
  default     = false
}
