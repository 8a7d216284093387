"""What a plan may say of containers that name their version. Pure: knows plans by their parts."""

from collections.abc import Collection

from tidegate.strategies import Mechanism, Strategy
from tidegate.values import value

_OUTCOMES = "outcomes"


@value
class EchoTerms:
    """The parts of a plan that these rules are about."""

    strategy: Strategy
    mechanism: Mechanism
    metrics: Collection[str]
    echoes_version: bool


def echo_faults(terms: EchoTerms) -> tuple[str, ...]:
    """Why a plan's words on outcomes and named versions do not fit together: a sentence each."""
    if terms.mechanism is not Mechanism.GUARDRAIL:
        if not terms.echoes_version:
            return ()
        fault = (
            f"echoes_version is for mechanism guardrail, got {terms.mechanism}: there each version "
            "has a slot of its own, which names it; drop it"
        )
        return (fault,)
    if _OUTCOMES not in terms.metrics:
        return ()
    if not terms.echoes_version:
        fault = (
            "guardrail outcomes cannot be watched by mechanism guardrail: both fleets answer under "
            "one variant's name, and no container of this project says which version it is; use "
            "mechanism weights, or guardrails errors and latency, or let the container name its "
            "version in its answers and say so by echoes_version: true"
        )
        return (fault,)
    if terms.strategy is Strategy.BIG_BANG:
        fault = (
            "guardrail outcomes has nothing to be compared with in strategy big-bang, in which no "
            "two versions serve at once; use canary, linear or rolling"
        )
        return (fault,)
    return ()
