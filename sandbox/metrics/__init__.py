"""CloudWatch's part that moto lacks: metrics from what really happens, their math, alarms that are evaluated."""
