variable "name" {
  description = "Name of the web ACL."
  type        = string
}

variable "scope" {
  description = "REGIONAL (a load balancer), or CLOUDFRONT (with a provider in us-east-1)."
  type        = string
  default     = "REGIONAL"

  validation {
    condition     = contains(["REGIONAL", "CLOUDFRONT"], var.scope)
    error_message = "scope must be REGIONAL or CLOUDFRONT."
  }
}

variable "resource_arn" {
  description = "Load balancer that it protects, with scope REGIONAL."
  type        = string
  default     = null
}

variable "rate_limit" {
  description = "Requests per client address in the window; null: no limit."
  type        = number
  default     = 2000

  validation {
    condition     = var.rate_limit == null || try(var.rate_limit >= 10, false)
    error_message = "WAF takes rate limits of 10 and more."
  }
}

variable "rate_window_seconds" {
  description = "Window of the rate limit, in seconds."
  type        = number
  default     = 300

  validation {
    condition     = contains([60, 120, 300, 600], var.rate_window_seconds)
    error_message = "rate_window_seconds must be 60, 120, 300 or 600."
  }
}

variable "managed_rule_groups" {
  description = "AWS managed rule groups, in order."
  type        = list(string)
  default     = ["AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet"]
}

variable "blocked_countries" {
  description = "Countries to block (ISO 3166-1 alpha-2)."
  type        = list(string)
  default     = []
}

variable "allowed_countries" {
  description = "The only countries to let in; empty: all."
  type        = list(string)
  default     = []
}

variable "log_retention_days" {
  description = "WAF logs kept, in days; null: not logged."
  type        = number
  default     = null
}
