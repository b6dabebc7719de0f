"""The benchmark's report: a missed goal is not to be overlooked, and what one process measures another shows."""

import pytest

from benchmarks.report import Figure, hand_over, percentile, table, taken_over

LATENCY = Figure("log latency, p99", 97.2, "ms", 2.4, "a bare pipe", 250.0, {"viewers": 20})


def test_a_goal_is_met_or_missed_and_without_one_nothing_is_claimed() -> None:
    assert LATENCY.verdict == "meets <= 250"
    assert Figure("x", 251, "ms", 1, "floor", 250.0).verdict == "MISSES <= 250"
    assert Figure("x", 251, "ms", 1, "floor").verdict == ""


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)])
def test_percentiles_of_one_to_a_hundred(share: float, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_figures_pass_from_process_to_process(capsys: pytest.CaptureFixture[str]) -> None:
    print("words before it")
    hand_over([LATENCY])
    assert taken_over(capsys.readouterr().out) == [LATENCY]


def test_the_table_names_the_figure_its_floor_its_goal_and_its_details() -> None:
    text = table([LATENCY])
    for part in ("log latency, p99", "97.2 ms", "2.4", "a bare pipe", "meets <= 250", "viewers: 20"):
        assert part in text
