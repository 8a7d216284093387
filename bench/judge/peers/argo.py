"""Argo Rollouts' background analysis: a metric fails when its failures *exceed* the failure limit.

One measurement every five minutes over the last five, of the candidate alone. The documentation
queries `irate`, which is the slope between the last two scrapes; the whole window is taken here,
which is less noisy. It shows the success rate only; the fitted form watches the 99th percentile of
latency too. A measurement without data does not meet its success condition.
"""

from functools import partial

import numpy as np

from bench.judge.peers import fitting
from bench.judge.peers.fitting import Limited
from bench.judge.peers.series import error_rate, quantile_latency
from bench.judge.recorded import Counts, Recorded
from bench.judge.rules import Decisions, Flags, Rule, first
from bench.judge.worlds import LOOKS, Numbers
from tidegate.plan import Metric

MINUTES, FAILURE_LIMIT = 5, 3
LEAST_SUCCESS = 0.95

_MEASURED = (np.arange(LOOKS) + 1) % MINUTES == 0


def _measurements(values: Numbers) -> Numbers:
    """Infinite where there is no data; between measurements nothing can fail."""
    return np.where(_MEASURED, np.nan_to_num(values, nan=np.inf), -np.inf)


def _series(recorded: Recorded, minutes: int = MINUTES) -> tuple[Numbers, ...]:
    slot = recorded.candidate
    return (
        _measurements(error_rate(slot, minutes=minutes)),
        _measurements(quantile_latency(slot, 0.99, minutes=minutes)),
    )


def failed(beyond: tuple[Flags, ...]) -> Counts:
    """The look at which the first metric has more failures than its limit."""
    metrics = [first(np.cumsum(one, axis=1) > FAILURE_LIMIT) for one in beyond]
    return np.asarray(np.minimum.reduce(metrics))


ANALYSIS = Limited(name="Argo", series=_series, fires=failed, minutes=(MINUTES,))

FITTED = Rule(
    name="Argo fitted",
    documented=(
        "argoproj/argo-rollouts docs/features/analysis.md, analysis/analysis.go (failed when "
        "failures > failureLimit); interval 5m, failureLimit 3, success rate and P99 fitted to 5 % "
        "false rollbacks on the stationary world"
    ),
    decide=partial(fitting.decide, ANALYSIS),
    watches=(Metric.ERRORS, Metric.LATENCY),
)


def documented(recorded: Recorded) -> Decisions:
    """The background analysis of the documentation: success rate at least 95 %."""
    errors, _ = _series(recorded)
    return Decisions(rolled_back=failed((errors > 1 - LEAST_SUCCESS,)))


DOCUMENTED = Rule(
    name="Argo docs",
    documented=(
        "argoproj/argo-rollouts docs/features/analysis.md: successCondition result >= 0.95, "
        "interval 5m, failureLimit 3; success rate only"
    ),
    decide=documented,
    watches=(Metric.ERRORS,),
)
