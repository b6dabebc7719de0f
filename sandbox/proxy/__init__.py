"""The load balancer's data plane: a real local port for every listener."""
