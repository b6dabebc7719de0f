variable "name" {
  description = "Name of the VPC and prefix of what lies in it."
  type        = string
}

variable "cidr" {
  description = "IPv4 CIDR block of the VPC."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr))
    error_message = "cidr must be an IPv4 CIDR block such as 10.0.0.0/16."
  }
}

variable "zone_count" {
  description = "Number of availability zones in use."
  type        = number

  validation {
    condition     = contains([2, 3], var.zone_count)
    error_message = "zone_count must be 2 or 3."
  }
}

variable "zones" {
  description = "Names of the zones; empty: the region's first ones."
  type        = list(string)
  default     = []
}

variable "subnets" {
  description = "CIDR blocks per tier, one per zone. Without database blocks, databases lie in the private subnets."
  type = object({
    public   = list(string)
    private  = list(string)
    database = optional(list(string), [])
  })

  validation {
    condition = alltrue([
      for blocks in [var.subnets.public, var.subnets.private, var.subnets.database] :
      length(blocks) == var.zone_count || (length(blocks) == 0 && blocks == var.subnets.database)
    ])
    error_message = "Each tier needs one block per zone; only the database tier may be empty."
  }
}

variable "nat_gateways" {
  description = "How private subnets reach the internet: none, by a single NAT gateway, or by one per zone."
  type        = string
  default     = "single"

  validation {
    condition     = contains(["none", "single", "per_zone"], var.nat_gateways)
    error_message = "nat_gateways must be none, single or per_zone."
  }
}

variable "network_acls" {
  description = "Whether each tier gets a network ACL of its own; without, AWS's default lets everything through."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "KMS key for the flow logs; null: CloudWatch's own encryption."
  type        = string
  default     = null
}

variable "flow_logs" {
  description = "VPC Flow Logs to CloudWatch Logs; null: none."
  type = object({
    traffic        = optional(string, "ALL")
    retention_days = optional(number, 30)
  })
  default = null
}
