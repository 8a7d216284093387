"""The ladder of harms that a plan is tried on: half a margin, the margin, twice it, an outage.

A harm is measured as its guardrail measures it: a difference of shares of requests. Harm to latency
is told as what a person would see: how many times slower the candidate is.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from cli.simulation.behaviour import Behaviour, shifted
from tidegate import latency
from tidegate.observation import OutcomeKind
from tidegate.plan import Guardrail, Metric, ReleasePlan

MOST = 0.98
"""No share of bad requests is made higher, but in an outage."""

MARGIN_QUANTILE = 0.90
"""The quantile of live latency that a latency margin is about (`tidegate.plan.Guardrail`)."""

OUTAGE_SLOWDOWN = 10.0
"""Times slower than what is tolerated: what counts as an outage of latency."""

_BISECTIONS = 40


class Rung(StrEnum):
    """How bad a harm is, against the margin of its guardrail."""

    NONE = "no harm"
    HALF = "half margin"
    MARGIN = "at margin"
    TWICE = "twice margin"
    OUTAGE = "outage"


_TIMES = {Rung.HALF: 0.5, Rung.MARGIN: 1.0, Rung.TWICE: 2.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """A candidate and what is wrong with it.

    `amount` is the difference that the guardrail is about; `words` says what the candidate does.
    """

    rung: Rung
    candidate: Behaviour
    words: str
    metric: Metric | None = None
    amount: float = 0.0
    forbidden: bool = False
    """Whether to promote it would be wrong: the harm reaches the margin."""

    @property
    def name(self) -> str:
        """The harm in a few words."""
        return self.rung.value if self.metric is None else f"{self.metric} {self.rung}"


def no_harm(live: Behaviour) -> Harm:
    """A candidate that does exactly what the live version does."""
    return Harm(rung=Rung.NONE, candidate=live, words="as live")


def ladder(plan: ReleasePlan, live: Behaviour) -> tuple[Harm, ...]:
    """Every harm to try: none, then four of each guardrail metric.

    Left out is what cannot be: more bad requests than there are requests.
    """
    harms = [no_harm(live)]
    for guardrail in plan.guardrails:
        harms.extend(_rungs(guardrail, live))
    return tuple(harms)


def _rungs(guardrail: Guardrail, live: Behaviour) -> Iterator[Harm]:
    for rung in _TIMES:
        harm = harm_of(guardrail, live, rung=rung)
        if harm is not None:
            yield harm
    yield _outage(guardrail, live)


def harm_of(guardrail: Guardrail, live: Behaviour, *, rung: Rung) -> Harm | None:
    """The harm of one rung, None where there are not so many requests to be harmed."""
    amount = _TIMES[rung] * guardrail.margin
    harmed = _HARMED[guardrail.metric](guardrail, live, amount)
    if harmed is None:
        return None
    candidate, words = harmed
    return Harm(
        rung=rung,
        candidate=candidate,
        words=words,
        metric=guardrail.metric,
        amount=amount,
        forbidden=amount >= guardrail.margin,
    )


def _errors(_: Guardrail, live: Behaviour, amount: float) -> tuple[Behaviour, str] | None:
    bad = live.errors + amount
    if bad > MOST:
        return None
    return replace(live, errors=bad), _points(live.errors, bad)


def _outcomes(guardrail: Guardrail, live: Behaviour, amount: float) -> tuple[Behaviour, str] | None:
    bad = live.harmed(guardrail.kind) + amount
    if bad > (1.0 if guardrail.kind is OutcomeKind.CONVERSIONS else MOST):
        return None
    candidate = _with_harmed(live, guardrail.kind, bad)
    return candidate, outcome_words(guardrail.kind, live, candidate)


def _with_harmed(live: Behaviour, kind: OutcomeKind, share: float) -> Behaviour:
    if kind is OutcomeKind.LABELS:
        return replace(live, wrong=share)
    return live.reporting(share if kind is OutcomeKind.COMPLAINTS else 1 - share)


def outcome_words(kind: OutcomeKind, live: Behaviour, candidate: Behaviour) -> str:
    """What becomes of the outcomes, as people count them."""
    if kind is OutcomeKind.LABELS:
        return _points(live.wrong, candidate.wrong)
    verb = "convert" if kind is OutcomeKind.CONVERSIONS else "complain"
    return f"{_points(live.known_share, candidate.known_share)} {verb}"


def _latency(guardrail: Guardrail, live: Behaviour, amount: float) -> tuple[Behaviour, str] | None:
    edge = live.quantile_bucket(MARGIN_QUANTILE)
    wanted = live.slower_than(edge) + amount
    if wanted > MOST:
        return None
    buckets = _shift_for(live, edge + tolerated_buckets(guardrail), wanted)
    return slowed(live, buckets), f"{slowdown(buckets):.2g} times slower"


def _agreement(_: Guardrail, live: Behaviour, amount: float) -> tuple[Behaviour, str] | None:
    """So many answers differ in all: a margin of agreement is no difference of shares."""
    if not live.differs <= amount <= MOST:
        return None
    return replace(live, differs=amount), f"{_points(live.differs, amount)} differ"


_HARMED = {
    Metric.ERRORS: _errors,
    Metric.LATENCY: _latency,
    Metric.OUTCOMES: _outcomes,
    Metric.AGREEMENT: _agreement,
}


def sought(guardrail: Guardrail, live: Behaviour) -> Harm | None:
    """The harm that a plan should be able to see: the margin; None where it cannot be.

    Of agreement it is twice the margin, or as much as can be: the claim of harm is that more than
    the margin differ, so that just the margin is none yet.
    """
    if guardrail.metric is not Metric.AGREEMENT:
        return harm_of(guardrail, live, rung=Rung.MARGIN)
    twice = harm_of(guardrail, live, rung=Rung.TWICE)
    return _outage(guardrail, live) if twice is None else twice


def tolerated_buckets(guardrail: Guardrail) -> int:
    """Whole buckets that a candidate may be slower before that counts, as the judge counts it."""
    octaves = math.log2(guardrail.tolerated_slowdown)
    return math.ceil(octaves * latency.BUCKETS_PER_OCTAVE - 1e-9)


def slowed(live: Behaviour, buckets: float) -> Behaviour:
    """The same slot with every latency so many buckets higher."""
    return replace(live, latency=shifted(live.latency, buckets=buckets))


def slowdown(buckets: float) -> float:
    """The factor between latencies so many buckets apart."""
    return float(2 ** (buckets / latency.BUCKETS_PER_OCTAVE))


def _shift_for(live: Behaviour, edge: int, wanted: float) -> float:
    """How many buckets slower makes this share of the answers slower than the edge."""
    low, high = 0.0, float(latency.BUCKET_COUNT)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if slowed(live, middle).slower_than(edge) < wanted:
            low = middle
        else:
            high = middle
    return high


_ALL_BAD = {
    OutcomeKind.LABELS: "all wrong",
    OutcomeKind.CONVERSIONS: "none converts",
    OutcomeKind.COMPLAINTS: "all complain",
}


def _outage(guardrail: Guardrail, live: Behaviour) -> Harm:
    if guardrail.metric is Metric.ERRORS:
        candidate, amount, words = replace(live, errors=1.0), 1 - live.errors, "all fail"
    elif guardrail.metric is Metric.OUTCOMES:
        candidate = _with_harmed(live, guardrail.kind, 1.0)
        amount, words = 1 - live.harmed(guardrail.kind), _ALL_BAD[guardrail.kind]
    elif guardrail.metric is Metric.AGREEMENT:
        candidate, amount, words = replace(live, differs=1.0), 1.0, "all differ"
    else:
        times = OUTAGE_SLOWDOWN * guardrail.tolerated_slowdown
        candidate = slowed(live, latency.BUCKETS_PER_OCTAVE * math.log2(times))
        edge = live.quantile_bucket(MARGIN_QUANTILE)
        amount = candidate.slower_than(edge + tolerated_buckets(guardrail)) - live.slower_than(edge)
        words = f"{times:.3g} times slower"
    return Harm(
        rung=Rung.OUTAGE,
        candidate=candidate,
        words=words,
        metric=guardrail.metric,
        amount=amount,
        forbidden=amount >= guardrail.margin,
    )


def _points(before: float, after: float) -> str:
    return f"{100 * before:.3g} → {100 * after:.3g} %"
