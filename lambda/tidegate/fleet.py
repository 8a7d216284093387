"""What a model runs on, and which strategies that rules out.

`strategies.LEGAL` says what a mechanism can do at all; here is what this endpoint can do. The
limits are SageMaker's (DeploymentConfig in the API reference, "Exclusions" of deployment guardrails
and the feature exclusions of serverless and asynchronous inference in the developer guide), stated
as data so that synth, the `plan` command and the docs agree.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from tidegate.strategies import IMPLEMENTED, LEGAL, Mechanism, Strategy
from tidegate.untyped import Any
from tidegate.values import value

LEAST_INSTANCES = 2
"""Where a part of the instances goes first: that part is at most half of them."""


class Hosting(StrEnum):
    """What keeps a model ready."""

    INSTANCES = "instances"
    SERVERLESS = "serverless"
    ASYNCHRONOUS = "asynchronous"
    FLEET = "ec2"
    """No endpoint of SageMaker: a group of EC2 instances a slot, behind one load balancer."""
    ROLLING_FLEET = "ec2 in one group"
    """The same in one group, as a deploy tells what there is (`Scaling`)."""
    MANAGED = "managed"
    """No endpoint of ours: a service of AWS, whose arms are sets of settings."""


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

_ONE_VARIANT = "a serverless endpoint has one variant"
_NO_INSTANCES = "a serverless endpoint has no instances that could be counted off"

SERVERLESS_RULES: Mapping[tuple[Strategy, Mechanism], str] = MappingProxyType(
    {
        (Strategy.CANARY, Mechanism.GUARDRAIL): _NO_INSTANCES,
        (Strategy.LINEAR, Mechanism.GUARDRAIL): _NO_INSTANCES,
        (Strategy.ROLLING, Mechanism.GUARDRAIL): _NO_INSTANCES,
        (Strategy.CANARY, Mechanism.WEIGHTS): _ONE_VARIANT,
        (Strategy.LINEAR, Mechanism.WEIGHTS): _ONE_VARIANT,
        (Strategy.ROLLING, Mechanism.WEIGHTS): _ONE_VARIANT,
        (Strategy.AB_TEST, Mechanism.WEIGHTS): _ONE_VARIANT,
        (Strategy.SHADOW, Mechanism.SHADOW): f"{_ONE_VARIANT}, and no shadow beside it",
    }
)
"""What a serverless endpoint rules out; what is left is big-bang, and steps between two tracks."""

_UNSEEN = "it publishes nothing by configuration that a bake could be judged by"
_OWN_QUEUE = "two slots have two endpoints, and the router submits to the slot's own"

ASYNCHRONOUS_RULES: Mapping[tuple[Strategy, Mechanism], str] = MappingProxyType(
    {
        (Strategy.BIG_BANG, Mechanism.GUARDRAIL): _UNSEEN,
        (Strategy.CANARY, Mechanism.GUARDRAIL): _UNSEEN,
        (Strategy.LINEAR, Mechanism.GUARDRAIL): _UNSEEN,
        (Strategy.ROLLING, Mechanism.GUARDRAIL): _UNSEEN,
        (Strategy.BIG_BANG, Mechanism.DNS): f"{_OWN_QUEUE}: no record does",
        (Strategy.CANARY, Mechanism.DNS): f"{_OWN_QUEUE}: no record does",
        (Strategy.LINEAR, Mechanism.DNS): f"{_OWN_QUEUE}: no record does",
        (Strategy.ROLLING, Mechanism.WEIGHTS): "what is in a queue is no part of the instances",
        (Strategy.AB_TEST, Mechanism.WEIGHTS): "there are two endpoints, and no arms",
        (Strategy.SHADOW, Mechanism.SHADOW): "no shadow gets copies of what is in a queue",
    }
)
"""What asynchronous endpoints rule out; what is left is steps whose shares the router draws."""

_NO_ENDPOINT = "a managed service has no endpoint: its door draws, and a deploy is all at once"

MANAGED_RULES: Mapping[tuple[Strategy, Mechanism], str] = MappingProxyType(
    {
        **{
            (strategy, mechanism): _NO_ENDPOINT
            for strategy, combination in LEGAL.items()
            for mechanism in combination.mechanisms
            if mechanism is not Mechanism.WEIGHTS
        },
        (Strategy.ROLLING, Mechanism.WEIGHTS): "a managed service has no instances of ours",
    }
)
"""What managed services rule out; what is left is steps and arms whose shares the door draws."""

_NOT_SAGEMAKERS = "SageMaker moves the traffic of its own endpoints only"
_ONE_BALANCER = "one load balancer is before both slots, so that no records lead to either"

FLEET_RULES: Mapping[tuple[Strategy, Mechanism], str] = MappingProxyType(
    {
        (Strategy.BIG_BANG, Mechanism.GUARDRAIL): _NOT_SAGEMAKERS,
        (Strategy.CANARY, Mechanism.GUARDRAIL): _NOT_SAGEMAKERS,
        (Strategy.LINEAR, Mechanism.GUARDRAIL): _NOT_SAGEMAKERS,
        (Strategy.ROLLING, Mechanism.GUARDRAIL): _NOT_SAGEMAKERS,
        (Strategy.BIG_BANG, Mechanism.DNS): _ONE_BALANCER,
        (Strategy.CANARY, Mechanism.DNS): _ONE_BALANCER,
        (Strategy.LINEAR, Mechanism.DNS): _ONE_BALANCER,
        (Strategy.AB_TEST, Mechanism.WEIGHTS): "there are two groups of instances, and no arms",
        (Strategy.SHADOW, Mechanism.SHADOW): "no shadow variant stands beside instances",
    }
)
"""What fleets of EC2 instances rule out; what is left is steps whose shares the router draws.

`rolling` has one group instead of two, whose instances are replaced a batch a step.
"""

_RULES = {
    Hosting.FLEET: FLEET_RULES,
    Hosting.SERVERLESS: SERVERLESS_RULES,
    Hosting.ASYNCHRONOUS: ASYNCHRONOUS_RULES,
    Hosting.MANAGED: MANAGED_RULES,
}


@value
class Fleet:
    """What each slot runs on: instance type, how many at least, how long one may take to start.

    A serverless one has no instances; `memory_mb` and `provisioned` say what stands ready for it.
    """

    instance_type: str
    instances: int
    start_seconds: int
    hosting: Hosting = Hosting.INSTANCES
    memory_mb: int = 0
    provisioned: int = 0
    answer_seconds: int = 0
    """Of asynchronous endpoints: after how long a request has its answer or has failed."""

    @property
    def standing(self) -> int:
        """How many instances, or provisioned processes, one version has asked or not."""
        return self.provisioned if self.hosting is Hosting.SERVERLESS else self.instances

    @property
    def named(self) -> str:
        """What one version has, in a few words."""
        if self.hosting is not Hosting.SERVERLESS:
            asleep = f"{self.instance_type} asleep while nobody asks,"
            return f"{self.instances} x {self.instance_type}" if self.instances > 0 else asleep
        ready = f", {self.provisioned} provisioned" if self.provisioned else ""
        return f"serverless, {self.memory_mb} MB{ready}"

    def to_json(self) -> dict[str, Any]:
        """The fleet in JSON types; `from_json` reads it back."""
        return {
            "instance_type": self.instance_type,
            "instances": self.instances,
            "start_seconds": self.start_seconds,
            "hosting": self.hosting.value,
            "memory_mb": self.memory_mb,
            "provisioned": self.provisioned,
            "answer_seconds": self.answer_seconds,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Fleet":
        """The fleet that `to_json` wrote."""
        return cls(
            instance_type=data["instance_type"],
            instances=int(data["instances"]),
            start_seconds=int(data["start_seconds"]),
            hosting=Hosting(data["hosting"]),
            memory_mb=int(data["memory_mb"]),
            provisioned=int(data["provisioned"]),
            answer_seconds=int(data["answer_seconds"]),
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
    if fleet.hosting is not Hosting.INSTANCES:
        rule = _RULES[fleet.hosting].get((strategy, mechanism))
        if rule is not None:
            return f"is not done on hosting {fleet.hosting}: {rule}"
    counted = fleet.hosting in {Hosting.INSTANCES, Hosting.FLEET}
    half = _HALVES.get((strategy, mechanism)) if counted else None
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
