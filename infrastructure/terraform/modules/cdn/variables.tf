variable "name" {
  description = "Name, as prefix of its policies."
  type        = string
}

variable "names" {
  description = "Names under which it is reached."
  type        = list(string)
  default     = []
}

variable "https" {
  description = "Whether it has a certificate for its names. Said apart from the certificate, which may only be known once it is made."
  type        = bool
  default     = false
}

variable "certificate_arn" {
  description = "ACM certificate in us-east-1, with https."
  type        = string
  default     = null
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

variable "default_ttl_seconds" {
  description = "How long answers of the services are cached that do not say so themselves, in seconds."
  type        = number
  default     = 0
}

variable "compress" {
  description = "Whether answers are compressed at the edge."
  type        = bool
  default     = true
}

variable "balancer" {
  description = "Load balancer behind it: DNS name, and whether it serves HTTPS; null: none."
  type = object({
    dns_name = string
    https    = bool
  })
  default = null
}

variable "bucket" {
  description = "Bucket that serves the static paths; null: none."
  type = object({
    regional_domain_name = string
  })
  default = null
}

variable "static_paths" {
  description = "Path patterns served from the bucket."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.static_paths) == 0 || var.bucket != null
    error_message = "Static paths need a bucket."
  }
}

variable "web_acl_arn" {
  description = "Firewall (scope CLOUDFRONT, in us-east-1); null: none."
  type        = string
  default     = null
}
