mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  bucket         = "shop-logs"
  retention_days = 30
}

run "load_balancers_write_and_logs_end" {
  assert {
    condition     = output.bucket == "shop-logs"
    error_message = "It is the bucket that the load balancer is told of."
  }

  assert {
    condition     = toset([for statement in data.aws_iam_policy_document.this.statement : statement.sid]) == toset(["LogDeliveryWrites"])
    error_message = "Load balancers write, whatever the region."
  }
}
