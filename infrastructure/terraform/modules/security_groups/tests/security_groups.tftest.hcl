# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {}

variables {
  name             = "shop-staging"
  vpc_id           = "vpc-1"
  load_balancer    = { allowed_cidrs = ["0.0.0.0/0"], ports = [80, 443] }
  database_port    = 5432
  cache_port       = 6379
  file_system_port = 2049
  services = {
    web = { is_routed = true }
    api = { receives_from = ["web"], uses_database = true, uses_files = true }
    job = { uses_cache = true }
  }
}

run "each_connection_is_an_edge_and_there_are_no_others" {
  command = plan

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.routed) == ["web"] && keys(aws_vpc_security_group_ingress_rule.service) == ["web:api"]
    error_message = "The load balancer reaches web, and web reaches api."
  }

  assert {
    condition     = alltrue([for rule in [aws_vpc_security_group_ingress_rule.routed["web"], aws_vpc_security_group_egress_rule.load_balancer["web"], aws_vpc_security_group_ingress_rule.service["web:api"]] : rule.from_port == 0 && rule.to_port == 65535])
    error_message = "A port that moves closes the way to no task that still has the old one."
  }

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.database) == ["api"] && keys(aws_vpc_security_group_ingress_rule.cache) == ["job"] && keys(aws_vpc_security_group_ingress_rule.file_system) == ["api"]
    error_message = "Stores are open to whom they were declared for."
  }

  assert {
    condition     = alltrue([for rules in [aws_vpc_security_group_ingress_rule.routed, aws_vpc_security_group_ingress_rule.service, aws_vpc_security_group_ingress_rule.database, aws_vpc_security_group_ingress_rule.cache, aws_vpc_security_group_ingress_rule.file_system] : alltrue([for rule in rules : rule.cidr_ipv4 == null])])
    error_message = "Inside, rules name groups and never addresses."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.file_system["api"].from_port == 2049
    error_message = "NFS is 2049."
  }
}

run "with_a_cdn_its_addresses_alone_reach_the_load_balancer" {
  command = plan

  variables {
    load_balancer = { allowed_cidrs = [], ports = [80, 443], cdn_prefix_list = "pl-1", cdn_port = 443 }
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.public) == 0
    error_message = "Nobody goes past the CDN."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.cdn[0].prefix_list_id == "pl-1" && aws_vpc_security_group_ingress_rule.cdn[0].from_port == 443
    error_message = "CloudFront's addresses come in on one port, since their list fills a group by itself."
  }
}

run "stores_that_are_not_there_have_no_groups" {
  command = plan

  variables {
    database_port    = null
    cache_port       = null
    file_system_port = null
  }

  assert {
    condition     = output.database_id == null && output.cache_id == null && output.file_system_id == null && length(aws_vpc_security_group_ingress_rule.database) == 0
    error_message = "There is nothing to guard."
  }
}
