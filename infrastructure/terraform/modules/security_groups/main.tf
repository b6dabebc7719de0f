# Every permitted connection is one edge below; what is not listed is not possible.

locals {
  public_edges = var.load_balancer == null ? {} : {
    for pair in setproduct(var.load_balancer.allowed_cidrs, var.load_balancer.ports) :
    "${pair[0]}:${pair[1]}" => { cidr = pair[0], port = pair[1] }
  }

  # Both by name, and on every port: while a release moves the tasks to another port, and where it is taken back, those
  # on the old one serve as well.
  routed = toset(var.load_balancer == null ? [] : [for name, service in var.services : name if service.is_routed])

  service_edges = merge([
    for name, service in var.services : {
      for caller in service.receives_from : "${caller}:${name}" => { from = caller, to = name }
    }
  ]...)

  database_clients = toset([for name, s in var.services : name if s.uses_database && var.database_port != null])
  cache_clients    = toset([for name, s in var.services : name if s.uses_cache && var.cache_port != null])
  file_clients     = toset([for name, s in var.services : name if s.uses_files && var.file_system_port != null])
}

resource "aws_security_group" "load_balancer" {
  #checkov:skip=CKV2_AWS_5:the modules that are handed its id attach it
  count = var.load_balancer == null ? 0 : 1

  name        = "${var.name}-load-balancer"
  description = "Load balancer of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-load-balancer" }
}

resource "aws_security_group" "service" {
  #checkov:skip=CKV2_AWS_5:the modules that are handed its id attach it
  for_each = var.services

  name        = "${var.name}-${each.key}"
  description = "Tasks of ${each.key} in ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_security_group" "database" {
  #checkov:skip=CKV2_AWS_5:the modules that are handed its id attach it
  count = var.database_port == null ? 0 : 1

  name        = "${var.name}-database"
  description = "Database of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-database" }
}

resource "aws_security_group" "cache" {
  #checkov:skip=CKV2_AWS_5:the modules that are handed its id attach it
  count = var.cache_port == null ? 0 : 1

  name        = "${var.name}-cache"
  description = "Redis of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-cache" }
}

resource "aws_security_group" "file_system" {
  #checkov:skip=CKV2_AWS_5:the modules that are handed its id attach it
  count = var.file_system_port == null ? 0 : 1

  name        = "${var.name}-file-system"
  description = "Shared files of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-file-system" }
}

resource "aws_vpc_security_group_ingress_rule" "public" {
  for_each = local.public_edges

  security_group_id = aws_security_group.load_balancer[0].id
  description       = "Clients to the load balancer on ${each.value.port}"
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

# The list weighs 55 of the 60 rules that a group may have, so there is one port for it (VPC user guide, "AWS-managed
# prefix lists").
resource "aws_vpc_security_group_ingress_rule" "cdn" {
  count = try(var.load_balancer.cdn_port, null) == null ? 0 : 1

  security_group_id = aws_security_group.load_balancer[0].id
  description       = "CloudFront to the load balancer on ${var.load_balancer.cdn_port}"
  prefix_list_id    = var.load_balancer.cdn_prefix_list
  ip_protocol       = "tcp"
  from_port         = var.load_balancer.cdn_port
  to_port           = var.load_balancer.cdn_port
}

resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  for_each = local.routed

  security_group_id            = aws_security_group.load_balancer[0].id
  description                  = "Load balancer to ${each.key}"
  referenced_security_group_id = aws_security_group.service[each.key].id
  ip_protocol                  = "tcp"
  from_port                    = 0
  to_port                      = 65535
}

resource "aws_vpc_security_group_ingress_rule" "routed" {
  #checkov:skip=CKV_AWS_24:from the load balancer's own group, from no address
  #checkov:skip=CKV_AWS_25:from the load balancer's own group, from no address
  #checkov:skip=CKV_AWS_260:from the load balancer's own group, from no address
  for_each = local.routed

  security_group_id            = aws_security_group.service[each.key].id
  description                  = "Load balancer to ${each.key}"
  referenced_security_group_id = aws_security_group.load_balancer[0].id
  ip_protocol                  = "tcp"
  from_port                    = 0
  to_port                      = 65535
}

resource "aws_vpc_security_group_ingress_rule" "service" {
  #checkov:skip=CKV_AWS_24:from the calling service's own group, from no address
  #checkov:skip=CKV_AWS_25:from the calling service's own group, from no address
  #checkov:skip=CKV_AWS_260:from the calling service's own group, from no address
  for_each = local.service_edges

  security_group_id            = aws_security_group.service[each.value.to].id
  description                  = "${each.value.from} to ${each.value.to}"
  referenced_security_group_id = aws_security_group.service[each.value.from].id
  ip_protocol                  = "tcp"
  from_port                    = 0
  to_port                      = 65535
}

# Tasks fetch images, secrets and outside data: their way out is open, their way in is not.
resource "aws_vpc_security_group_egress_rule" "service" {
  for_each = var.services

  security_group_id = aws_security_group.service[each.key].id
  description       = "Tasks of ${each.key} to anywhere"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  for_each = local.database_clients

  security_group_id            = aws_security_group.database[0].id
  description                  = "${each.key} to the database"
  referenced_security_group_id = aws_security_group.service[each.key].id
  ip_protocol                  = "tcp"
  from_port                    = var.database_port
  to_port                      = var.database_port
}

resource "aws_vpc_security_group_ingress_rule" "cache" {
  for_each = local.cache_clients

  security_group_id            = aws_security_group.cache[0].id
  description                  = "${each.key} to Redis"
  referenced_security_group_id = aws_security_group.service[each.key].id
  ip_protocol                  = "tcp"
  from_port                    = var.cache_port
  to_port                      = var.cache_port
}

resource "aws_vpc_security_group_ingress_rule" "file_system" {
  for_each = local.file_clients

  security_group_id            = aws_security_group.file_system[0].id
  description                  = "${each.key} to the shared files"
  referenced_security_group_id = aws_security_group.service[each.key].id
  ip_protocol                  = "tcp"
  from_port                    = var.file_system_port
  to_port                      = var.file_system_port
}
