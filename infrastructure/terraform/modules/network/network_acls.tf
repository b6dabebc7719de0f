# Network ACLs keep no state: the answers to a tier's own requests come back to its ephemeral ports and need a rule.

locals {
  anywhere   = "0.0.0.0/0"
  ephemeral  = { from = 1024, to = 65535 }
  data_ports = { postgresql = 5432, redis = 6379 }
  everything = { protocol = "-1", from = 0, to = 0 }

  outside_answers = [
    { protocol = "tcp", from = local.ephemeral.from, to = local.ephemeral.to, cidr = local.anywhere },
    { protocol = "udp", from = local.ephemeral.from, to = local.ephemeral.to, cidr = local.anywhere },
  ]
  inside_vpc      = [merge(local.everything, { cidr = var.cidr })]
  to_anywhere     = [merge(local.everything, { cidr = local.anywhere })]
  among_databases = [for zone in local.zones : merge(local.everything, { cidr = local.database_blocks[zone] }) if contains(keys(local.database_blocks), zone)]

  # Rules by tier, in the order in which AWS asks them.
  acls = {
    public = {
      subnets = aws_subnet.public
      ingress = concat(local.inside_vpc, [for port in [80, 443] : { protocol = "tcp", from = port, to = port, cidr = local.anywhere }], local.outside_answers)
      egress  = local.to_anywhere
    }
    private = {
      subnets = aws_subnet.private
      ingress = concat(local.inside_vpc, local.outside_answers)
      egress  = local.to_anywhere
    }
    database = {
      subnets = aws_subnet.database
      ingress = concat([for port in values(local.data_ports) : { protocol = "tcp", from = port, to = port, cidr = var.cidr }], local.among_databases)
      egress  = concat([{ protocol = "tcp", from = local.ephemeral.from, to = local.ephemeral.to, cidr = var.cidr }], local.among_databases)
    }
  }
  made_acls = { for tier, acl in local.acls : tier => acl if var.network_acls && (tier != "database" || length(local.database_blocks) > 0) }
}

resource "aws_network_acl" "this" {
  for_each = local.made_acls

  vpc_id     = aws_vpc.this.id
  subnet_ids = [for zone in local.zones : each.value.subnets[zone].id]

  dynamic "ingress" {
    for_each = each.value.ingress

    content {
      rule_no    = (ingress.key + 1) * 100
      action     = "allow"
      protocol   = ingress.value.protocol
      from_port  = ingress.value.from
      to_port    = ingress.value.to
      cidr_block = ingress.value.cidr
    }
  }

  dynamic "egress" {
    for_each = each.value.egress

    content {
      rule_no    = (egress.key + 1) * 100
      action     = "allow"
      protocol   = egress.value.protocol
      from_port  = egress.value.from
      to_port    = egress.value.to
      cidr_block = egress.value.cidr
    }
  }

  tags = { Name = "${var.name}-${each.key}", Tier = each.key }
}
