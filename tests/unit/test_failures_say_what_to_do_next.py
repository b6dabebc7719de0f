"""What a run that ended badly says to do next fits what happened."""

from environments_app import policies


def test_a_canceled_plan_has_no_error_to_read() -> None:
    canceled = policies.plan_failure("CANCELED", "Canceled by ana.")
    assert canceled.next_step == "Plan again when you want to go on."
    assert "Read the error" in policies.plan_failure("TERRAFORM_FAILED", "It failed.").next_step


def test_a_canceled_apply_says_how_far_it_came() -> None:
    canceled = policies.apply_failure("CANCELED", "Canceled by ana.", 2, 5)
    assert canceled.effect.startswith("2 of 5 changes were made")
    assert "error" not in canceled.next_step
