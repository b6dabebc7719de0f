mock_provider "aws" {
  mock_data "aws_route53_zone" {
    defaults = { zone_id = "ZFOUND", name_servers = ["ns-1.example.net"] }
  }

  mock_resource "aws_route53_zone" {
    defaults = { zone_id = "ZMADE", name_servers = ["ns-2.example.net"] }
  }
}

variables {
  zone  = "example.com"
  names = ["example.com", "www.example.com"]
  target = {
    dns_name = "balancer.elb.amazonaws.com"
    zone_id  = "ZBALANCER"
  }
}

run "names_point_at_the_target_over_both_address_families" {
  assert {
    condition     = toset(keys(aws_route53_record.alias)) == toset(["example.com/A", "example.com/AAAA", "www.example.com/A", "www.example.com/AAAA"])
    error_message = "Each name has an A and an AAAA record."
  }

  assert {
    condition     = alltrue([for record in aws_route53_record.alias : record.zone_id == "ZFOUND" && record.alias[0].zone_id == "ZBALANCER"])
    error_message = "The records are in the zone that was found and point at the target's own zone."
  }
}

run "a_zone_is_made_only_on_request" {
  variables {
    create_zone = true
  }

  assert {
    condition     = length(aws_route53_zone.this) == 1 && output.zone_id == "ZMADE" && output.name_servers == tolist(["ns-2.example.net"])
    error_message = "The zone made here is the one that is used."
  }
}

run "without_a_target_there_are_no_records" {
  variables {
    target = null
  }

  assert {
    condition     = length(aws_route53_record.alias) == 0
    error_message = "Nothing is there to point at."
  }
}

run "a_name_outside_of_the_zone_is_refused" {
  command = plan

  variables {
    names = ["example.org"]
  }

  expect_failures = [var.names]
}
