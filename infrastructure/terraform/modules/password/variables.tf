variable "name" {
  description = "Name of the secret."
  type        = string
}

variable "description" {
  description = "What it is for, for people."
  type        = string
}

variable "generation" {
  description = "Raise by one to have a new password made."
  type        = number
  default     = 1
}
