variable "name" {
  type = string
}

variable "owner" {
  type = string
}

variable "settings" {
  type = map(string)
}

variable "retention_days" {
  type = number
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/teams/${var.name}"
  retention_in_days = var.retention_days
}

module "parameters" {
  source = "../parameters"

  folder = "/teams/${var.name}"
  values = merge({ owner = var.owner }, var.settings)
}

output "log_group" {
  value = aws_cloudwatch_log_group.this.name
}
