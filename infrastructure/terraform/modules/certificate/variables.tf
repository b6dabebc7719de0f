variable "names" {
  description = "Names on the certificate, the first one being its subject."
  type        = list(string)

  validation {
    condition     = length(var.names) > 0 && length(var.names) == length(distinct(var.names))
    error_message = "There must be at least one name, and each only once."
  }
}

variable "zone_id" {
  description = "Hosted zone that the names are validated in."
  type        = string
}
