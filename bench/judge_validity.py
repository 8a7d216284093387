"""How often the judge is wrong, and how soon it is right, by seeded simulation of whole releases.

`python bench/judge_validity.py` prints one table: for harmless candidates the share that is rolled
back (the plan allows alpha), for candidates whose harm is exactly at a margin the share that is
promoted (the plan allows beta), for bad and good ones the candidate requests until the verdict. The
unit tests run the same releases with fewer repetitions.
"""

import argparse
import math
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lambda"))

from tidegate import latency
from tidegate.judge import Comparison, JudgeState, judge
from tidegate.observation import (
    Observation,
    ObservationKey,
    OutcomeCounts,
    delay_bucket,
    last_delay,
)
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.verdict import Claim, Verdict, VerdictKind

SLOTS = Comparison(live="blue", candidate="green")

WINDOW_INTERVALS = 1_440

PLAN = ReleasePlan(
    steps=(Step(share_percent=10, bake_seconds=600), Step(share_percent=50, bake_seconds=600)),
    guardrails=(
        Guardrail(metric=Metric.ERRORS, margin=0.03),
        Guardrail(metric=Metric.LATENCY, margin=0.20),
        Guardrail(metric=Metric.OUTCOMES, margin=0.08),
    ),
)

DECIDED = (VerdictKind.PROMOTE, VerdictKind.ROLL_BACK)

Rate = Callable[[int], float]


def always(rate: float) -> Rate:
    """A rate that never changes."""
    return lambda _: rate


def tripling(rate: float) -> Rate:
    """A rate that rises to three times itself over the first thirty intervals."""
    return lambda t: rate * (1 + 2 * min(t, 30) / 30)


def bursting(rate: float) -> Rate:
    """A rate with an incident of both slots, six times as bad, in one interval of five."""
    return lambda t: min(0.9, 6 * rate) if t % 5 == 3 else rate


NEVER, WRONG, FOUR = always(0.0), always(0.15), always(4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What one slot does: rates by interval, the median latency, how late outcomes are known."""

    errors: Rate = NEVER
    outcomes: Rate = WRONG
    milliseconds: Rate = FOUR
    stuck: Rate = NEVER
    """Share of requests slower than anything the live version ever does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A release to simulate: what either slot does, how much traffic, when the share rises."""

    name: str
    live: Traffic = field(default_factory=Traffic)
    candidate: Traffic = field(default_factory=Traffic)
    requests_each: int = 60
    intervals: int = 40
    shares: tuple[tuple[int, float], ...] = ((0, 0.1), (10, 0.5))
    mean_delay: float = 1.0
    plan: ReleasePlan = PLAN
    ends: tuple[VerdictKind, ...] = DECIDED
    """Verdicts after which the release is over; without it goes on to its last interval."""

    def share(self, interval: int) -> float:
        """The candidate's share in an interval."""
        return [share for first, share in self.shares if interval >= first][-1]


def _latencies(rng: random.Random, traffic: Traffic, interval: int, count: int) -> dict[int, int]:
    histogram: dict[int, int] = {}
    median, stuck = math.log(traffic.milliseconds(interval)), traffic.stuck(interval)
    for _ in range(count):
        slow = stuck > 0 and rng.random() < stuck
        bucket = latency.bucket_of(60_000 if slow else math.exp(rng.gauss(median, 0.4)))
        histogram[bucket] = histogram.get(bucket, 0) + 1
    return histogram


def _outcomes(
    rng: random.Random, scenario: Scenario, rate: float, count: int
) -> dict[int, OutcomeCounts]:
    known: dict[int, OutcomeCounts] = {}
    for _ in range(count):
        delay = int(rng.expovariate(1 / scenario.mean_delay)) if scenario.mean_delay else 0
        bucket = delay_bucket(delay)
        one = OutcomeCounts(known=1, wrong=1 if rng.random() < rate else 0)
        known[bucket] = known.get(bucket, OutcomeCounts()) + one
    return known


def looks(scenario: Scenario, rng: random.Random) -> Iterator[list[Observation]]:
    """The increments of one release, look by look, as the observation record closes them."""
    late: dict[int, list[Observation]] = {}
    for interval in range(scenario.intervals):
        share = scenario.share(interval)
        candidates = sum(rng.random() < share for _ in range(scenario.requests_each))
        split = sum(interval >= first for first, _ in scenario.shares)
        for slot, count in (
            (SLOTS.candidate, candidates),
            (SLOTS.live, scenario.requests_each - candidates),
        ):
            traffic = scenario.candidate if slot == SLOTS.candidate else scenario.live
            key = ObservationKey(
                release_id="r-1", interval=interval, split_version=split, slot=slot
            )
            errors = sum(rng.random() < traffic.errors(interval) for _ in range(count))
            served = Observation(
                key=key,
                requests=count,
                errors=errors,
                clients_with_errors=errors,
                latency=_latencies(rng, traffic, interval, count - errors),
            )
            late.setdefault(interval, []).append(served)
            known = _outcomes(rng, scenario, traffic.outcomes(interval), count - errors)
            for bucket, outcome in known.items():
                closes = interval + last_delay(bucket, window_intervals=WINDOW_INTERVALS)
                late.setdefault(closes, []).append(Observation(key=key, outcomes={bucket: outcome}))
        yield late.pop(interval)


def run(scenario: Scenario, *, seed: int) -> list[Verdict]:
    """The verdict of every look of one release, to the end of the scenario."""
    rng = random.Random(seed)  # noqa: S311 - a simulation is seeded so that it can be repeated
    state = JudgeState.initial(scenario.plan)
    verdicts: list[Verdict] = []
    for observations in looks(scenario, rng):
        state, verdict = judge(scenario.plan, SLOTS, state, observations)
        verdicts.append(verdict)
        if verdict.kind in scenario.ends:
            break
    return verdicts


def proven(verdicts: list[Verdict], metric: Metric, claim: Claim) -> bool:
    """Whether this claim was ever proven, whatever verdict other evidence led to."""
    return any(
        item.reached
        for item in verdicts[-1].evidence
        if item.metric == metric and item.claim is claim
    )


def final(verdicts: list[Verdict]) -> tuple[VerdictKind | None, int]:
    """The first promote or roll-back, None where there was none, and the candidate requests."""
    for verdict in verdicts:
        if verdict.kind in DECIDED:
            return verdict.kind, verdict.candidate_requests
    return None, verdicts[-1].candidate_requests


def at_least(count: int, *, of: int, chance: float) -> float:
    """The chance of so many or more among `of`, each happening with `chance`."""
    below = sum(
        math.comb(of, k) * chance**k * (1 - chance) ** (of - k) for k in range(min(count, of + 1))
    )
    return max(0.0, 1 - below)


def _world(
    rates: Callable[[float], Rate], *, added: dict[Metric, float]
) -> tuple[Traffic, Traffic]:
    """Live and candidate under one course of base rates, the candidate with some harm added."""

    def plus(base: float, metric: Metric) -> Rate:
        course = rates(base)
        return lambda t: min(0.99, course(t) + added.get(metric, 0.0))

    live = Traffic(errors=rates(0.02), outcomes=rates(0.12))
    candidate = Traffic(
        errors=plus(0.02, Metric.ERRORS),
        outcomes=plus(0.12, Metric.OUTCOMES),
        # Nine tenths of the others are not slow, so that slow ones are up by at least the margin.
        stuck=always(added.get(Metric.LATENCY, 0.0) / 0.9),
    )
    return live, candidate


COURSES: dict[str, Callable[[float], Rate]] = {
    "constant": always,
    "ramp and drift": tripling,
    "shared bursts": bursting,
}


def harmless() -> list[Scenario]:
    """Releases in which nothing is worse, so that every roll-back is false."""
    scenarios = []
    for name, course in COURSES.items():
        live, candidate = _world(course, added={})
        scenarios.append(
            Scenario(name=name, live=live, candidate=candidate, ends=(VerdictKind.ROLL_BACK,))
        )
    live, candidate = _world(tripling, added={})
    late = Scenario(
        name="late outcomes, drift",
        live=live,
        candidate=candidate,
        mean_delay=8.0,
        ends=(VerdictKind.ROLL_BACK,),
    )
    return [*scenarios, late]


def at_margin() -> list[tuple[Metric, Scenario]]:
    """Releases in which one metric is worse by its margin, so that showing it safe is false."""
    scenarios = []
    for guardrail in PLAN.guardrails:
        for name, course in COURSES.items():
            live, candidate = _world(course, added={guardrail.metric: guardrail.margin})
            scenario = Scenario(name=name, live=live, candidate=candidate, intervals=25, ends=())
            scenarios.append((guardrail.metric, scenario))
    return scenarios


def telling() -> list[tuple[VerdictKind, Scenario]]:
    """Releases that are plainly good or bad, and the verdict that each of them should get."""
    canary = ((0, 0.1),)
    bad, good = VerdictKind.ROLL_BACK, VerdictKind.PROMOTE
    return [
        (good, Scenario(name="wrong 15 -> 7 %", candidate=Traffic(outcomes=always(0.07)))),
        (good, Scenario(name="nothing changed")),
        (
            bad,
            Scenario(name="errors 0 -> 10 %", shares=canary, candidate=Traffic(errors=always(0.1))),
        ),
        (
            bad,
            Scenario(
                name="ten times slower", shares=canary, candidate=Traffic(milliseconds=always(40))
            ),
        ),
        (
            bad,
            Scenario(
                name="wrong 15 -> 30 %",
                shares=canary,
                intervals=80,
                candidate=Traffic(outcomes=always(0.3)),
            ),
        ),
        (
            bad,
            Scenario(
                name="35 % get stuck",
                shares=canary,
                intervals=80,
                candidate=Traffic(stuck=always(0.35)),
            ),
        ),
    ]


def _print_false(what: str, name: str, wrong: int, *, of: int, allowed: float) -> bool:
    chance = at_least(wrong, of=of, chance=allowed)
    print(f"{what:<26}{name:<22}{wrong:>5} of {of:<6}{100 * allowed:>5.1f} %{chance:>12.3f}")
    return chance > 0.001


def main(releases: int) -> int:
    """Prints the table; 1 where errors are too many to be within what the plan allows."""
    started = time.monotonic()
    within = True
    print(f"{'false verdict':<26}{'world':<22}{'releases':>14}{'allowed':>7}{'chance*':>12}")
    for scenario in harmless():
        wrong = sum(
            final(run(scenario, seed=seed))[0] is VerdictKind.ROLL_BACK for seed in range(releases)
        )
        within &= _print_false(
            "harmless, rolled back", scenario.name, wrong, of=releases, allowed=PLAN.alpha
        )
    for metric, scenario in at_margin():
        wrong = sum(
            proven(run(scenario, seed=seed), metric, Claim.SAFE) for seed in range(releases // 2)
        )
        within &= _print_false(
            f"{metric} at margin, safe", scenario.name, wrong, of=releases // 2, allowed=PLAN.beta
        )
    print("* of so many or more false ones at exactly the allowed rate; below 0.001 is a failure\n")
    print(f"{'verdict':<12}{'world':<22}{'right':>12}{'candidate requests, median':>30}{'p90':>8}")
    for kind, scenario in telling():
        ends = [final(run(scenario, seed=seed)) for seed in range(releases // 2)]
        right = sorted(requests for ended, requests in ends if ended is kind)
        middle = f"{statistics.median(right):.0f}" if right else "-"
        most = f"{right[int(0.9 * len(right))]}" if right else "-"
        print(
            f"{kind:<12}{scenario.name:<22}{len(right):>5} of {len(ends):<4}{middle:>30}{most:>8}"
        )
    looked = time.monotonic() - started
    print(f"\n{releases} releases a harmless world, half as many of others, {looked:.0f} s in all")
    return 0 if within else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--releases", type=int, default=80, help="releases a world")
    sys.exit(main(parser.parse_args().releases))
