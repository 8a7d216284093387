"""What a shadow plan must and may not say. Pure, and knows plans by their parts."""

from collections.abc import Collection, Sequence

from tidegate.shadow.pairing import Pairing
from tidegate.strategies import Strategy
from tidegate.values import value

LEAST_LAG_SECONDS = 300
"""SageMaker writes captures some minutes after the request; it states no limit."""

FOLLOWING: tuple[Strategy, ...] = (Strategy.CANARY, Strategy.LINEAR, Strategy.ROLLING)
"""What may follow: strategies whose slots share the endpoint that the shadow ran on."""

_AGREEMENT, _OUTCOMES = "agreement", "outcomes"


@value
class ShadowTerms:
    """The parts of a plan that these rules are about."""

    strategy: Strategy
    shares: Sequence[int]
    metrics: Collection[str]
    lag_seconds: int
    pairing: Pairing | None
    then: Strategy | None


def shadow_faults(terms: ShadowTerms) -> tuple[str, ...]:
    """Why a plan cannot be a shadow's, or has what only a shadow's may have: a sentence each."""
    if terms.strategy is not Strategy.SHADOW:
        return _foreign_faults(terms)
    faults = [] if terms.pairing is None else list(terms.pairing.faults())
    if tuple(terms.shares) != (100,):
        faults.append(
            f"steps of shadow are one of 100 percent, got {tuple(terms.shares)}: every request is "
            "copied, or one that failed could not be told from one that was not sent"
        )
    if _OUTCOMES in terms.metrics:
        faults.append(
            "guardrail outcomes means nothing to strategy shadow: outcomes are of answers that "
            "users got; use errors, latency, agreement"
        )
    if (_AGREEMENT in terms.metrics) != (terms.pairing is not None):
        faults.append(
            "guardrail agreement and compare belong together: one says what is compared, the "
            "other how many pairs may differ; give both or none"
        )
    if terms.lag_seconds < LEAST_LAG_SECONDS:
        faults.append(
            f"lag_seconds of strategy shadow must be at least {LEAST_LAG_SECONDS}, got "
            f"{terms.lag_seconds}: captures come some minutes after the request"
        )
    if terms.then is not None and terms.then not in FOLLOWING:
        allowed = ", ".join(FOLLOWING)
        faults.append(f"then must be one of {allowed}, got {terms.then}")
    return tuple(faults)


def _foreign_faults(terms: ShadowTerms) -> tuple[str, ...]:
    faults = []
    if _AGREEMENT in terms.metrics:
        faults.append(
            f"guardrail agreement needs strategy shadow, got {terms.strategy}: only there both "
            "versions answer the same request"
        )
    if terms.pairing is not None:
        faults.append(f"compare is for strategy shadow, got {terms.strategy}: drop it")
    if terms.then is not None:
        faults.append(f"then is for strategy shadow, got {terms.strategy}: drop it")
    return tuple(faults)
