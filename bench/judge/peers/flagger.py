"""Flagger: every minute each metric must be in its range; failed checks add up to a rollback.

A check fails where any metric is out of range or has no values; failed checks are never taken back
by good ones. At the threshold the *next* run of the controller rolls back (scheduler.go). Built in
are the success rate and the 99th percentile of the request duration.
"""

from functools import partial

import numpy as np

from bench.judge.peers import fitting
from bench.judge.peers.fitting import Limited
from bench.judge.peers.series import error_rate, quantile_latency
from bench.judge.recorded import Counts, Recorded
from bench.judge.rules import NEVER, Decisions, Flags, Rule, first
from bench.judge.worlds import Numbers
from tidegate.plan import Metric

WATCHES = (Metric.ERRORS, Metric.LATENCY)

THRESHOLD = 5
LEAST_SUCCESS, MOST_MILLISECONDS = 0.99, 500.0


def _series(recorded: Recorded, minutes: int = 1) -> tuple[Numbers, ...]:
    """A metric interval without values fails the check."""
    slot = recorded.candidate
    errors = error_rate(slot, minutes=minutes)
    slowest = quantile_latency(slot, 0.99, minutes=minutes)
    return np.nan_to_num(errors, nan=np.inf), np.nan_to_num(slowest, nan=np.inf)


def rolled_back(beyond: tuple[Flags, ...]) -> Counts:
    """The look after the one at which failed checks reach the threshold."""
    failed = np.logical_or.reduce(beyond)
    reached = first(np.cumsum(failed, axis=1) >= THRESHOLD)
    return np.minimum(reached + 1, NEVER)


CHECKS = Limited(name="Flagger", series=_series, fires=rolled_back, minutes=(1, 5))

FITTED = Rule(
    name="Flagger fitted",
    documented=(
        "fluxcd/flagger docs/gitbook/usage/how-it-works.md, metrics.md; pkg/controller/"
        "scheduler.go; threshold 5, metric interval 1m (5m where minutes without traffic alone "
        "reach the threshold), ranges fitted to 5 % false rollbacks on the stationary world"
    ),
    decide=partial(fitting.decide, CHECKS),
    watches=WATCHES,
)


def documented(recorded: Recorded) -> Decisions:
    """The settings of Flagger's Istio tutorial, kept up for as long as the release is watched."""
    errors, slowest = _series(recorded)
    beyond = (errors > 1 - LEAST_SUCCESS, slowest > MOST_MILLISECONDS)
    return Decisions(rolled_back=rolled_back(beyond))


DOCUMENTED = Rule(
    name="Flagger docs",
    documented=(
        "fluxcd/flagger docs/gitbook/tutorials/istio-progressive-delivery.md: success rate at "
        "least 99 %, P99 at most 500 ms, interval 1m, threshold 5"
    ),
    decide=documented,
    watches=WATCHES,
)
