variable "prefix" {
  description = "Prefix of the alarms' and topics' names."
  type        = string
}

variable "alarms" {
  description = "Alarms, by name. Each watches one metric, or (with `divisor`) 100 * metric / divisor; thresholds are in the unit of what is watched."
  type = map(object({
    description         = optional(string, "")
    severity            = string
    namespace           = string
    metric_name         = string
    dimensions          = map(string)
    statistic           = string
    divisor             = optional(string)
    above               = bool
    threshold           = number
    period_seconds      = number
    evaluation_periods  = number
    datapoints_to_alarm = optional(number)
    missing_data        = optional(string, "notBreaching")
  }))

  validation {
    condition     = alltrue([for alarm in var.alarms : contains(["info", "warning", "critical", "emergency"], alarm.severity)])
    error_message = "severity must be info, warning, critical or emergency."
  }
}

variable "subscriptions" {
  description = "E-mail addresses and phone numbers that are told of a severity."
  type = list(object({
    severity = string
    protocol = string
    endpoint = string
  }))
  default = []
}
