"""How large a monitor's state is, and how much memory a run holds, at the limits of everything."""

import gzip
import json
import tracemalloc
from dataclasses import dataclass, replace

import numpy as np

from bench.monitoring.quality import DAY_SECONDS, SLICES, WORLDS, counted, watching
from tidegate.monitoring.labels import judge_counts
from tidegate.monitoring.outcomes import OutcomePlan
from tidegate.monitoring.state import POINTS_KEPT, MonitorState
from tidegate.monitoring.waiting import Waiting, most_in_window
from tidegate.prediction_id import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a state comes to: megabytes as text, as stored, and of memory while it is read."""

    waiting: int
    text: float
    stored: float
    memory: float


def size_of(label_days: int, *, requests: int = 100_000, days: int = POINTS_KEPT) -> Size:
    """So many daily windows, forty slices, and as many waiting predictions as are kept."""
    rng = np.random.default_rng(1)
    watched = watching(WORLDS[0], rng)
    outcomes = OutcomePlan(expected=0.5, rows=100, window_seconds=label_days * DAY_SECONDS)
    plan = replace(watched.plan, outcomes=outcomes)
    state = MonitorState(baseline="b")
    for day in range(days):
        judge_counts(state, watched, counted(*WORLDS[0].draw(rng, 2_000, served=True)), window=day)
    for window in range(label_days + 2):
        waiting = Waiting(most=most_in_window(plan), cut=("part",))
        for number in range(min(requests, 2 * waiting.most)):
            name = fingerprint(f"{window} {number}")
            waiting.put(name, float(rng.random()), (int(rng.integers(0, SLICES)),))
        state.quality.waiting[window] = waiting
    text = json.dumps(state.to_json(), separators=(",", ":")).encode()
    tracemalloc.start()
    held = MonitorState.from_json(json.loads(text))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    megabyte = 1e6
    return Size(
        waiting=sum(len(one.kept) for one in held.quality.waiting.values()),
        text=len(text) / megabyte,
        stored=len(gzip.compress(text, mtime=0)) / megabyte,
        memory=peak / megabyte,
    )
