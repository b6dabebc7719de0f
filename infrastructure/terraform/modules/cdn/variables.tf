variable "name" {
  description = "Name of the environment: prefix of the policies' names."
  type        = string
}

variable "names" {
  description = "Names under which viewers reach it; empty: CloudFront's own name only."
  type        = list(string)
  default     = []
}

variable "certificate_arn" {
  description = "Certificate for the names, in us-east-1."
  type        = string
  default     = null
}

variable "load_balancer" {
  description = "Load balancer behind it, whether it serves HTTPS, and how long it waits, in seconds; null: only the bucket."
  type = object({
    dns_name             = string
    https                = bool
    idle_timeout_seconds = optional(number, 60)
  })
  default = null
}

variable "static" {
  description = "Bucket of the static files, by its regional domain name; null: none."
  type        = object({ domain_name = string })
  default     = null
}

variable "static_paths" {
  description = "Path patterns served from the bucket, the first match wins."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.static_paths) == 0 || var.static != null
    error_message = "Static paths need a bucket."
  }
}

variable "default_ttl_seconds" {
  description = "How long answers are cached that do not say so themselves, in seconds."
  type        = number
  default     = 0
}

variable "compress" {
  description = "Whether answers are compressed at the edge (gzip, Brotli)."
  type        = bool
  default     = true
}

variable "price_class" {
  description = "Edge locations in use."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "web_acl_arn" {
  description = "Web ACL of scope CLOUDFRONT; null: none."
  type        = string
  default     = null
}

variable "additional_metrics" {
  description = "Whether CloudFront measures the hit ratio too, which it charges for."
  type        = bool
  default     = false
}
