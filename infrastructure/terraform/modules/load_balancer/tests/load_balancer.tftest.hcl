mock_provider "aws" {
  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/1" }
  }

  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/1/2" }
  }
}

variables {
  name              = "shop"
  subnet_ids        = ["subnet-a", "subnet-b"]
  security_group_id = "sg-1"
}

run "without_https_it_answers_plainly_and_nobody_elses_requests" {
  assert {
    condition     = length(aws_lb_listener.https) == 0 && aws_lb_listener.http.default_action[0].fixed_response[0].status_code == "404"
    error_message = "What no service's rule takes is not found."
  }

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && length(aws_lb.this.access_logs) == 0
    error_message = "Invalid headers are dropped, and nothing is logged where nobody asked for it."
  }
}

run "with_https_plain_requests_are_sent_there_under_tls_1_2_or_later" {
  variables {
    https           = true
    certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "HTTP redirects to HTTPS."
  }

  assert {
    condition     = aws_lb_listener.https[0].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06" && aws_lb_listener.https[0].certificate_arn == var.certificate_arn
    error_message = "TLS 1.2 at least, with the certificate given."
  }
}

run "access_logs_go_to_the_bucket" {
  variables {
    access_logs        = true
    access_logs_bucket = "shop-logs"
  }

  assert {
    condition     = aws_lb.this.access_logs[0].bucket == "shop-logs" && aws_lb.this.access_logs[0].enabled
    error_message = "Requests are logged."
  }
}

run "a_name_that_aws_would_not_take_is_refused" {
  command = plan

  variables {
    name = "a-name-that-is-longer-than-the-thirty-two-characters"
  }

  expect_failures = [var.name]
}
