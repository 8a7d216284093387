"""How long a plan needs to see a harm at its margin, and to show that there is none: estimated.

An estimate from the information in the traffic, in milliseconds, for guidance only. The judge's
evidence for a claim that is true grows, on average, by at most the Kullback-Leibler divergence
between what happens and the nearest thing that the claim excludes (Wald 1945; for two samples, with
the common rate as the nearest "no difference"). A log-likelihood ratio that has grown by G has a
variance of about 2 G, which turns a mean into a power. `tests/unit/cli/simulation` holds the
estimate to within a factor of simulated releases.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cli.simulation.behaviour import Behaviour, Traffic
from cli.simulation.harms import MARGIN_QUANTILE, Harm, Rung, harm_of, tolerated_buckets
from tidegate.closing import window_intervals
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.judge import Comparison, JudgeState, judge
from tidegate.observation import DELAY_EDGES, last_delay
from tidegate.plan import Guardrail, Metric, ReleasePlan
from tidegate.slots import Slot
from tidegate.verdict import Claim

POWER_Z = 0.8416
"""The standard normal quantile of the power that a plan should have: 80 %."""

NOT_KNOWING_NATS = 1.5
"""What evidence loses because the size of the harm is not known beforehand (judge.md, section 3:
a mixture over effects pays 1.3 to 1.7 nats)."""

QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99)
"""Quantiles of live latency beyond which a slower candidate is looked for."""

LONGEST_MINUTES = 30 * 1_440
"""Nothing is waited for longer than this: what takes longer does not happen."""

_POINTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one guardrail needs under one plan: minutes after warm-up, None for longer than a month.

    `seen` is until a harm at the margin is rolled back, `shown` until a harmless candidate is shown
    to stay within the margin.
    """

    guardrail: Guardrail
    seen_minutes: float | None
    shown_minutes: float | None

    @property
    def minutes(self) -> float | None:
        """Until both are done."""
        if self.seen_minutes is None or self.shown_minutes is None:
            return None
        return max(self.seen_minutes, self.shown_minutes)


def budget_minutes(plan: ReleasePlan) -> float:
    """How long the plan watches before it waits for an operator: its bakes and its hold."""
    return (sum(step.bake_seconds for step in plan.steps) + plan.hold_seconds) / 60


def needs_of(plan: ReleasePlan, traffic: Traffic) -> tuple[Need, ...]:
    """What each guardrail needs; the last step is taken to last as long as it takes."""
    limits = _limits(plan)
    return tuple(_need(plan, traffic, guardrail, limits) for guardrail in plan.guardrails)


def _need(
    plan: ReleasePlan,
    traffic: Traffic,
    guardrail: Guardrail,
    limits: dict[tuple[str, Claim], float],
) -> Need:
    harm_limit = limits[guardrail.metric.value, Claim.HARM] + NOT_KNOWING_NATS
    safe_limit = limits[guardrail.metric.value, Claim.SAFE]
    margin = harm_of(guardrail, traffic.live, rung=Rung.MARGIN)
    seen = None
    if margin is not None:
        rate = _SeenAtShare(guardrail=guardrail, live=traffic.live, harm=margin)
        seen = _minutes(plan, traffic, guardrail, (rate, _information(harm_limit)))
    shown = _minutes(
        plan,
        traffic,
        guardrail,
        (_ShownAtShare(guardrail=guardrail, live=traffic.live), _information(safe_limit)),
    )
    return Need(guardrail=guardrail, seen_minutes=seen, shown_minutes=shown)


def _limits(plan: ReleasePlan) -> dict[tuple[str, Claim], float]:
    """What the judge asks of each claim: it says so before it has seen anything."""
    slots = Comparison(live=Slot.BLUE.value, candidate=Slot.GREEN.value)
    _, verdict = judge(plan, slots, JudgeState.initial(plan), ())
    return {(item.metric, item.claim): item.log_limit for item in verdict.evidence}


def _information(limit: float) -> float:
    """How much the mean has to have grown for the limit to be passed with the wanted power."""
    return ((POWER_Z * math.sqrt(2) + math.sqrt(2 * POWER_Z**2 + 4 * limit)) / 2) ** 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _SeenAtShare:
    """Information a trial about a harm that is there, at a share of the candidate."""

    guardrail: Guardrail
    live: Behaviour
    harm: Harm

    def at(self, share: float) -> float:
        candidate = self.harm.candidate
        if self.guardrail.metric is Metric.ERRORS:
            return _difference(self.live.errors, candidate.errors, share)
        if self.guardrail.metric is Metric.OUTCOMES:
            return _difference(self.live.wrong, candidate.wrong, share)
        tolerated = tolerated_buckets(self.guardrail)
        edges = [self.live.quantile_bucket(quantile) for quantile in QUANTILES]
        return max(
            _difference(self.live.slower_than(edge), candidate.slower_than(edge + tolerated), share)
            for edge in edges
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ShownAtShare:
    """Information a trial against a harm at the margin that is not there."""

    guardrail: Guardrail
    live: Behaviour

    def at(self, share: float) -> float:
        margin = self.guardrail.margin
        if self.guardrail.metric is Metric.ERRORS:
            return _exclusion((self.live.errors, self.live.errors), margin, share)
        if self.guardrail.metric is Metric.OUTCOMES:
            return _exclusion((self.live.wrong, self.live.wrong), margin, share)
        edge = self.live.quantile_bucket(MARGIN_QUANTILE)
        candidate = self.live.slower_than(edge + tolerated_buckets(self.guardrail))
        return _exclusion((candidate, self.live.slower_than(edge)), margin, share)


def _difference(live: float, candidate: float, share: float) -> float:
    """Divergence from the nearest pair of rates that do not differ, a trial of both together."""
    if candidate <= live:
        return 0.0
    common = share * candidate + (1 - share) * live
    return share * _divergence(candidate, common) + (1 - share) * _divergence(live, common)


def _exclusion(rates: tuple[float, float], margin: float, share: float) -> float:
    """Divergence from the nearest pair of rates (candidate, live) that differ by the margin."""
    low, high = 0.0, 1 - margin
    for _ in range(60):
        third = (high - low) / 3
        left, right = low + third, high - third
        if _weighted(rates, (left + margin, left), share) < _weighted(
            rates, (right + margin, right), share
        ):
            high = right
        else:
            low = left
    return _weighted(rates, (low + margin, low), share)


def _weighted(true: tuple[float, float], other: tuple[float, float], share: float) -> float:
    return share * _divergence(true[0], other[0]) + (1 - share) * _divergence(true[1], other[1])


def _divergence(true: float, other: float) -> float:
    """Kullback-Leibler divergence of two chances, in nats."""
    other = min(max(other, 1e-12), 1 - 1e-12)
    total = 0.0
    if true > 0:
        total += true * math.log(true / other)
    if true < 1:
        total += (1 - true) * math.log((1 - true) / (1 - other))
    return max(0.0, total)


def _minutes(
    plan: ReleasePlan,
    traffic: Traffic,
    guardrail: Guardrail,
    wanted: tuple[_SeenAtShare | _ShownAtShare, float],
) -> float | None:
    """Minutes until the information is there, its trials known; None when it never is."""
    kind, needed = wanted
    pieces = [(minutes, kind.at(share / 100)) for minutes, share in _stretches(plan)]
    arrivals = [
        (delay, _comparable(traffic.requests_per_minute * chance))
        for delay, chance in _arrivals(guardrail, traffic.live, plan)
    ]

    def known(at: float) -> float:
        return math.fsum(
            trials * _served(pieces, at - delay) for delay, trials in arrivals if at > delay
        )

    if known(LONGEST_MINUTES) < needed:
        return None
    low, high = 0.0, float(LONGEST_MINUTES)
    while high - low > 0.01 * high:
        middle = (low + high) / 2
        if known(middle) < needed:
            low = middle
        else:
            high = middle
    return high


def _comparable(trials: float) -> float:
    """Trials a minute that tell the slots apart, of so many a stratum in the mean.

    Given n trials of one stratum, the slots' shares of them are known but for n - 1: a single trial
    has nothing to be compared with. For Poisson n the mean of max(0, n - 1) is this.
    """
    return trials + math.expm1(-trials)


def _stretches(plan: ReleasePlan) -> Iterator[tuple[float, int]]:
    """Minutes and share of each step, the last one without an end."""
    for step in plan.steps[:-1]:
        yield step.bake_seconds / 60, step.share_percent
    yield math.inf, plan.steps[-1].share_percent


def _served(pieces: Sequence[tuple[float, float]], minutes: float) -> float:
    """Information in what was served within so many minutes."""
    total = 0.0
    for length, rate in pieces:
        spent = min(length, minutes)
        total += spent * rate
        minutes -= spent
        if minutes <= 0:
            break
    return total


def _arrivals(
    guardrail: Guardrail, live: Behaviour, plan: ReleasePlan
) -> tuple[tuple[float, float], ...]:
    """After how many minutes which share of requests is a trial: outcomes come late."""
    closing = (INTERVAL_SECONDS / 2 + plan.lag_seconds) / 60
    if guardrail.metric is Metric.ERRORS:
        return ((closing, 1.0),)
    answered = 1 - live.errors
    if guardrail.metric is Metric.LATENCY:
        return ((closing, answered),)
    window = window_intervals(plan.outcome_window_seconds)
    return tuple(
        (closing + last_delay(bucket, window_intervals=window), answered * live.known[bucket])
        for bucket in range(len(DELAY_EDGES))
        if live.known[bucket] > 0
    )
