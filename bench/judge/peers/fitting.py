"""Limits fitted to 5 % false rollbacks on the stationary world of a scenario's traffic.

That is what an operator can do who has the history of his service: the same traffic, steps and live
version, without drift, swing or incidents, and with nothing wrong. Every metric has the same share
of its values beyond its limit, as large as false alarms allow. Results are kept in a file beside
this one.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from bench.judge.recorded import Counts, Recorded
from bench.judge.rules import NEVER, Decisions, Flags
from bench.judge.simulate import simulate
from bench.judge.worlds import Behaviour, Course, Delay, Family, Numbers, Scenario, always
from tidegate.plan import Metric

METHOD = 1
"""Raised when the limits of the same scenario change."""

TARGET = 0.05
RUNS = 1_000
RUNS_AT_ONCE = 100
SEED = 83_001
HALVINGS = 20

KEPT = Path(__file__).with_name("fitted.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """A rule that compares series of the candidate with limits, and counts what is beyond."""

    name: str
    series: Callable[[Recorded, int], tuple[Numbers, ...]]
    """One a metric, shape (runs, looks), over windows of so many minutes; a missing value that
    counts as beyond is infinite."""
    fires: Callable[[tuple[Flags, ...]], Counts]
    """The look of rollback, from what is beyond its limit."""
    minutes: tuple[int, ...]
    """Windows, tried in this order until limits exist that keep the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a rule was fitted to, and the share of harmless releases it then rolls back there."""

    limits: tuple[float, ...]
    minutes: int
    false_rollbacks: float


def stationary(scenario: Scenario) -> Scenario:
    """The world an operator knows before the release: as it is on average, nothing wrong."""
    live = scenario.live
    steady = Behaviour(
        errors=_mean(live.errors), latency=live.latency, slowdown=_mean(live.slowdown)
    )
    return replace(
        scenario,
        name="",
        family=Family.HARMLESS,
        per_minute=_mean(scenario.per_minute),
        live=steady,
        candidate=steady,
        delay=Delay(),
        incidents=None,
        shared_noise=0.0,
        clump_size=1,
        harmed=None,
        onset=0,
    )


def _mean(course: Course) -> Course:
    return always(round(float(course.values().mean()), 9))


def key_of(limited: Limited, scenario: Scenario) -> str:
    """The name under which limits are kept: the rule and a hash of the world fitted to."""
    world = repr((METHOD, RUNS, stationary(scenario)))
    return f"{limited.name} {hashlib.sha256(world.encode()).hexdigest()[:16]}"


def decide(limited: Limited, recorded: Recorded) -> Decisions:
    """What the rule does with the limits fitted to this scenario's traffic."""
    found = fitted(limited, recorded.scenario)
    series = limited.series(recorded, found.minutes)
    return Decisions(rolled_back=limited.fires(_beyond(series, found.limits)))


def fitted(limited: Limited, scenario: Scenario, *, kept: Path = KEPT) -> Limits:
    """The limits for a scenario, from the file or else measured and added to it."""
    known = read(kept)
    key = key_of(limited, scenario)
    if key not in known:
        known = keep(fit((limited,), scenario), kept=kept)
    return known[key]


def read(kept: Path = KEPT) -> dict[str, Limits]:
    """All limits that are kept."""
    data = json.loads(kept.read_text()) if kept.exists() else {}
    return {key: Limits(**{**one, "limits": tuple(one["limits"])}) for key, one in data.items()}


def keep(found: dict[str, Limits], *, kept: Path = KEPT) -> dict[str, Limits]:
    """All limits that are kept, with these among them."""
    known = {**read(kept), **found}
    data = {key: asdict(one) for key, one in sorted(known.items())}
    kept.write_text(json.dumps(data, indent=1) + "\n")
    return known


def fit(rules: Sequence[Limited], scenario: Scenario, *, runs: int = RUNS) -> dict[str, Limits]:
    """By their keys, limits that roll back at most TARGET of the stationary world's releases."""
    seen: dict[tuple[str, int], list[tuple[Numbers, ...]]] = {}
    for recorded in _worlds(stationary(scenario), runs):
        for limited in rules:
            for minutes in limited.minutes:
                series = limited.series(recorded, minutes)
                seen.setdefault((limited.name, minutes), []).append(series)
    return {key_of(limited, scenario): _shortest(limited, seen) for limited in rules}


def _shortest(limited: Limited, seen: dict[tuple[str, int], list[tuple[Numbers, ...]]]) -> Limits:
    """The limits in the first windows in which there are any."""
    for minutes in limited.minutes:
        parts = zip(*seen[limited.name, minutes], strict=True)
        found = _fit(limited, tuple(np.concatenate(part) for part in parts), minutes)
        if found is not None:
            return found
    raise ValueError(
        f"{limited.name} rolls back more than {TARGET:.0%} of harmless releases whatever its "
        f"limits, in windows of {limited.minutes} minutes: allow longer ones"
    )


def _worlds(world: Scenario, runs: int) -> Iterator[Recorded]:
    for part, first in enumerate(range(0, runs, RUNS_AT_ONCE)):
        portion = min(RUNS_AT_ONCE, runs - first)
        yield simulate(world, portion, SEED + part, metrics=(Metric.ERRORS, Metric.LATENCY))


def _fit(limited: Limited, series: tuple[Numbers, ...], minutes: int) -> Limits | None:
    """Finds by halving what share of each metric's values may be beyond; None where not even 0."""
    rising = [np.sort(one[np.isfinite(one)]) for one in series]
    best, low, high, share = None, 0.0, 1.0, 0.0
    for _ in range(HALVINGS):
        limits = tuple(float(one[len(one) - 1 - int(share * len(one))]) for one in rising)
        false = _false(limited, _beyond(series, limits))
        if false <= TARGET:
            best, low = Limits(limits=limits, minutes=minutes, false_rollbacks=false), share
        elif best is None:
            return None
        else:
            high = share
        share = (low + high) / 2
    return best


def _false(limited: Limited, beyond: tuple[Flags, ...]) -> float:
    return float((limited.fires(beyond) < NEVER).mean())


def _beyond(series: tuple[Numbers, ...], limits: tuple[float, ...]) -> tuple[Flags, ...]:
    return tuple(one > limit for one, limit in zip(series, limits, strict=True))
