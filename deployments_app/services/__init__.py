"""One verb per use case: deliveries, releases, deployments, and the claims of the controller."""
