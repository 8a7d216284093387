"""What early looks do: requests until an outage is rolled back, and false roll-backs by late lines.

`python -m bench.early_looks` simulates releases request by request, with the moment at which each
line of the request log is counted, and runs the release loop's closing, its early looks and the
judge on them. A harmless candidate whose answers take longer than the live version's has its fast
errors counted before its slow successes: the table shows what that does with early looks as they
are, without their rule on missing requests, and without early looks.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidegate.closing import closed
from tidegate.early import Missing, Watched, early, given_after
from tidegate.intervals import EARLY_LOOK_SECONDS, INTERVAL_SECONDS
from tidegate.judge import Comparison, JudgeState, judge
from tidegate.observation import Observation, ObservationKey
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.verdict import VerdictKind

LAG = 30
MINUTES = 30
PIPELINE_SECONDS = 3.0
"""Mean time from the writing of a line to its being counted; exponential."""

PLAN = ReleasePlan(
    steps=(Step(share_percent=10, bake_seconds=MINUTES * 60),),
    guardrails=(Guardrail(metric=Metric.ERRORS, margin=0.02),),
    lag_seconds=LAG,
)
SLOTS = Comparison(live="blue", candidate="green")
WATCHED = Watched(live="blue", candidate="green", split_version=1, candidate_share=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """How a slot answers: share of errors, and mean seconds of a good answer (exponential)."""

    errors: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Requests a second, and what either slot does with its part of them."""

    name: str
    per_second: float
    live: Slot
    candidate: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How it is looked: how early looks watch, None where there are none."""

    name: str
    watched: Watched | None


WAYS = (
    Way(name="early looks", watched=WATCHED),
    Way(
        name="without the rule on missing requests",
        watched=replace(WATCHED, deviations=math.inf),
    ),
    Way(name="closings only", watched=None),
)
SCENARIOS = (
    Scenario(
        name="outage, 5/s",
        per_second=5,
        live=Slot(errors=0.001, seconds=0.2),
        candidate=Slot(errors=1.0, seconds=0.2),
    ),
    Scenario(
        name="outage, 50/s",
        per_second=50,
        live=Slot(errors=0.001, seconds=0.2),
        candidate=Slot(errors=1.0, seconds=0.2),
    ),
    Scenario(
        name="fails at 25 %, 50/s",
        per_second=50,
        live=Slot(errors=0.001, seconds=0.2),
        candidate=Slot(errors=0.25, seconds=0.2),
    ),
    Scenario(
        name="harmless, alike",
        per_second=50,
        live=Slot(errors=0.02, seconds=0.2),
        candidate=Slot(errors=0.02, seconds=0.2),
    ),
    Scenario(
        name="harmless, 3 s instead of 2",
        per_second=50,
        live=Slot(errors=0.02, seconds=2),
        candidate=Slot(errors=0.02, seconds=3),
    ),
    Scenario(
        name="harmless, 15 s instead of 10",
        per_second=50,
        live=Slot(errors=0.02, seconds=10),
        candidate=Slot(errors=0.02, seconds=15),
    ),
    Scenario(
        name="harmless, 15 s instead of 10, 500/s",
        per_second=500,
        live=Slot(errors=0.02, seconds=10),
        candidate=Slot(errors=0.02, seconds=15),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What one slot served in one interval: when each line is counted, errors and all, sorted."""

    key: ObservationKey
    all_counted: NDArray[np.float64]
    errors_counted: NDArray[np.float64]

    def known(self, now: float) -> Observation:
        """What the counters say by now."""
        errors = int(np.searchsorted(self.errors_counted, now, side="right"))
        return Observation(
            key=self.key,
            requests=int(np.searchsorted(self.all_counted, now, side="right")),
            errors=errors,
            clients_with_errors=errors,
        )


def served(scenario: Scenario, rng: np.random.Generator) -> Iterator[Served]:
    """Both slots' requests of every interval."""
    for interval in range(MINUTES):
        for name, slot, share in (
            ("blue", scenario.live, 0.9),
            ("green", scenario.candidate, 0.1),
        ):
            count = int(rng.poisson(scenario.per_second * INTERVAL_SECONDS * share))
            failed = rng.random(count) < slot.errors
            asked = (interval + rng.random(count)) * INTERVAL_SECONDS
            answered = asked + np.where(failed, 0.01, rng.exponential(slot.seconds, count))
            counted = answered + rng.exponential(PIPELINE_SECONDS, count)
            key = ObservationKey(release_id="r", interval=interval, split_version=1, slot=name)
            yield Served(
                key=key,
                all_counted=np.sort(counted),
                errors_counted=np.sort(counted[failed]),
            )


def candidate_requests_until_rolled_back(
    scenario: Scenario, way: Way, rng: np.random.Generator
) -> int | None:
    """What the candidate had served when the judge said roll back; None when it never did."""
    lines = list(served(scenario, rng))
    state, through = JudgeState.initial(PLAN), -1
    given: tuple[Observation, ...] = ()
    missing = Missing()
    for now in range(0, (MINUTES + 1) * INTERVAL_SECONDS + LAG, EARLY_LOOK_SECONDS):
        until = (now - LAG) // INTERVAL_SECONDS - 1
        known = [s.known(now) for s in lines if through < s.key.interval <= now // INTERVAL_SECONDS]
        if until > through:
            seen = closed(
                known, after=through, through=until, outcome_window_seconds=1, given=given
            )
            through = until
            given = given_after(given, (), through=through)
        elif way.watched is None:
            continue
        else:
            part = early(known, given, watched=replace(way.watched, missing=missing))
            if part is None:
                continue
            seen, missing = part.observations, part.missing
            given = given_after(given, seen, through=through)
        if not seen:
            continue
        state, verdict = judge(PLAN, SLOTS, state, seen)
        if verdict.kind is VerdictKind.ROLL_BACK:
            return round(now * scenario.per_second * 0.1)
    return None


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200, help="releases a scenario")
    runs = parser.parse_args().runs
    print(f"{'scenario':38}{'way':40}{'rolled back':>12}{'median requests':>17}")
    for scenario in SCENARIOS:
        for way in WAYS:
            found = [
                candidate_requests_until_rolled_back(scenario, way, np.random.default_rng(run))
                for run in range(runs)
            ]
            ended = sorted(one for one in found if one is not None)
            median = str(ended[len(ended) // 2]) if ended else "-"
            share = f"{len(ended)} of {runs}"
            print(f"{scenario.name:38}{way.name:40}{share:>12}{median:>17}", flush=True)


if __name__ == "__main__":
    main()
