"""Small A/B tests for the tests of how they are decided: intervals, and whole simulated tests."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from tidegate.abtest.assignment import next_shares
from tidegate.abtest.decide import advance, verdict
from tidegate.abtest.plan import ABPlan, Policy
from tidegate.abtest.state import ABState
from tidegate.abtest.verdict import ABVerdict
from tidegate.observation import Observation, ObservationKey, OutcomeCounts

PLAN = ABPlan(arms=("blue", "green"), control="blue", horizon_requests=20_000, tie_margin=0.05)
THOMPSON = replace(PLAN, policy=Policy.THOMPSON)


def interval(
    plan: ABPlan, at: int, counts: Sequence[tuple[int, int]], **changes: object
) -> list[Observation]:
    """One interval whose outcomes are known at once: requests and right ones of each arm."""
    return [
        Observation(
            key=ObservationKey(release_id="r", interval=at, split_version=1, slot=arm),
            requests=requests,
            outcomes={0: OutcomeCounts(known=requests, wrong=requests - rights)},
            **changes,
        )
        for arm, (requests, rights) in zip(plan.arms, counts, strict=True)
    ]


def drawn(rng: random.Random, requests: int, shares: Sequence[float]) -> list[int]:
    """Requests of each arm."""
    arms = rng.choices(range(len(shares)), weights=shares, k=requests)
    return [arms.count(arm) for arm in range(len(shares))]


def simulated(
    plan: ABPlan,
    rates: Sequence[float],
    *,
    seed: int,
    requests: int = 200,
    course: Callable[[int], float] = lambda _: 1.0,
) -> tuple[ABState, ABVerdict]:
    """One whole test, to its decision or to the horizon."""
    rng = random.Random(seed)  # noqa: S311 - seeded so that it can be repeated
    state, shares, splits = ABState.initial(plan), plan.first_shares, {}
    for at in range(plan.horizon_requests // requests):
        splits[at] = shares
        counts = [
            (n, sum(rng.random() < min(1.0, p * course(at)) for _ in range(n)))
            for n, p in zip(
                drawn(rng, requests, [shares[arm] for arm in plan.arms]), rates, strict=True
            )
        ]
        look = [
            replace(item, key=replace(item.key, split_version=at))
            for item in interval(plan, at, counts)
        ]
        state = advance(plan, state, look, splits=splits)
        if state.decision is not None:
            break
        shares = next_shares(plan, state.experience, seed=at)
    return state, verdict(plan, state, splits=splits)
