"""`python -m bench.monitoring`: false alarms of simulated years, requests until drift is found.

Prints tables, of traffic and of labels; `--years` and `--runs` say how much is simulated. A year is
365 daily looks at a hundred features, or at labels in forty slices.
"""

import argparse
import math
import time
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bench.monitoring.peers import Peers
from bench.monitoring.quality import (
    DECAYS,
    AttributionWorld,
    attribution_days,
    labels_until_found,
    quality_years,
)
from bench.monitoring.quality import WORLDS as SCORE_WORLDS
from bench.monitoring.size import size_of
from bench.monitoring.worlds import FEATURES, SHIFTS, WORLDS, Shift, Values, World
from tidegate.monitoring.advance import Watched, close_window
from tidegate.monitoring.baseline import Baseline
from tidegate.monitoring.columns import Columns, Row
from tidegate.monitoring.counts import FeatureCounts, Window
from tidegate.monitoring.hypotheses import hypotheses_of
from tidegate.monitoring.making import make_baseline
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.seasons import Season
from tidegate.monitoring.state import MonitorState

DAYS, DAY_SECONDS = 365, 86_400
BASELINE_ROWS = 28_000
NAMES = tuple(f"feature {number:02}" for number in range(FEATURES))
PEERS = ("PSI > 0.2", "KS p < 0.05", "KS p < 0.05 / 100")
STEADY_DAYS, WINDOW_REQUESTS, MOST_WINDOWS = 30, 100, 1_000
GOAL = 0.01


def main(arguments: Sequence[str] | None = None) -> int:
    """Both tables are printed; 1 where more years had a false alarm than was promised."""
    parser = argparse.ArgumentParser(prog="python -m bench.monitoring", description=__doc__)
    parser.add_argument("--years", type=int, default=40, help="simulated years a world")
    parser.add_argument("--runs", type=int, default=20, help="runs a shift")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--only", choices=("all", "labels"), default="all")
    asked = parser.parse_args(arguments)
    worlds = WORLDS if asked.only == "all" and asked.years else ()
    alarms = sum(years(world, asked.years, asked.seed) for world in worlds)
    labelled = quality(asked.years, asked.runs, asked.seed)
    if asked.runs and asked.only == "all":
        found(asked.runs, asked.seed)
    years_in_all = asked.years * (len(worlds) + len(SCORE_WORLDS) + 1)
    return 0 if alarms + labelled <= GOAL * years_in_all else 1


def quality(years_: int, runs: int, seed: int) -> int:
    """Prints alarms and delays of ranking, calibration, slices and attributions; returns alarms."""
    alarms = 0
    for world in SCORE_WORLDS if years_ else ():
        raised = quality_years(world, years_, seed)
        alarms += raised["tidegate"]
        told = ", ".join(f"{name}: {number} of {years_}" for name, number in raised.items())
        print(f"{world.name} ({world.labels} labels a day): {told}", flush=True)
    days = [attribution_days(AttributionWorld(), DAYS, seed + year) for year in range(years_)]
    if days:
        wrongly = sum(day is not None for day in days)
        alarms += wrongly
        print(f"attributions as they were: tidegate: {wrongly} of {years_}", flush=True)
    for decay in DECAYS if runs else ():
        print(
            f"{decay.name}: tidegate {labels_until_found(decay, runs, seed):.0f} labels", flush=True
        )
    for label_days in (1, 30) if runs else ():
        size = size_of(label_days)
        print(
            f"state while labels take {label_days} days, {size.waiting} scores wait: "
            f"{size.text:.1f} MB, {size.stored:.1f} MB as stored, {size.memory:.0f} MB of memory "
            "to read it",
            flush=True,
        )
    return alarms


def years(world: World, count: int, seed: int) -> int:
    """Prints in how many years there was any alarm; returns the monitor's."""
    rng, alarms = np.random.default_rng(seed), dict.fromkeys(("tidegate", *PEERS), 0)
    began = time.perf_counter()
    for _ in range(count):
        rows, days = world.baseline(rng, BASELINE_ROWS)
        watched = watching(rows, days, seasonal=world.weekly > 0)
        for name in one_year(world, watched, Peers.of(rows), rng):
            alarms[name] += 1
    took = time.perf_counter() - began
    told = ", ".join(f"{name}: {number} of {count}" for name, number in alarms.items())
    print(f"{world.name} ({world.requests} requests a day): {told} ({took:.0f} s)", flush=True)
    return alarms["tidegate"]


def one_year(world: World, watched: Watched, peers: Peers, rng: np.random.Generator) -> set[str]:
    """Which rules raised an alarm in a year without drift."""
    state, raised = MonitorState(baseline=watched.baseline.digest), set[str]()
    for day in range(DAYS):
        rows = world.draw(rng, day=day, rows=world.requests)
        raised |= {name for name, alarm in peers.alarms(rows).items() if alarm}
        counted = rows[:: world.clump]
        close_window(state, watched, window_of(counted, watched.baseline, index=day))
        if state.found:
            raised.add("tidegate")
    return raised


def found(runs: int, seed: int) -> None:
    """Prints after how many requests each shift is found, the median of the runs that find it."""
    world = World(name="", correlation=0.3)
    for shift in SHIFTS:
        rng = np.random.default_rng(seed)
        ours: list[float] = []
        theirs: dict[str, list[float]] = {name: [] for name in PEERS}
        for _ in range(runs):
            rows, days = world.baseline(rng, BASELINE_ROWS)
            watched = watching(rows, days, seasonal=False)
            ours.append(until_found(world, shift, watched, rng))
            for name, number in until_peers(world, shift, Peers.of(rows), rng).items():
                theirs[name].append(number)
        print(f"{shift.name}: tidegate {_told(ours)}", end="")
        print("".join(f", {name} {_told(theirs[name])}" for name in PEERS), flush=True)


def _told(requests: Sequence[float]) -> str:
    middle = median(requests)
    return "not found" if math.isinf(middle) else f"{middle:.0f}"


def until_found(world: World, shift: Shift, watched: Watched, rng: np.random.Generator) -> float:
    """Requests from the change until the monitor finds it, after thirty steady days."""
    state = MonitorState(baseline=watched.baseline.digest)
    for day in range(STEADY_DAYS):
        rows = world.draw(rng, day=day, rows=world.requests)
        close_window(state, watched, window_of(rows, watched.baseline, index=day))
    for number in range(1, MOST_WINDOWS + 1):
        rows = shift.apply(world.draw(rng, day=0, rows=WINDOW_REQUESTS), rng)
        window = window_of(rows, watched.baseline, index=STEADY_DAYS + number)
        close_window(state, watched, window)
        if state.found:
            return number * WINDOW_REQUESTS
    return math.inf


def until_peers(
    world: World, shift: Shift, peers: Peers, rng: np.random.Generator
) -> dict[str, float]:
    """The same of the daily rules, each by itself, at most thirty days."""
    first: dict[str, float] = {}
    for day in range(1, 31):
        rows = shift.apply(world.draw(rng, day=0, rows=world.requests), rng)
        for name, alarm in peers.alarms(rows).items():
            if alarm:
                first.setdefault(name, day * world.requests)
        if len(first) == len(PEERS):
            break
    return {name: first.get(name, math.inf) for name in PEERS}


def watching(rows: Values, days: NDArray[np.int64], *, seasonal: bool) -> Watched:
    """The product's plan and baseline of these rows, made by the product."""
    plan = MonitoringPlan(window_seconds=DAY_SECONDS)
    columns = Columns(
        names=NAMES,
        season=Season.WEEKDAY if seasonal else Season.NONE,
        moment=lambda row: float(row["day"]) * DAY_SECONDS,
    )

    def read() -> list[Row]:
        table = zip(rows.tolist(), days.tolist(), strict=True)
        return [{**dict(zip(NAMES, one, strict=True)), "day": day} for one, day in table]

    kept = read()
    baseline = make_baseline(lambda: iter(kept), columns)
    return Watched(plan=plan, baseline=baseline, hypotheses=hypotheses_of(plan, baseline))


def window_of(rows: Values, baseline: Baseline, *, index: int) -> Window:
    """The counts that the product would have of these rows (an array's pace: a test compares)."""
    features = {}
    for place, name in enumerate(NAMES):
        bins, values = baseline.features[name].bins, rows[:, place]
        known = values[~np.isnan(values)]
        places = np.searchsorted(bins.edges, known, side="left")
        outside = (known < bins.low) | (known > bins.high)
        features[name] = FeatureCounts(
            bins=np.bincount(places, minlength=bins.count).astype(float).tolist(),
            missing=float(len(values) - len(known)),
            strange=float(outside.sum()),
        )
    return Window(index=index, requests=len(rows), features=features)


if __name__ == "__main__":
    raise SystemExit(main())
