"""What the judge remembers of a release: bounded, versioned, and the same however it got there."""

from collections.abc import Mapping
from dataclasses import field

from tidegate import latency
from tidegate.errors import InvalidValueError
from tidegate.guardrail.limits import Measured
from tidegate.judge.harm import HarmState
from tidegate.judge.latency_splits import MARGIN_CHANNEL, QUANTILES
from tidegate.judge.tally import Tally
from tidegate.observation import PairCounts
from tidegate.plan import Metric, ReleasePlan
from tidegate.untyped import Any
from tidegate.values import value

VERSION = 3

_CHANNELS = {Metric.LATENCY: len(QUANTILES), Metric.OUTCOMES: 2}
_MARGIN_CHANNELS = {Metric.LATENCY: MARGIN_CHANNEL, Metric.OUTCOMES: 1}
"""Latency has a channel a quantile. Of outcomes the first has what harm is looked for in, the
second what the margin is about; for labels these are the same."""


@value
class MetricState:
    """Evidence of harm, evidence of safety and counts for one guardrail metric."""

    metric: Metric
    harm: HarmState
    log_safety: float = 0.0
    """Evidence of safety: the logarithm of what bets against harm have won (`judge.safe`)."""
    tallies: tuple[Tally, ...] = (Tally(),)
    """One a channel."""

    @property
    def margin_channel(self) -> int:
        """The channel that the guardrail's margin is about."""
        return _MARGIN_CHANNELS.get(self.metric, 0)

    @property
    def tally(self) -> Tally:
        """The counts that the guardrail's margin is about."""
        return self.tallies[self.margin_channel]

    @property
    def worst_channel(self) -> int:
        """The channel in which the candidate is worst beside what chance does, for people."""
        return max(range(len(self.tallies)), key=lambda channel: self.tallies[channel].surprise)

    @classmethod
    def initial(cls, metric: Metric) -> "MetricState":
        """The state before anything was seen."""
        channels = _CHANNELS.get(metric, 1)
        return cls(metric=metric, harm=HarmState.initial(metric), tallies=(Tally(),) * channels)

    def to_json(self) -> dict[str, Any]:
        """The state in JSON types; `from_json` reads it back."""
        return {
            "metric": self.metric.value,
            "harm": self.harm.to_json(),
            "safe": {"log_evidence": self.log_safety},
            "tallies": [item.to_json() for item in self.tallies],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "MetricState":
        """The state that `to_json` wrote."""
        metric = Metric(data["metric"])
        return cls(
            metric=metric,
            harm=HarmState.from_json(metric, data["harm"]),
            log_safety=float(data["safe"]["log_evidence"]),
            tallies=tuple(Tally.from_json(item) for item in data["tallies"]),
        )


@value
class JudgeState:
    """All that the judge keeps between two looks: a few kilobytes, however long the release."""

    metrics: tuple[MetricState, ...]
    live_latency: latency.Histogram = field(default_factory=dict)
    both_latency: latency.Histogram = field(default_factory=dict)
    newest: int | None = None
    """The last interval of which anything was closed."""
    candidate_requests: int = 0
    live_requests: int = 0
    pairs: PairCounts | None = None
    """Of a shadow: all pairs that were evidence so far, without histograms and slices."""
    alone: tuple[Measured, ...] | None = None
    """Of a plan that holds the candidate to fixed limits: these, and what was measured so far."""

    @classmethod
    def initial(cls, plan: ReleasePlan) -> "JudgeState":
        """The state before anything was seen."""
        return cls(metrics=tuple(MetricState.initial(g.metric) for g in plan.guardrails))

    def check(self, plan: ReleasePlan) -> None:
        """Raises InvalidValueError where this state belongs to a plan with other metrics."""
        kept = [item.metric.value for item in self.metrics]
        planned = [guardrail.metric.value for guardrail in plan.guardrails]
        if kept != planned:
            fault = (
                f"judge state is of metrics {kept}, the plan's guardrails are {planned}: "
                "a plan may not change during a release, start a new one"
            )
            raise InvalidValueError([fault])

    def to_json(self) -> dict[str, Any]:
        """The versioned state in JSON types; `from_json` reads it back."""
        pairs = {} if self.pairs is None else {"pairs": self.pairs.to_json()}
        alone = {} if self.alone is None else {"alone": [item.to_json() for item in self.alone]}
        return {
            **pairs,
            **alone,
            "v": VERSION,
            "metrics": [item.to_json() for item in self.metrics],
            "live_latency": {str(b): n for b, n in sorted(self.live_latency.items())},
            "both_latency": {str(b): n for b, n in sorted(self.both_latency.items())},
            "newest": self.newest,
            "candidate_requests": self.candidate_requests,
            "live_requests": self.live_requests,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "JudgeState":
        """The state of a version 3 record; another version raises InvalidValueError."""
        if data["v"] != VERSION:
            raise InvalidValueError(
                (f"judge state version {data['v']!r} is unknown, read: {VERSION}",)
            )
        return cls(
            metrics=tuple(MetricState.from_json(item) for item in data["metrics"]),
            live_latency={int(b): int(n) for b, n in data["live_latency"].items()},
            both_latency={int(b): int(n) for b, n in data["both_latency"].items()},
            newest=None if data["newest"] is None else int(data["newest"]),
            candidate_requests=int(data["candidate_requests"]),
            live_requests=int(data["live_requests"]),
            pairs=PairCounts.from_json(data["pairs"]) if "pairs" in data else None,
            alone=tuple(Measured.from_json(one) for one in data["alone"])
            if "alone" in data
            else None,
        )
