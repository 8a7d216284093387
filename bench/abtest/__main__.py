"""`python -m bench.abtest`: A/B verdicts in figures, at 10 % conversion and 240 000 requests.

Requests to decision are exact (no simulation) against an oracle that knows the size of the effect;
wrong winners and regret come from whole seeded tests judged by the product's code. Exits with 1
where a goal of the project is missed.
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __package__ in {None, ""}:
    sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("lambda", "")]

from bench.abtest.exact import Trial, oracle, spent
from bench.abtest.worlds import Run, World, daily, drifting, run, steady
from tidegate.abtest.plan import ABPlan, Policy
from tidegate.abtest.spending import LogUniform
from tidegate.observation import OutcomeKind

ALPHA = 0.05
HORIZON = 240_000
EFFECTS = (0.005, 0.01, 0.02)
ARMS = ("blue", "green")

MOST_RATIO = 1.3
"""Goal for requests to decision over the oracle's, geometric mean of the medians."""

MOST_REGRET = 0.5
"""Goal for Thompson sampling's regret over that of a fixed split."""

FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    "log-uniform from 0.6 % (ours)": LogUniform().share,
    "log-uniform from 2 %": LogUniform(first=0.02).share,
    "log-uniform from 0.2 %": LogUniform(first=0.002).share,
    "proportional (power 1)": lambda fraction: fraction,
    "square root": lambda fraction: fraction**0.5,
    "fourth root": lambda fraction: fraction**0.25,
    "O'Brien-Fleming-like": lambda fraction: (
        2 * (1 - statistics.NormalDist().cdf(2.2414 / math.sqrt(fraction))) / 0.025
    ),
}


def plan(policy: Policy = Policy.FIXED, **changes: Any) -> ABPlan:
    """The plan that all worlds share, unless changed."""
    base: dict[str, Any] = {
        "arms": ARMS,
        "control": "blue",
        "horizon_requests": HORIZON,
        "tie_margin": None,
    }
    return ABPlan(**{**base, "policy": policy, **changes})


def print_ratios() -> bool:
    """Prints requests to decision over the oracle's; True when the goal is met."""
    trials = [Trial(effect=effect) for effect in EFFECTS]
    oracles = [oracle(trial, alpha=ALPHA) for trial in trials]
    print("Requests to decision over the oracle's, exact: median / mean, power at +0.5 points")
    for trial, found in zip(trials, oracles, strict=True):
        print(
            f"  oracle at +{100 * trial.effect:.1f} points: median {found.median_requests:,.0f}, "
            f"mean {found.mean_requests:,.0f} requests, power {found.power:.3f}"
        )
    means = {}
    for name, share in FUNCTIONS.items():
        tests = [spent(trial, alpha=ALPHA, share=share) for trial in trials]
        ratios = [
            t.median_requests / o.median_requests for t, o in zip(tests, oracles, strict=True)
        ]
        each = "  ".join(
            f"{ratio:.2f} / {t.mean_requests / o.mean_requests:.2f}"
            for ratio, t, o in zip(ratios, tests, oracles, strict=True)
        )
        means[name] = statistics.geometric_mean(ratios)
        print(f"  {name:<32}{each}  power {tests[0].power:.3f}  mean of medians {means[name]:.2f}")
    return means[next(iter(FUNCTIONS))] <= MOST_RATIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of all runs of a world."""

    world: World
    runs: tuple[Run, ...]

    @property
    def best(self) -> str | None:
        """The arm that should win, None where all are alike."""
        effects = self.world.effects
        if max(effects) == min(effects):
            return None
        return self.world.plan.arms[effects.index(max(effects))]

    @property
    def wrong(self) -> int:
        """Runs that named a winner that is not the best arm."""
        return sum(r.winner is not None and r.winner != self.best for r in self.runs)

    @property
    def regret(self) -> float:
        """Mean regret over that of equal shares served to the horizon."""
        effects = self.world.effects
        fixed = HORIZON * (max(effects) - statistics.fmean(effects))
        return statistics.fmean(r.regret for r in self.runs) / fixed if fixed else 0.0

    def line(self) -> str:
        """The outcome as a row of a table."""
        of = len(self.runs)
        right = sum(r.winner is not None and r.winner == self.best for r in self.runs)
        ties = sum(r.tied for r in self.runs)
        median = statistics.median(r.requests for r in self.runs)
        regret = f"{self.regret:.3f}" if self.best else "-"
        return (
            f"  {self.world.name:<46}{right / of:>7.1%}{self.wrong / of:>7.1%}{ties / of:>7.1%}"
            f"{median:>10,.0f}{regret:>8}"
        )


def worlds() -> Iterator[World]:
    """Worlds without a difference, then with one, under either policy."""
    late: dict[str, Any] = {"kind": OutcomeKind.CONVERSIONS, "outcome_window_seconds": 2_400}
    thompson = plan(Policy.THOMPSON)
    for name, course in (("steady", steady), ("rate triples", drifting), ("daily", daily)):
        yield World(name=f"tie, {name}", plan=plan(), effects=(0.0, 0.0), course=course)
        yield World(name=f"tie, {name}, thompson", plan=thompson, effects=(0, 0), course=course)
    yield World(
        name="tie, rate triples, shares ramped",
        plan=plan(),
        effects=(0.0, 0.0),
        course=drifting,
        ramp=lambda passed: {"blue": 90 - int(60 * passed), "green": 10 + int(60 * passed)},
    )
    yield World(
        name="tie, late conversions, rate triples",
        plan=plan(**late),
        effects=(0.0, 0.0),
        course=drifting,
        mean_delay=8.0,
    )
    four = plan(arms=("a", "b", "c", "d"), control="a")
    yield World(name="tie of four arms", plan=four, effects=(0.0,) * 4)
    margin = plan(tie_margin=0.01)
    yield World(name="tie, margin 1 point", plan=margin, effects=(0.0, 0.0), looks=240)
    for effect in EFFECTS:
        points = f"+{100 * effect:.1f} points"
        yield World(name=points, plan=plan(), effects=(0.0, effect), looks=240)
        yield World(name=f"{points}, thompson", plan=thompson, effects=(0.0, effect), looks=240)
    yield World(name="+1.0 points, margin 1", plan=margin, effects=(0.0, 0.01), looks=240)
    yield World(
        name="+1.0 points, late conversions",
        plan=plan(**late),
        effects=(0.0, 0.01),
        mean_delay=8.0,
        looks=240,
    )
    yield World(name="+1.0 points, one of four arms", plan=four, effects=(0.0, 0.01, 0.0, 0.0))


def binomial_tail(count: int, *, of: int, chance: float) -> float:
    """The chance of so many or more among `of`."""
    return 1 - sum(math.comb(of, k) * chance**k * (1 - chance) ** (of - k) for k in range(count))


def print_worlds(runs: int, *, only: str) -> bool:
    """Prints a row a world; True when wrong winners and Thompson's regret are within the goals."""
    print(f"\nWhole tests, {runs} each: right winner, wrong winner (allowed 5 %), tie, median")
    print("requests to the end, regret over that of a fixed 50/50 split without a decision")
    within = True
    for world in worlds():
        if only not in world.name:
            continue
        started = time.process_time()
        found = Outcome(world=world, runs=tuple(run(world, seed) for seed in range(runs)))
        print(f"{found.line()}  ({time.process_time() - started:.0f} s)", flush=True)
        within &= binomial_tail(found.wrong, of=runs, chance=ALPHA) > 0.001
        if found.best and world.plan.policy is Policy.THOMPSON:
            within &= found.regret < MOST_REGRET
    return within


def main() -> int:
    """Runs all; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="tests a world")
    parser.add_argument("--only", default="", help="worlds whose name has this in it")
    arguments = parser.parse_args()
    met = print_ratios() if not arguments.only else True
    met &= print_worlds(arguments.runs, only=arguments.only)
    print("\nall goals met" if met else "\nmissed a goal")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
