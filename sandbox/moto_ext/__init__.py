"""What moto lacks, one module per service. Each module's docstring names the gap it fills."""
