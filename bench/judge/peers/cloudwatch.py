"""CloudWatch alarms as SageMaker's deployment guardrails use them: any one in ALARM rolls back.

An alarm compares each period's statistic with a limit and fires when M of the last N datapoints are
beyond it; it is evaluated every minute, and missing data is `notBreaching`. SageMaker publishes
`Invocation5XXErrors` (0 or 1 a request) and `ModelLatency`; AWS's examples take the Average of
both. Outcomes have no metric there.
"""

from functools import partial

import numpy as np

from bench.judge.peers import fitting
from bench.judge.peers.fitting import Limited
from bench.judge.peers.series import error_rate, mean_latency
from bench.judge.recorded import Counts, Recorded
from bench.judge.rules import Decisions, Flags, Rule, first
from bench.judge.worlds import Numbers
from tidegate.plan import Metric

WATCHES = (Metric.ERRORS, Metric.LATENCY)

NEEDED, EVALUATED = 3, 5

EXAMPLE_ERRORS = 1.0
"""The canary notebook's error alarm: Average >= 1, one period of 60 s. Its comment says 1 %."""
EXAMPLE_MILLISECONDS, EXAMPLE_MINUTES = 100.0, 5
"""The developer guide's latency alarm: Average > 100 ms in two periods of 300 s."""


def alarm(beyond: Flags, *, needed: int, evaluated: int) -> Counts:
    """The first look at which so many of the last datapoints are beyond the limit."""
    cumulated = np.cumsum(beyond, axis=1, dtype=np.int64)
    cumulated[:, evaluated:] -= cumulated[:, :-evaluated].copy()
    return first(cumulated >= needed)


def _series(recorded: Recorded, minutes: int) -> tuple[Numbers, ...]:
    slot = recorded.candidate
    return error_rate(slot, minutes=minutes), mean_latency(slot, minutes=minutes)


def _any_alarm(beyond: tuple[Flags, ...]) -> Counts:
    alarms = [alarm(one, needed=NEEDED, evaluated=EVALUATED) for one in beyond]
    return np.asarray(np.minimum.reduce(alarms))


ALARMS = Limited(name="CloudWatch", series=_series, fires=_any_alarm, minutes=(1,))

FITTED = Rule(
    name="CloudWatch fitted",
    documented=(
        "CloudWatch user guide, Alarm evaluation (M of N, missing data notBreaching); 3 of 5 "
        "datapoints of 60 s of the candidate, Average of 5XX errors and of latency, limits fitted "
        "to 5 % false rollbacks on the stationary world"
    ),
    decide=partial(fitting.decide, ALARMS),
    watches=WATCHES,
)


def examples(recorded: Recorded) -> Decisions:
    """AWS's published alarms, on the candidate alone although the notebook watches both fleets."""
    errors = first(error_rate(recorded.candidate) >= EXAMPLE_ERRORS)
    slow = mean_latency(recorded.candidate, minutes=EXAMPLE_MINUTES) > EXAMPLE_MILLISECONDS
    slow[:, : EXAMPLE_MINUTES - 1] = False
    both = slow[:, EXAMPLE_MINUTES:] & slow[:, :-EXAMPLE_MINUTES]
    before = np.zeros((len(slow), EXAMPLE_MINUTES), dtype=bool)
    latency = first(np.concatenate([before, both], axis=1))
    return Decisions(rolled_back=np.minimum(errors, latency))


EXAMPLES = Rule(
    name="SageMaker examples",
    documented=(
        "aws/amazon-sagemaker-examples, Update-SageMaker-Inference-endpoint-using-canary-traffic-"
        "shifting.ipynb: Invocation5XXErrors Average >= 1 (that is 100 %) for 60 s; its latency "
        "limit of 10 ms is below what these models take when all is well, so the developer "
        "guide's stands in (deployment-guardrails-configuration): Average > 100 ms, 2 x 300 s"
    ),
    decide=examples,
    watches=WATCHES,
)
