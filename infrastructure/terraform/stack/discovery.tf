# Where a service has a name, all services of the environment can look names up. Who may connect is another matter:
# security groups let in what receives_from lists.
locals {
  discovered = { for name, service in var.services : name => service if service.discovery_name != null }

  # What answers: the container behind the load balancer, or the only one with a port.
  discovered_containers = {
    for name, service in local.discovered : name => service.routing != null ? service.routing.container : one([
      for container, settings in service.containers : container if settings.port != null
    ])
  }

  service_connect = {
    for name, service in var.services : name => length(local.discovered) == 0 ? null : {
      namespace_arn = aws_service_discovery_http_namespace.this[0].arn
      name          = service.discovery_name
      container     = lookup(local.discovered_containers, name, null)
      port          = try(service.containers[local.discovered_containers[name]].port, null)
    }
  }
}

resource "aws_service_discovery_http_namespace" "this" {
  count = length(local.discovered) == 0 ? 0 : 1

  name        = local.name
  description = "Names of the services of ${local.name}"
}
