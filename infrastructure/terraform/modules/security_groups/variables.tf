variable "name" {
  description = "Prefix of the groups' names."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the groups."
  type        = string
}

variable "load_balancer" {
  description = "Who may connect to the load balancer, and on which ports; CloudFront's addresses (a prefix list) on one port; null: there is none."
  type = object({
    allowed_cidrs   = list(string)
    ports           = list(number)
    cdn_prefix_list = optional(string)
    cdn_port        = optional(number)
  })
  default = null
}

variable "services" {
  description = "Services, by name: whether the load balancer leads to them, who calls them, and what they call."
  type = map(object({
    is_routed     = optional(bool, false)
    receives_from = optional(list(string), [])
    uses_database = optional(bool, false)
    uses_cache    = optional(bool, false)
    uses_files    = optional(bool, false)
  }))
}

variable "database_port" {
  description = "Port of the database; null: there is none."
  type        = number
  default     = null
}

variable "cache_port" {
  description = "Port of Redis; null: there is none."
  type        = number
  default     = null
}

variable "file_system_port" {
  description = "Port of the shared files (NFS); null: there are none."
  type        = number
  default     = null
}
