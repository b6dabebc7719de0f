"""Pages of releases and deployments."""
