"""Tasks go to instances with room for them, as their strategy says; capacity providers get their shares."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.ecs.capacity import cluster_in
from sandbox.ecs.instances import (
    InstanceView,
    Need,
    ScalingSettings,
    choose_instance,
    choose_provider,
    dynamic_port,
    wanted_instances,
)
from sandbox.ecs.placement import NoCapacity

BIG, SMALL = InstanceView("big", "a", 2048, 4096), InstanceView("small", "b", 256, 512)
views = st.lists(
    st.builds(
        InstanceView,
        id=st.uuids().map(str),
        zone=st.sampled_from("abc"),
        cpu=st.integers(0, 4096),
        memory=st.integers(0, 8192),
        ports=st.frozensets(st.integers(80, 83)),
        tasks=st.integers(0, 5),
        siblings=st.integers(0, 5),
    ),
    max_size=6,
)
needs = st.builds(Need, st.integers(0, 4096), st.integers(0, 8192), st.frozensets(st.integers(80, 83), max_size=1))
strategies = st.lists(
    st.sampled_from(
        [
            {"type": "spread", "field": "attribute:ecs.availability-zone"},
            {"type": "spread", "field": "instanceId"},
            {"type": "binpack", "field": "memory"},
            {"type": "binpack", "field": "cpu"},
            {"type": "random"},
        ]
    ),
    max_size=3,
)


@given(views, needs, strategies)
def test_the_chosen_instance_has_room_and_none_is_chosen_only_where_none_has(
    instances: list[InstanceView], need: Need, strategy: list[dict[str, str]]
) -> None:
    fitting = [
        each
        for each in instances
        if each.cpu >= need.cpu and each.memory >= need.memory and not each.ports & need.ports
    ]
    try:
        chosen = choose_instance(instances, need, strategy)
    except NoCapacity:
        assert fitting == []
    else:
        assert chosen in fitting


@pytest.mark.parametrize(
    ("instances", "need", "words"),
    [
        ([], Need(), "No Container Instances were found in your cluster"),
        ([SMALL], Need(512, 512), r"\(container-instance small\) has insufficient CPU units available"),
        ([SMALL], Need(256, 1024), "has insufficient memory available"),
        ([InstanceView("x", "a", 9, 9, frozenset({80}))], Need(1, 1, frozenset({80})), "already using a port"),
    ],
)
def test_where_nothing_fits_the_event_says_why(instances: list[InstanceView], need: Need, words: str) -> None:
    with pytest.raises(NoCapacity, match="RESOURCE:") as refused:
        choose_instance(instances, need)
    assert refused.value.event.startswith("was unable to place a task because no container instance met all of its req")
    assert re.search(words, refused.value.event)


def test_tasks_are_spread_over_zones_then_over_instances_unless_told_otherwise() -> None:
    crowded = InstanceView("crowded", "a", 4096, 8192, siblings=2, tasks=2)
    assert choose_instance([crowded, SMALL], Need(1, 1)) is SMALL
    assert choose_instance([BIG, SMALL], Need(1, 1), [{"type": "binpack", "field": "memory"}]) is SMALL
    same_zone = InstanceView("other", "a", 4096, 8192)
    assert choose_instance([crowded, same_zone], Need(1, 1)) is same_zone


def test_distinct_instances_take_one_of_a_kind() -> None:
    taken = InstanceView("taken", "a", 4096, 8192, siblings=1)
    with pytest.raises(NoCapacity):
        choose_instance([taken], Need(1, 1), constraints=[{"type": "distinctInstance"}])
    assert choose_instance([taken, SMALL], Need(1, 1), constraints=[{"type": "distinctInstance"}]) is SMALL


def test_a_base_comes_first_then_the_weights() -> None:
    strategy = [
        {"capacityProvider": "FARGATE", "base": 2, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
    ]
    counts: Counter[str] = Counter()
    for _ in range(10):
        counts[choose_provider(strategy, counts)] += 1
        assert counts["FARGATE"] >= min(2, sum(counts.values()))
    assert counts == {"FARGATE": 4, "FARGATE_SPOT": 6}
    assert choose_provider([{"capacityProvider": "only"}], {}) == "only"


@given(st.sets(st.integers(32_768, 33_000)))
def test_a_dynamic_port_is_free(taken: set[int]) -> None:
    assert dynamic_port(taken) not in taken


@given(*[st.integers(0, 20)] * 3, st.integers(0, 5), st.integers(5, 20), st.integers(1, 100), st.integers(1, 5))
def test_a_group_stays_within_its_bounds_and_its_steps(
    current: int, in_use: int, waiting: int, lowest: int, highest: int, target: int, step: int
) -> None:
    current = min(max(current, lowest), highest)
    wanted = wanted_instances(current, in_use, waiting, lowest, highest, ScalingSettings(target, 1, step))
    assert lowest <= wanted <= highest
    assert wanted - current <= step
    if waiting and in_use >= current < highest:
        assert wanted > current


@pytest.mark.parametrize(
    ("text", "cluster"),
    [
        ("#!/bin/bash\necho ECS_CLUSTER=prod >> /etc/ecs/ecs.config\n", "prod"),
        ('#!/bin/bash\necho "ECS_CLUSTER=my_app-1" >> /etc/ecs/ecs.config', "my_app-1"),
        ("cat <<'EOF' >> /etc/ecs/ecs.config\nECS_CLUSTER=prod\nECS_ENABLE_SPOT_INSTANCE_DRAINING=true\nEOF", "prod"),
        ('[settings.ecs]\ncluster = "prod"', "prod"),
        ("#!/bin/bash\nyum update", None),
        (None, None),
    ],
)
def test_user_data_names_the_cluster(text: str | None, cluster: str | None) -> None:
    assert cluster_in(text) == cluster
