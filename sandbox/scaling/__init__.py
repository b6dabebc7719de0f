"""Application Auto Scaling that acts: alarms and schedules change the desired count of ECS services."""
