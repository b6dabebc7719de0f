variable "prefix" {
  description = "Prefix of the dashboards' names."
  type        = string
}

variable "dashboards" {
  description = "Dashboards, by name: their widgets, each with a title and CloudWatch metrics ([namespace, metric, dimension, value, ...])."
  type = map(list(object({
    title     = string
    statistic = optional(string, "Average")
    metrics   = list(list(string))
  })))
}
