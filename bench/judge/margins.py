"""How often the judge calls a candidate safe whose harm is at a margin: at most in `beta` releases.

One metric is worse by its margin in every interval, under a steady load, in a ramp whose base rates
triple, and with incidents of both slots. What counts is whether safety was ever proven of that
metric, whatever verdict other evidence would have led to first; so no other metric is judged.

`python -m bench.judge.margins` prints the table, and fails where the rate is above `beta` for sure.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from bench.judge.intervals import clopper_pearson
from bench.judge.measure import seed_of
from bench.judge.product import verdicts
from bench.judge.recorded import plan_of
from bench.judge.simulate import simulate
from bench.judge.worlds import (
    LOOKS,
    Behaviour,
    Course,
    Family,
    Incidents,
    Latency,
    Scenario,
    always,
)
from tidegate.plan import Metric, ReleasePlan
from tidegate.verdict import Claim

RUNS, SEED = 100, 3

SHARES = ((0, 0.10), (10, 0.50))

NOT_SLOW = 0.9
"""Share of live requests below the edge that the margin of latency is about."""

SLOWER = Latency(slow_factor=1_000.0)
"""A slow mode beyond all that a live version does."""


def _worlds() -> tuple[Scenario, ...]:
    steady = Scenario(name="steady", family=Family.HARMLESS, per_minute=always(60), shares=SHARES)
    tripling = Behaviour(
        errors=Course(points=((0, 0.01), (30, 0.03))),
        outcomes=Course(points=((0, 0.10), (30, 0.30))),
    )
    # Slower incidents would hide a part of the harm: then it is no longer at the margin.
    incidents = Incidents(chance=0.2, mean_intervals=1.0, slowdown=1.0)
    return (
        steady,
        replace(steady, name="ramp and drift", live=tripling, candidate=tripling),
        replace(steady, name="shared incidents", incidents=incidents),
    )


def at_margin() -> tuple[Scenario, ...]:
    """Every world with every metric at its margin."""
    return tuple(
        _harmed(world, guardrail.metric, guardrail.margin)
        for guardrail in plan_of(_worlds()[0]).guardrails
        for world in _worlds()
    )


def _harmed(world: Scenario, metric: Metric, margin: float) -> Scenario:
    live = world.live
    match metric:
        case Metric.ERRORS:
            candidate = replace(live, errors=_plus(live.errors, margin))
        case Metric.OUTCOMES:
            candidate = replace(live, outcomes=_plus(live.outcomes, margin))
        case _:
            candidate = replace(live, latency=replace(SLOWER, slow_share=margin / NOT_SLOW))
    return replace(world, name=f"{metric}, {world.name}", candidate=candidate, harmed=metric)


def _plus(course: Course, margin: float) -> Course:
    return replace(course, points=tuple((at, value + margin) for at, value in course.points))


def plan_at_margin(scenario: Scenario) -> ReleasePlan:
    """The plan that guards nothing but what is harmed."""
    plan = plan_of(scenario)
    harmed = tuple(item for item in plan.guardrails if item.metric is scenario.harmed)
    return replace(plan, guardrails=harmed)


def called_safe(scenario: Scenario, *, runs: int, seed: int, looks: int = LOOKS) -> int:
    """In how many of these releases safety was proven by then."""
    recorded = simulate(
        scenario, runs, seed_of(scenario.name, 0, seed=seed), metrics=(_metric(scenario),)
    )
    plan = plan_at_margin(scenario)
    return sum(
        any(
            item.claim is Claim.SAFE and item.reached
            for verdict in islice(verdicts(recorded, run, plan=plan), looks)
            for item in verdict.evidence
        )
        for run in range(runs)
    )


def _metric(scenario: Scenario) -> Metric:
    if scenario.harmed is None:
        raise ValueError(f"scenario {scenario.name!r} is harmless: it is at no margin")
    return scenario.harmed


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 1 where a rate is above what the plan allows."""
    parser = argparse.ArgumentParser(prog="python -m bench.judge.margins", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help=f"releases a world, default {RUNS}")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    asked = parser.parse_args(arguments)
    within = True
    print(f"{'at the margin, called safe':<28}{'releases':>14}{'allowed':>9}{'95 % interval':>20}")
    for scenario in at_margin():
        wrong = called_safe(scenario, runs=asked.runs, seed=asked.seed)
        low, high = clopper_pearson(wrong, asked.runs)
        beta = plan_of(scenario).beta
        within &= low <= beta
        counted = f"{wrong} of {asked.runs}"
        interval = f"{100 * low:.1f} to {100 * high:.1f} %"
        print(f"{scenario.name:<28}{counted:>14}{100 * beta:>7.1f} %{interval:>20}", flush=True)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
