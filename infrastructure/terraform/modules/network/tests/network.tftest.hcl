# What the module promises, without AWS: the provider is a mock.

mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["us-east-1b", "us-east-1a", "us-east-1c"] }
  }

  mock_data "aws_region" {
    defaults = { name = "us-east-1" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name       = "shop-staging"
  cidr       = "10.0.0.0/16"
  zone_count = 2
  subnets = {
    public   = ["10.0.1.0/24", "10.0.2.0/24"]
    private  = ["10.0.11.0/24", "10.0.12.0/24"]
    database = ["10.0.21.0/24", "10.0.22.0/24"]
  }
}

run "one_nat_gateway_serves_all_zones_by_default" {
  command = plan

  assert {
    condition     = keys(aws_nat_gateway.this) == ["us-east-1a"]
    error_message = "There must be one NAT gateway, in the first zone."
  }

  assert {
    condition     = keys(aws_route.nat) == ["us-east-1a", "us-east-1b"]
    error_message = "Private subnets of every zone need a way out."
  }
}

run "a_nat_gateway_per_zone" {
  command = plan

  variables {
    nat_gateways = "per_zone"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 2
    error_message = "Every zone must have its own NAT gateway."
  }
}

run "the_database_tier_has_a_route_table_of_its_own" {
  command = plan

  assert {
    condition     = length(aws_route_table.database) == 1 && length(aws_route_table_association.database) == 2
    error_message = "Database subnets must not use the private tables, which lead to NAT gateways."
  }
}

run "without_network_acls_there_are_none" {
  command = plan

  assert {
    condition     = length(aws_network_acl.this) == 0
    error_message = "Network ACLs were not asked for."
  }
}

run "network_acls_close_each_tier" {
  command = plan

  variables {
    network_acls = true
  }

  assert {
    condition     = keys(aws_network_acl.this) == ["database", "private", "public"]
    error_message = "Every tier must have an ACL."
  }

  assert {
    condition     = toset([for rule in aws_network_acl.this["public"].ingress : rule.from_port if rule.cidr_block == "0.0.0.0/0" && rule.from_port < 1024]) == toset([80, 443])
    error_message = "Below the ephemeral ports, the internet reaches 80 and 443 only."
  }

  assert {
    condition     = alltrue([for rule in aws_network_acl.this["private"].ingress : rule.from_port >= 1024 if rule.cidr_block == "0.0.0.0/0"])
    error_message = "From outside the VPC, only answers reach the private tier."
  }

  assert {
    condition     = alltrue([for rule in concat(tolist(aws_network_acl.this["database"].ingress), tolist(aws_network_acl.this["database"].egress)) : rule.cidr_block != "0.0.0.0/0"])
    error_message = "The database tier talks to nobody outside the VPC."
  }

  assert {
    condition     = toset([for rule in aws_network_acl.this["database"].ingress : rule.from_port if rule.cidr_block == "10.0.0.0/16"]) == toset([5432, 6379])
    error_message = "The VPC reaches PostgreSQL and Redis in the database tier, and nothing else."
  }
}

run "without_a_database_tier_two_acls_do" {
  command = plan

  variables {
    network_acls = true
    subnets      = { public = ["10.0.1.0/24", "10.0.2.0/24"], private = ["10.0.11.0/24", "10.0.12.0/24"] }
  }

  assert {
    condition     = keys(aws_network_acl.this) == ["private", "public"]
    error_message = "There is no database tier to guard."
  }
}

run "a_tier_with_too_few_blocks_is_refused" {
  command = plan

  variables {
    zone_count = 3
  }

  expect_failures = [var.subnets]
}
