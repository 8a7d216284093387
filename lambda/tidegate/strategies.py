"""Strategies, mechanisms and the table of legal combinations (DESIGN section 3).

The table is data: the project file is checked against it, the documentation is generated from it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from tidegate.values import value


class Strategy(StrEnum):
    """How traffic moves from one version to another."""

    BIG_BANG = "big-bang"
    LINEAR = "linear"
    ROLLING = "rolling"
    CANARY = "canary"
    SHADOW = "shadow"
    AB_TEST = "ab-test"


class Mechanism(StrEnum):
    """What moves the traffic."""

    GUARDRAIL = "guardrail"
    WEIGHTS = "weights"
    DNS = "dns"
    SHADOW = "shadow"


class Split(StrEnum):
    """Who draws the slot of a request: SageMaker per request, or our router per user (sticky)."""

    ENDPOINT = "endpoint"
    ROUTER = "router"


@value
class Combination:
    """The mechanisms that a strategy may use, the default first, and the rule behind them."""

    mechanisms: tuple[Mechanism, ...]
    rule: str

    @property
    def default(self) -> Mechanism:
        """The mechanism taken when the project file names none."""
        return self.mechanisms[0]


LEGAL: Mapping[Strategy, Combination] = MappingProxyType(
    {
        Strategy.BIG_BANG: Combination(
            mechanisms=(Mechanism.GUARDRAIL, Mechanism.DNS),
            rule="all traffic at once, by SageMaker's ALL_AT_ONCE or by switching tracks",
        ),
        Strategy.LINEAR: Combination(
            mechanisms=(Mechanism.WEIGHTS, Mechanism.GUARDRAIL, Mechanism.DNS),
            rule="equal steps of the traffic",
        ),
        Strategy.CANARY: Combination(
            mechanisms=(Mechanism.WEIGHTS, Mechanism.GUARDRAIL, Mechanism.DNS),
            rule="a small share first, then the rest",
        ),
        Strategy.ROLLING: Combination(
            mechanisms=(Mechanism.GUARDRAIL, Mechanism.WEIGHTS),
            rule="SageMaker's rolling update takes one variant on instances; "
            "endpoints of several variants roll by weights, a step a batch of instances",
        ),
        Strategy.SHADOW: Combination(
            mechanisms=(Mechanism.SHADOW,), rule="a shadow variant never answers a user"
        ),
        Strategy.AB_TEST: Combination(
            mechanisms=(Mechanism.WEIGHTS,), rule="arms are production variants"
        ),
    }
)

IMPLEMENTED: frozenset[tuple[Strategy, Mechanism]] = frozenset(
    {
        (Strategy.CANARY, Mechanism.WEIGHTS),
        (Strategy.LINEAR, Mechanism.WEIGHTS),
        (Strategy.ROLLING, Mechanism.WEIGHTS),
        (Strategy.BIG_BANG, Mechanism.GUARDRAIL),
        (Strategy.CANARY, Mechanism.GUARDRAIL),
        (Strategy.LINEAR, Mechanism.GUARDRAIL),
        (Strategy.ROLLING, Mechanism.GUARDRAIL),
        (Strategy.BIG_BANG, Mechanism.DNS),
        (Strategy.CANARY, Mechanism.DNS),
        (Strategy.LINEAR, Mechanism.DNS),
        (Strategy.SHADOW, Mechanism.SHADOW),
        (Strategy.AB_TEST, Mechanism.WEIGHTS),
    }
)
"""Combinations this version can run; the other legal ones are refused at synth, by name."""


def faults_of(strategy: Strategy, mechanism: Mechanism) -> tuple[str, ...]:
    """Why this combination cannot be used: empty when it can."""
    combination = LEGAL[strategy]
    if mechanism not in combination.mechanisms:
        allowed = ", ".join(combination.mechanisms)
        return (
            f"strategy {strategy} cannot be done by {mechanism}: {combination.rule}; use {allowed}",
        )
    if (strategy, mechanism) not in IMPLEMENTED:
        runnable = ", ".join(sorted(f"{s} by {m}" for s, m in IMPLEMENTED))
        return (f"{strategy} by {mechanism} is not available yet; use {runnable}",)
    return ()
