resource "aws_xray_sampling_rule" "this" {
  rule_name      = var.name
  priority       = 1000
  version        = 1
  reservoir_size = var.reservoir_per_second
  fixed_rate     = var.sampling_percent / 100
  service_name   = var.service_name
  service_type   = "*"
  host           = "*"
  http_method    = "*"
  url_path       = "*"
  resource_arn   = "*"
}
