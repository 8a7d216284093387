"""Scales variants as the scalable targets and policies of templates say.

What runs: target tracking of a customized metric, and step scaling by the alarms that name the
policy. Policies of predefined metrics and scheduled actions are recorded only.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.sagemaker.autoscaling.policies import (
    COOLDOWN_SECONDS,
    IN_MINUTES,
    Bounds,
    Tracked,
    stepped,
)
from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.scaling import DIMENSION
from emulator.sagemaker.state import Endpoint, EndpointStatus, Variant

_log = logging.getLogger(__name__)

_TRACKING = "TargetTrackingScalingPolicyConfiguration"
_STEPS = "StepScalingPolicyConfiguration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A scalable target or a policy of a template: its identifier and its properties."""

    tenant: Tenant
    id: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """An alarm in ALARM: what it calls, and how far its metric is beyond the threshold."""

    tenant: Tenant
    actions: tuple[str, ...]
    beyond: float


MinuteValues = Callable[[Tenant, Mapping[str, Any], int], list[float | None]]
"""The one-minute values of a customized metric specification, so many, the newest last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the engine looks at, and the one thing that it does; `now` is the cloud's clock."""

    targets: Callable[[], Iterable[Declared]]
    policies: Callable[[], Iterable[Declared]]
    firing: Callable[[], Iterable[Firing]]
    minutes: MinuteValues
    endpoint: Callable[[Tenant, str], Endpoint | None]
    resize: Callable[[Tenant, str, str, int], Awaitable[None]]
    now: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaling:
    """Looks at every target and moves those that a policy wants elsewhere."""

    around: Surroundings
    _moved: dict[tuple[Tenant, str, bool], float] = field(default_factory=dict)
    """When each target last went out (True) or in."""

    async def tick(self) -> None:
        """Every target has been looked at; one that cannot be changed now is left for later."""
        firing = list(self.around.firing())
        for target in list(self.around.targets()):
            if target.properties.get("ScalableDimension") != DIMENSION:
                continue
            try:
                await self._look(target, firing)
            except SageMakerError as error:
                _log.info("%s was not scaled: %s", target.properties["ResourceId"], error)

    async def _look(self, target: Declared, firing: list[Firing]) -> None:
        found = self._variant(target)
        if found is None:
            return
        endpoint, variant = found
        properties, current = target.properties, variant.instance_count
        bounds = Bounds(least=int(properties["MinCapacity"]), most=int(properties["MaxCapacity"]))
        wanted = [bounds.within(current), *self._wanted(target, current, bounds, firing)]
        outward = max(wanted)
        # Where policies disagree the larger capacity counts, and nothing goes in beside one that
        # wants to go out.
        chosen = outward if outward > current else min(wanted)
        if chosen != current:
            self._moved[target.tenant, target.id, chosen > current] = self.around.now()
            await self.around.resize(target.tenant, endpoint.name, variant.name, chosen)

    def _variant(self, target: Declared) -> tuple[Endpoint, Variant] | None:
        parts = str(target.properties["ResourceId"]).split("/")
        if len(parts) != 4:
            return None
        endpoint = self.around.endpoint(target.tenant, parts[1])
        if endpoint is None or endpoint.status is not EndpointStatus.IN_SERVICE:
            return None
        return next(((endpoint, v) for v in endpoint.variants if v.name == parts[3]), None)

    def _wanted(
        self, target: Declared, current: int, bounds: Bounds, firing: list[Firing]
    ) -> Iterator[int]:
        """What each policy of the target asks for, and may have by its cooldown."""
        for policy in self.around.policies():
            if policy.tenant != target.tenant or not _belongs(policy, target):
                continue
            tracking = policy.properties.get(_TRACKING)
            if tracking is not None and "CustomizedMetricSpecification" in tracking:
                yield self._tracked(target, tracking, current, bounds)
            steps = policy.properties.get(_STEPS)
            if steps is None:
                continue
            for alarm in firing:
                if alarm.tenant == target.tenant and policy.id in alarm.actions:
                    asked = bounds.within(stepped(steps, beyond=alarm.beyond, current=current))
                    cooldown = float(steps.get("Cooldown", COOLDOWN_SECONDS))
                    yield self._rested(target, current, asked, cooldown)

    def _tracked(
        self, target: Declared, tracking: Mapping[str, Any], current: int, bounds: Bounds
    ) -> int:
        metric = tracking["CustomizedMetricSpecification"]
        tracked = Tracked(
            values=self.around.minutes(target.tenant, metric, IN_MINUTES),
            target=float(tracking["TargetValue"]),
        )
        asked = bounds.within(tracked.wanted(current))
        if asked < current and tracking.get("DisableScaleIn", False):
            return current
        way = "ScaleOutCooldown" if asked > current else "ScaleInCooldown"
        return self._rested(target, current, asked, float(tracking.get(way, COOLDOWN_SECONDS)))

    def _rested(self, target: Declared, current: int, asked: int, cooldown: float) -> int:
        """The capacity asked for, or the current one while the last change is too recent."""
        last = self._moved.get((target.tenant, target.id, asked > current))
        rested = last is None or self.around.now() - last >= cooldown
        return asked if rested else current


def _belongs(policy: Declared, target: Declared) -> bool:
    given = policy.properties.get("ScalingTargetId")
    if given is not None:
        return bool(given == target.id)
    names = ("ResourceId", "ScalableDimension", "ServiceNamespace")
    return all(policy.properties.get(name) == target.properties.get(name) for name in names)
