"""The release plan: what was agreed before traffic moves, and may not change while it does."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise

from tidegate.arms.terms import ABParts, ABTerms, ab_faults
from tidegate.errors import InvalidValueError
from tidegate.guardrail.course import course_faults
from tidegate.guardrail.echo_rules import EchoTerms, echo_faults
from tidegate.observation import OutcomeKind
from tidegate.shadow.pairing import Pairing
from tidegate.shadow.rules import ShadowTerms, shadow_faults
from tidegate.strategies import Mechanism, Split, Strategy, faults_of
from tidegate.untyped import Any
from tidegate.values import value


class Metric(StrEnum):
    """A harm that must not happen, as a share of requests that were harmed."""

    ERRORS = "errors"
    LATENCY = "latency"
    OUTCOMES = "outcomes"
    AGREEMENT = "agreement"


@value
class Guardrail:
    """A guardrail metric and the harm above which the candidate may never be promoted.

    `margin` is absolute, a share of requests: 0.02 for errors allows the candidate's error rate to
    be at most two points above the live one's. For latency it is the share of requests slower than
    the live version's 90th percentile, above the 0.10 that this quantile means for the live
    version. For outcomes it is the share of wrong ones among the known (labels), or of answered
    requests whose outcome window passed with a complaint, or without a conversion. For agreement,
    which is a shadow's, it is the share of answers that may differ from the live ones.

    `tolerated_slowdown` is for latency only: candidate latencies are divided by it (in whole
    buckets, rounded up) before any comparison, so that a better model that is a little slower is no
    harm. `kind` is for outcomes only: which of them are reported.
    """

    metric: Metric
    margin: float
    tolerated_slowdown: float = 1.0
    kind: OutcomeKind = OutcomeKind.LABELS

    def faults(self) -> tuple[str, ...]:
        """What is wrong with this guardrail: empty when nothing is."""
        faults: list[str] = []
        if not 0 < self.margin < 1:
            faults.append(
                f"margin of guardrail {self.metric} must be above 0 and below 1, got {self.margin}"
            )
        if not 1 <= self.tolerated_slowdown <= 100:
            faults.append(
                f"tolerated_slowdown must be 1 to 100, got {self.tolerated_slowdown}: "
                "1.5 lets the candidate be half as slow again"
            )
        if self.tolerated_slowdown != 1 and self.metric is not Metric.LATENCY:
            faults.append(f"tolerated_slowdown is for latency, guardrail {self.metric} has none")
        if self.kind is not OutcomeKind.LABELS and self.metric is not Metric.OUTCOMES:
            faults.append(f"kind {self.kind} is for outcomes, guardrail {self.metric} has no kind")
        return tuple(faults)


@value
class Step:
    """One traffic share of the plan and how long to wait and watch in it."""

    share_percent: int
    bake_seconds: int


@value
class ReleasePlan:
    """How one version replaces another: steps, watch, and the error budget of the verdict.

    `alpha` bounds the chance of rolling back a harmless candidate over the whole release, all
    metrics and all looks; `beta` the chance of promoting one whose harm is at a margin. After
    `hold_seconds` of baking beyond the last step without enough evidence, the release pauses for an
    operator. In the first step the candidate serves `warm_up_seconds` before anything counts as
    evidence: what a cold process does to its first requests says nothing about the version.
    `holdout_percent` of the users get the live version whatever is released, and count for nothing.
    """

    strategy: Strategy = Strategy.CANARY
    mechanism: Mechanism = Mechanism.WEIGHTS
    split: Split = Split.ENDPOINT
    steps: tuple[Step, ...] = (
        Step(share_percent=10, bake_seconds=600),
        Step(share_percent=50, bake_seconds=600),
    )
    guardrails: tuple[Guardrail, ...] = (
        Guardrail(metric=Metric.ERRORS, margin=0.02),
        Guardrail(metric=Metric.LATENCY, margin=0.20, tolerated_slowdown=1.5),
    )
    lag_seconds: int = 30
    outcome_window_seconds: int = 86_400
    hold_seconds: int = 3_600
    warm_up_seconds: int = 60
    alpha: float = 0.01
    beta: float = 0.05
    holdout_percent: int = 0
    pairing: Pairing | None = None
    """Of a shadow: what is compared of two answers; None compares failures and latency only."""
    then: Strategy | None = None
    """Of a shadow: the strategy that releases a version which has passed."""
    ab_test: ABTerms | None = None
    """Of an A/B test: its objective and arms; the one step is of all challengers together."""
    echoes_version: bool = False
    """Of mechanism guardrail: whether the container names its version in each answer."""

    def __post_init__(self) -> None:
        faults = (*faults_of(self.strategy, self.mechanism), *self._number_faults())
        faults += tuple(f for g in self.guardrails for f in g.faults())
        faults += _step_faults(self.strategy, self.steps) or self._course_faults()
        faults += _split_faults(self.split, self.mechanism, self.holdout_percent)
        faults += shadow_faults(self._shadow_terms()) + echo_faults(self._echo_terms())
        faults += ab_faults(self._ab_parts())
        if len({g.metric for g in self.guardrails}) != len(self.guardrails):
            faults += ("each metric may have one guardrail, drop the second",)
        if not self.guardrails:
            faults += ("a release needs at least one guardrail metric: errors, latency, outcomes",)
        if faults:
            raise InvalidValueError(faults)

    def _course_faults(self) -> tuple[str, ...]:
        faults = _course_faults(self.strategy, self.steps)
        if self.mechanism is Mechanism.GUARDRAIL:
            faults += course_faults(
                self.strategy,
                [step.share_percent for step in self.steps],
                [step.bake_seconds for step in self.steps],
            )
        if self.held_to_limits and any(g.metric is Metric.OUTCOMES for g in self.guardrails):
            faults += (_NO_LIMIT_OF_OUTCOMES,)
        return faults

    def _echo_terms(self) -> EchoTerms:
        return EchoTerms(
            strategy=self.strategy,
            mechanism=self.mechanism,
            metrics=[guardrail.metric.value for guardrail in self.guardrails],
            echoes_version=self.echoes_version,
        )

    def _shadow_terms(self) -> ShadowTerms:
        return ShadowTerms(
            strategy=self.strategy,
            shares=[step.share_percent for step in self.steps],
            metrics=[guardrail.metric.value for guardrail in self.guardrails],
            lag_seconds=self.lag_seconds,
            pairing=self.pairing,
            then=self.then,
        )

    def _ab_parts(self) -> ABParts:
        return ABParts(
            strategy=self.strategy,
            split=self.split,
            shares=[step.share_percent for step in self.steps],
            outcome_kinds=[g.kind for g in self.guardrails if g.metric is Metric.OUTCOMES],
            terms=self.ab_test,
        )

    def _number_faults(self) -> tuple[str, ...]:
        faults: list[str] = []
        for name, number, low, high in (
            ("lag_seconds", self.lag_seconds, 0, MOST_LAG_SECONDS),
            ("outcome_window_seconds", self.outcome_window_seconds, 1, 30 * 86_400),
            ("hold_seconds", self.hold_seconds, 0, 30 * 86_400),
            ("warm_up_seconds", self.warm_up_seconds, 0, 86_400),
        ):
            if not low <= number <= high:
                faults.append(f"{name} must be {low} to {high}, got {number}")
        for name, share in (("alpha", self.alpha), ("beta", self.beta)):
            if not 0 < share < 0.5:
                faults.append(f"{name} must be above 0 and below 0.5, got {share}")
        return tuple(faults)

    @property
    def held_to_limits(self) -> bool:
        """Whether our judge has nothing to compare the candidate with, and holds it to limits.

        A big bang between two tracks leaves the old one without requests.
        """
        return self.strategy is Strategy.BIG_BANG and self.mechanism is Mechanism.DNS

    @property
    def outcome_kind(self) -> OutcomeKind:
        """Which outcomes are reported; labels where neither guardrail nor objective says it."""
        if self.ab_test is not None:
            return self.ab_test.kind
        kinds = [g.kind for g in self.guardrails if g.metric is Metric.OUTCOMES]
        return kinds[0] if kinds else OutcomeKind.LABELS

    def to_json(self) -> dict[str, Any]:
        """The plan in JSON types; `from_json` reads it back."""
        shadow = {
            "pairing": None if self.pairing is None else self.pairing.to_json(),
            "then": None if self.then is None else self.then.value,
        }
        return {
            **(shadow if self.strategy is Strategy.SHADOW else {}),
            **({} if self.ab_test is None else {"ab_test": self.ab_test.to_json()}),
            **({"echoes_version": True} if self.echoes_version else {}),
            "strategy": self.strategy.value,
            "mechanism": self.mechanism.value,
            "split": self.split.value,
            "steps": [
                {"share_percent": s.share_percent, "bake_seconds": s.bake_seconds}
                for s in self.steps
            ],
            "guardrails": [
                {
                    "metric": g.metric.value,
                    "margin": g.margin,
                    "tolerated_slowdown": g.tolerated_slowdown,
                    "kind": g.kind.value,
                }
                for g in self.guardrails
            ],
            "lag_seconds": self.lag_seconds,
            "outcome_window_seconds": self.outcome_window_seconds,
            "hold_seconds": self.hold_seconds,
            "warm_up_seconds": self.warm_up_seconds,
            "alpha": self.alpha,
            "beta": self.beta,
            "holdout_percent": self.holdout_percent,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ReleasePlan":
        """The plan that `to_json` wrote, checked again; without a `kind` it has labels."""
        pairing, then, terms = data.get("pairing"), data.get("then"), data.get("ab_test")
        return cls(
            strategy=Strategy(data["strategy"]),
            mechanism=Mechanism(data["mechanism"]),
            split=Split(data["split"]),
            steps=tuple(
                Step(share_percent=int(s["share_percent"]), bake_seconds=int(s["bake_seconds"]))
                for s in data["steps"]
            ),
            guardrails=tuple(
                Guardrail(
                    metric=Metric(g["metric"]),
                    margin=float(g["margin"]),
                    tolerated_slowdown=float(g["tolerated_slowdown"]),
                    kind=OutcomeKind(g.get("kind", OutcomeKind.LABELS.value)),
                )
                for g in data["guardrails"]
            ),
            lag_seconds=int(data["lag_seconds"]),
            outcome_window_seconds=int(data["outcome_window_seconds"]),
            hold_seconds=int(data["hold_seconds"]),
            warm_up_seconds=int(data["warm_up_seconds"]),
            alpha=float(data["alpha"]),
            beta=float(data["beta"]),
            holdout_percent=int(data.get("holdout_percent", 0)),
            pairing=None if pairing is None else Pairing.from_json(pairing),
            then=None if then is None else Strategy(then),
            ab_test=None if terms is None else ABTerms.from_json(terms),
            echoes_version=bool(data.get("echoes_version", False)),
        )


_NO_LIMIT_OF_OUTCOMES = (
    "guardrail outcomes has no limit to be held to in a big-bang by dns: what becomes known late "
    "is not known when its bake ends; use canary by dns, or guardrails errors and latency"
)

MOST_LAG_SECONDS = 3 * 3_600
"""Two hours in which asynchronous requests are answered, and an hour for what comes late."""

MOST_HELD_OUT_PERCENT = 50


def _split_faults(split: Split, mechanism: Mechanism, holdout_percent: int) -> tuple[str, ...]:
    faults: list[str] = []
    if split is Split.ROUTER and mechanism is not Mechanism.WEIGHTS:
        faults.append(
            f"split router needs mechanism weights, got {mechanism}: only variants of one endpoint "
            "can be asked by name; use weights, or split endpoint"
        )
    if not 0 <= holdout_percent <= MOST_HELD_OUT_PERCENT:
        faults.append(
            f"holdout_percent must be 0 to {MOST_HELD_OUT_PERCENT}, got {holdout_percent}"
        )
    if holdout_percent != 0 and split is not Split.ROUTER:
        faults.append(
            f"holdout_percent is for split router, got {holdout_percent} with split {split}: "
            "SageMaker draws requests and knows no users"
        )
    return tuple(faults)


def _step_faults(strategy: Strategy, steps: tuple[Step, ...]) -> tuple[str, ...]:
    if strategy is Strategy.BIG_BANG:
        return _big_bang_faults(steps)
    if strategy is Strategy.SHADOW:
        return _bake_faults(steps)
    shares = tuple(step.share_percent for step in steps)
    faults: list[str] = []
    if not steps:
        faults.append("a release needs at least one step")
    faults.extend(
        f"a step's share must be 1 to 99 percent, got {share}: the last shift, to 100, "
        "is the promotion and needs no step"
        for share in shares
        if not 1 <= share <= 99
    )
    if any(a >= b for a, b in pairwise(shares)):
        faults.append(f"steps must rise, got {shares}: put the smaller share first")
    return (*faults, *_bake_faults(steps))


def _bake_faults(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(
        f"bake_seconds must be 0 to 2592000, got {step.bake_seconds}"
        for step in steps
        if not 0 <= step.bake_seconds <= 30 * 86_400
    )


def _big_bang_faults(steps: tuple[Step, ...]) -> tuple[str, ...]:
    shares = tuple(step.share_percent for step in steps)
    if shares != (100,):
        return (f"big-bang has one step of 100 percent, got {shares}: for others use canary",)
    bake = steps[0].bake_seconds
    return () if 0 <= bake <= 3_600 else (f"bake_seconds must be 0 to 3600, got {bake}",)


_ROUNDING = {Strategy.LINEAR: 0, Strategy.ROLLING: 1}
"""By how many points equal steps may differ: a third of the instances is 33 or 34 percent."""


def _course_faults(strategy: Strategy, steps: tuple[Step, ...]) -> tuple[str, ...]:
    """What a strategy asks of its steps beyond that they rise: linear and rolling ones are equal.

    The promotion adds the rest, at most as much as a step.
    """
    rounding = _ROUNDING.get(strategy)
    if rounding is None:
        return ()
    shares = tuple(step.share_percent for step in steps)
    faults: list[str] = []
    *risen, rest = (b - a for a, b in pairwise((0, *shares, 100)))
    if max(risen) - min(risen) > rounding or rest > max(risen) + rounding:
        faults.append(
            f"steps of strategy {strategy} must be equal, got {shares}: for other shares use canary"
        )
    if shares[0] > 50:
        faults.append(f"a step of strategy {strategy} is at most 50 percent, got {shares[0]}")
    bakes = sorted({step.bake_seconds for step in steps})
    if len(bakes) > 1:
        faults.append(f"steps of strategy {strategy} bake equally long, got {bakes} seconds")
    return tuple(faults)
