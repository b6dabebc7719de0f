mock_provider "aws" {
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
      domain_validation_options = [
        { domain_name = "example.com", resource_record_name = "_a.example.com", resource_record_type = "CNAME", resource_record_value = "_x.acm" },
        { domain_name = "*.example.com", resource_record_name = "_a.example.com", resource_record_type = "CNAME", resource_record_value = "_x.acm" },
        { domain_name = "shop.example.com", resource_record_name = "_b.example.com", resource_record_type = "CNAME", resource_record_value = "_y.acm" },
      ]
    }
  }

  mock_resource "aws_acm_certificate_validation" {
    defaults = { certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1" }
  }
}

variables {
  zone_id = "ZONE"
  names   = ["example.com", "*.example.com", "shop.example.com"]
}

run "every_name_is_validated_and_a_wildcard_by_the_record_of_its_name" {
  assert {
    condition     = { for name, record in aws_route53_record.validation : name => record.name } == { "example.com" = "_a.example.com", "shop.example.com" = "_b.example.com" }
    error_message = "There is one record for each name, wildcards left out."
  }

  assert {
    condition     = aws_acm_certificate.this.domain_name == "example.com" && aws_acm_certificate.this.validation_method == "DNS"
    error_message = "The first name is the certificate's subject, and it is validated by DNS."
  }
}

run "a_name_that_stands_twice_is_refused" {
  command = plan

  variables {
    names = ["example.com", "example.com"]
  }

  expect_failures = [var.names]
}
