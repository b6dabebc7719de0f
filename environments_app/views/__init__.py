"""Pages of runs and of an environment's configuration."""
