data "aws_region" "this" {}

resource "aws_cloudwatch_dashboard" "this" {
  for_each = var.dashboards

  dashboard_name = "${var.prefix}-${each.key}"

  dashboard_body = jsonencode({
    widgets = [
      for index, widget in each.value : {
        type   = "metric"
        x      = (index % 2) * 12
        y      = floor(index / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = widget.title
          region  = data.aws_region.this.name
          stat    = widget.statistic
          period  = 300
          metrics = widget.metrics
        }
      }
    ]
  })
}
