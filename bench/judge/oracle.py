"""The oracle: the fewest requests a rule could need that knows the effect but not the base level.

It knows which metric is harmed, since when and by how much (the odds ratio, or the ratio of latency
densities); it does not know the base rates. Its statistic is the sum of `conditional`'s log
likelihood ratios from the onset on, its limit a constant, found by simulating the same world
without the effect so that a share ALPHA of releases cross it within all looks. Results are kept in
a file beside this one, by a hash of the scenario.

`python -m bench.judge.oracle` computes those that are missing and prints the table.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from bench.judge import conditional
from bench.judge.recorded import Counts, Recorded, SlotCounts, when_closed
from bench.judge.scenarios import BAD
from bench.judge.simulate import simulate
from bench.judge.worlds import LOOKS, MOST, Delay, Numbers, Scenario
from tidegate.observation import OutcomeKind
from tidegate.plan import Metric

METHOD = 1
"""Raised when the oracle's figures change for the same scenario."""

ALPHA = 0.01
NULL_RUNS = {Metric.ERRORS: 20_000, Metric.OUTCOMES: 12_000, Metric.LATENCY: 10_000}
BAD_RUNS = 2_000
RUNS_AT_ONCE = 500
NULL_SEED, BAD_SEED = 71_001, 71_002

KEPT = Path(__file__).with_name("oracle.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """What the oracle needs in one scenario, counted from the onset."""

    name: str
    limit: float
    """In nats."""
    null_runs: int
    runs: int
    power: float
    median_requests: float | None
    """Candidate requests to the crossing; None where fewer than half of the runs cross."""
    mean_requests: float
    """Candidate requests served, by the crossing or by the last look."""
    median_looks: float


def key_of(scenario: Scenario) -> str:
    """The hash under which a scenario's oracle is kept: of everything but its name."""
    return hashlib.sha256(repr((METHOD, replace(scenario, name=""))).encode()).hexdigest()[:16]


def oracle(scenario: Scenario, *, kept: Path = KEPT) -> Oracle:
    """The oracle of a bad scenario, from the file or else measured and added to it."""
    known = json.loads(kept.read_text()) if kept.exists() else {}
    key = key_of(scenario)
    if key not in known:
        known[key] = asdict(measure(scenario))
        kept.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    return Oracle(**{**known[key], "name": scenario.name})


def measure(scenario: Scenario, *, null_runs: int | None = None, runs: int = BAD_RUNS) -> Oracle:
    """Finds the limit on the world without the effect and the crossings in the world with it."""
    if scenario.harmed is None:
        raise ValueError(f"scenario {scenario.name!r} is harmless: there is nothing to know")
    null_runs = NULL_RUNS[scenario.harmed] if null_runs is None else null_runs
    limit = _limit(scenario, null_runs)
    looks, requests = [], []
    for recorded in _worlds(scenario, runs, BAD_SEED):
        crossed = evidence(scenario, recorded) >= limit
        first = np.where(crossed.any(axis=1), crossed.argmax(axis=1), LOOKS)
        served = np.cumsum(recorded.candidate.requests[:, scenario.onset :], axis=1)
        last = np.minimum(first - scenario.onset, served.shape[1] - 1)
        looks.append(first)
        requests.append(served[np.arange(len(first)), last])
    return _summary(scenario, (limit, null_runs), np.concatenate(looks), np.concatenate(requests))


def _summary(
    scenario: Scenario, limit: tuple[float, int], looks: Counts, requests: Counts
) -> Oracle:
    power = float((looks < LOOKS).mean())
    reached = np.where(looks < LOOKS, requests.astype(float), np.inf)
    return Oracle(
        name=scenario.name,
        limit=limit[0],
        null_runs=limit[1],
        runs=len(looks),
        power=power,
        median_requests=float(np.median(reached)) if power > 0.5 else None,
        mean_requests=float(requests.mean()),
        median_looks=float(np.median(looks)) + 1 - scenario.onset,
    )


def _limit(scenario: Scenario, runs: int) -> float:
    null = replace(scenario, candidate=scenario.live)
    highest = [
        evidence(scenario, recorded).max(axis=1) for recorded in _worlds(null, runs, NULL_SEED)
    ]
    falling = np.sort(np.concatenate(highest))[::-1]
    # Just above the first one too many, so that no more than ALPHA of the runs reach it.
    return float(np.nextafter(falling[int(ALPHA * len(falling))], np.inf))


def _worlds(scenario: Scenario, runs: int, seed: int) -> Iterator[Recorded]:
    """Runs in portions, with the harmed metric alone."""
    metrics = () if scenario.harmed is None else (scenario.harmed,)
    for part, first in enumerate(range(0, runs, RUNS_AT_ONCE)):
        portion = min(RUNS_AT_ONCE, runs - first)
        yield simulate(scenario, portion, seed + 1_000 * part, metrics=metrics)


def evidence(effect: Scenario, recorded: Recorded) -> Numbers:
    """The log likelihood ratio of `effect` against no effect after each look: shape (runs, looks).

    It is 0 up to the onset, since there the two do not differ.
    """
    match effect.harmed:
        case Metric.ERRORS:
            gains = _errors(effect, recorded)
        case Metric.LATENCY:
            gains = _latency(effect, recorded)
        case _:
            gains = _outcomes(effect, recorded)
    return np.cumsum(gains, axis=1)


def _errors(effect: Scenario, recorded: Recorded) -> Numbers:
    candidate, live = recorded.candidate, recorded.live
    odds = _logit(effect.candidate.errors.values()) - _logit(effect.live.errors.values())
    return conditional.binary(
        (candidate.requests, candidate.errors), (live.requests, live.errors), odds
    )


def _latency(effect: Scenario, recorded: Recorded) -> Numbers:
    worse = effect.candidate.latency.chances(effect.candidate.slowdown.values())
    usual = effect.live.latency.chances(effect.live.slowdown.values())
    # Buckets that neither slot ever fills have chances of rounding error only.
    ratios = np.log(np.maximum(worse, 1e-12)) - np.log(np.maximum(usual, 1e-12))
    ratios = np.where(np.abs(ratios) < 1e-9, 0.0, ratios)
    return conditional.labels(recorded.candidate.latency, recorded.live.latency, ratios)


def _outcomes(effect: Scenario, recorded: Recorded) -> Numbers:
    """Of labels the wrong among those known; of events those that come, among those at risk."""
    worse, usual = effect.candidate.outcomes.values(), effect.live.outcomes.values()
    candidate, live = recorded.candidate, recorded.live
    if effect.delay.outcomes is OutcomeKind.LABELS:
        odds = (_logit(worse) - _logit(usual))[:, None]
        gains = conditional.binary(
            (candidate.known, candidate.wrong), (live.known, live.wrong), odds
        )
    else:
        odds = _logit(_hazards(worse, effect.delay)) - _logit(_hazards(usual, effect.delay))
        gains = conditional.binary(
            (_at_risk(candidate), candidate.known), (_at_risk(live), live.known), odds
        )
    return when_closed(gains)


def _hazards(rates: Numbers, delay: Delay) -> Numbers:
    """The chance of an event in each delay bucket, given that there was none before."""
    when = delay.chances()
    before = np.cumsum(when) - when
    return rates[:, None] * when / (1 - rates[:, None] * before)


def _at_risk(slot: SlotCounts) -> Counts:
    served = (slot.requests - slot.errors)[..., None]
    return np.asarray(served - (np.cumsum(slot.known, axis=2) - slot.known))


def _logit(rates: Numbers) -> Numbers:
    rates = np.clip(rates, 1 - MOST, MOST)
    return np.asarray(np.log(rates) - np.log1p(-rates))


def main() -> int:
    """Prints every bad scenario's oracle, measuring those that are not kept yet."""
    print(f"{'scenario':<34}{'limit':>7}{'power':>8}{'median requests':>17}{'looks':>7}{'mean':>9}")
    for scenario in BAD:
        known = oracle(scenario)
        median = "-" if known.median_requests is None else f"{known.median_requests:.0f}"
        print(
            f"{scenario.name:<34}{known.limit:>7.2f}{100 * known.power:>7.1f}%{median:>17}"
            f"{known.median_looks:>7.0f}{known.mean_requests:>9.0f}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
