variable "number" {
  description = "How many log groups."
  type        = number
  default     = 300
}

variable "retention_days" {
  type    = number
  default = 7
}

resource "aws_cloudwatch_log_group" "this" {
  count = var.number

  name              = format("/many/%03d", count.index)
  retention_in_days = var.retention_days
}

output "names" {
  value = aws_cloudwatch_log_group.this[*].name
}
