variable "zone" {
  description = "Hosted zone, such as example.com."
  type        = string
}

variable "create_zone" {
  description = "Whether the zone is made here; false: it exists."
  type        = bool
  default     = false
}

variable "names" {
  description = "Names in the zone that point at the target."
  type        = list(string)

  validation {
    condition     = alltrue([for name in var.names : name == var.zone || endswith(name, ".${var.zone}")])
    error_message = "Every name must be in the zone."
  }
}

variable "target" {
  description = "Load balancer or distribution that the names point at: its DNS name and that name's hosted zone; null: no records."
  type = object({
    dns_name = string
    zone_id  = string
  })
  default = null
}
