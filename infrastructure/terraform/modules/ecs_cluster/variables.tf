variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "container_insights" {
  description = "CloudWatch Container Insights."
  type        = bool
  default     = true
}

variable "capacity_providers" {
  description = "Capacity providers over instances, beside Fargate's two."
  type        = list(string)
  default     = []
}
