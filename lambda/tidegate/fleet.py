"""What a model's endpoint runs on, and which strategies that rules out.

`strategies.LEGAL` says what a mechanism can do at all; here is what this endpoint can do. The
limits are SageMaker's (DeploymentConfig in the API reference, "Exclusions" of deployment guardrails
in the developer guide), stated as data so that synth, the `plan` command and the docs agree.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tidegate.strategies import IMPLEMENTED, LEGAL, Mechanism, Strategy
from tidegate.untyped import Any
from tidegate.values import value

LEAST_INSTANCES = 2
"""Where a part of the instances goes first: that part is at most half of them."""

_HALVES: Mapping[tuple[Strategy, Mechanism], str] = MappingProxyType(
    {
        (Strategy.CANARY, Mechanism.GUARDRAIL): "CanarySize is at most half of the instances",
        (Strategy.LINEAR, Mechanism.GUARDRAIL): "LinearStepSize is at most half of the instances",
        (Strategy.ROLLING, Mechanism.GUARDRAIL): "MaximumBatchSize is at most half of them",
        (Strategy.ROLLING, Mechanism.WEIGHTS): "a batch is at most half of a slot's instances",
    }
)
_UNGUARDED = "ml.inf1."
"""On Inf1 instances SageMaker falls back to all at once, without a bake."""


@value
class Fleet:
    """What each slot runs on: instance type, how many at least, how long one may take to start."""

    instance_type: str
    instances: int
    start_seconds: int

    def to_json(self) -> dict[str, Any]:
        """The fleet in JSON types; `from_json` reads it back."""
        return {
            "instance_type": self.instance_type,
            "instances": self.instances,
            "start_seconds": self.start_seconds,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Fleet":
        """The fleet that `to_json` wrote."""
        return cls(
            instance_type=data["instance_type"],
            instances=int(data["instances"]),
            start_seconds=int(data["start_seconds"]),
        )


def fleet_faults(strategy: Strategy, mechanism: Mechanism, fleet: Fleet) -> tuple[str, ...]:
    """Why this endpoint cannot be released so: the rule, the value, what is legal instead."""
    why = _why_not(strategy, mechanism, fleet)
    if why is None:
        return ()
    legal = ", ".join(f"{s} by {m}" for s, m in legal_for(fleet) if (s, m) in IMPLEMENTED)
    return (f"strategy {strategy} by {mechanism} {why}; use {legal}",)


def legal_for(fleet: Fleet) -> tuple[tuple[Strategy, Mechanism], ...]:
    """Every legal combination that an endpoint on this fleet can have, defaults first."""
    return tuple(
        (strategy, mechanism)
        for strategy, combination in LEGAL.items()
        for mechanism in combination.mechanisms
        if _why_not(strategy, mechanism, fleet) is None
    )


def _why_not(strategy: Strategy, mechanism: Mechanism, fleet: Fleet) -> str | None:
    half = _HALVES.get((strategy, mechanism))
    if half is not None and fleet.instances < LEAST_INSTANCES:
        needed = f"needs at least {LEAST_INSTANCES} instances"
        return f"{needed}, instances.min is {fleet.instances}: {half}"
    guarded = mechanism is Mechanism.GUARDRAIL and strategy is not Strategy.BIG_BANG
    if guarded and fleet.instance_type.startswith(_UNGUARDED):
        return (
            f"is not done on {fleet.instance_type}: SageMaker updates Inf1 endpoints all at once, "
            "without a bake"
        )
    return None
