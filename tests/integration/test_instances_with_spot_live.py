"""Services on EC2 instances, most of them spot: through the product, from plan to destroy."""

import pytest

from environments_app.models import Environment
from tests.environment_life import lives
from tests.sandbox_fixture import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


def test_they_are_made_kept_changed_and_destroyed(environment: Environment, sandbox: SandboxProcess) -> None:
    instances = {
        "instance_types": ["t3.small", "t3.medium"],
        "min_instances": 1,
        "max_instances": 3,
        "spot_percent": 70,
    }
    made = lives(environment, {"compute": {"launch_type": "EC2", "ec2": instances}})
    assert made["aws_autoscaling_group"] == 1
    assert made["aws_launch_template"] == 1
    assert made["aws_ecs_capacity_provider"] == 1
