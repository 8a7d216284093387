"""Targets and policies of templates, cooldowns, and endpoints that cannot be changed now."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from emulator.sagemaker.autoscaling.engine import Autoscaling, Declared, Firing, Surroundings
from emulator.sagemaker.errors import validation
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.state import Endpoint, EndpointStatus, Model, Variant

TENANT = Tenant("123456789012", "eu-west-1")
ARN = "arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:1:resource/x:policyName/Wake"
BACKLOG = {"Namespace": "AWS/SageMaker", "MetricName": "Backlog", "Statistic": "Average"}


class NoFleet:
    """A fleet that is never asked."""

    instance_count = 0


@dataclass
class World:
    """A variant, its target and policies, a metric and a clock."""

    count: int = 1
    least: int = 0
    most: int = 3
    now: float = 0.0
    minutes: list[float | None] = field(default_factory=list)
    firing: list[Firing] = field(default_factory=list)
    status: EndpointStatus = EndpointStatus.IN_SERVICE
    refuses: bool = False
    resized: list[int] = field(default_factory=list)
    tracking: dict[str, Any] = field(default_factory=dict)
    dimension: str = "sagemaker:variant:DesiredInstanceCount"

    def targets(self) -> list[Declared]:
        """The scalable target."""
        properties = {
            "ResourceId": "endpoint/e/variant/blue",
            "ScalableDimension": self.dimension,
            "MinCapacity": self.least,
            "MaxCapacity": self.most,
        }
        return [Declared(tenant=TENANT, id="target", properties=properties)]

    def policies(self) -> list[Declared]:
        """One that tracks, one that wakes, one of another target."""
        tracking = {"TargetValue": 5, "CustomizedMetricSpecification": BACKLOG, **self.tracking}
        steps = {
            "AdjustmentType": "ChangeInCapacity",
            "Cooldown": 60,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        }
        return [
            _policy("track", "target", TargetTrackingScalingPolicyConfiguration=tracking),
            _policy(ARN, "target", StepScalingPolicyConfiguration=steps),
            _policy("other", "another", TargetTrackingScalingPolicyConfiguration=tracking),
        ]

    def endpoint(self, tenant: Tenant, name: str) -> Endpoint | None:
        """The endpoint, if it is asked for."""
        if (tenant, name) != (TENANT, "e"):
            return None
        model = Model(name="m", arn="arn", request={}, created=0.0)
        variant = Variant(
            name="blue",
            config="c",
            model=model,
            definition={},
            weight=1.0,
            desired_weight=1.0,
            instance_count=self.count,
            desired_instance_count=self.count,
            fleet=NoFleet(),  # type: ignore[arg-type] - never asked
            deployed=0.0,
        )
        return Endpoint(
            name="e",
            arn="arn",
            config_name="c",
            status=self.status,
            created=0.0,
            modified=0.0,
            variants=(variant,),
        )

    async def resize(self, _tenant: Tenant, _endpoint: str, _variant: str, count: int) -> None:
        """Remembered, and done."""
        if self.refuses:
            raise validation("busy")
        self.count = count
        self.resized.append(count)

    def engine(self) -> Autoscaling:
        """An engine in this world."""
        return Autoscaling(
            around=Surroundings(
                targets=self.targets,
                policies=self.policies,
                firing=lambda: list(self.firing),
                minutes=lambda _tenant, _metric, _count: list(self.minutes),
                endpoint=self.endpoint,
                resize=self.resize,
                now=lambda: self.now,
            )
        )


def _policy(id_: str, target: str, **configuration: Any) -> Declared:
    return Declared(tenant=TENANT, id=id_, properties={"ScalingTargetId": target, **configuration})


def ticks(world: World, *moments: float, engine: Autoscaling | None = None) -> list[int]:
    """What was resized to, when looked at at these moments."""
    made = world.engine() if engine is None else engine
    for moment in moments:
        world.now = moment
        asyncio.run(made.tick())
    return world.resized


def test_calm_goes_to_the_least_and_an_alarm_wakes_it():
    """0, then 1 while the alarm fires; a second look in the cooldown adds none."""
    world = World(minutes=[0.0] * 15)
    engine = world.engine()
    assert ticks(world, 0.0, engine=engine) == [0]
    world.minutes = []
    world.firing = [Firing(tenant=TENANT, actions=(ARN,), beyond=0.0)]
    assert ticks(world, 10.0, 20.0, engine=engine) == [0, 1]
    assert ticks(world, 75.0, engine=engine) == [0, 1, 2]


def test_nothing_goes_in_while_a_policy_wants_out():
    """The larger capacity counts."""
    firing = [Firing(tenant=TENANT, actions=(ARN,), beyond=0.0)]
    assert ticks(World(count=2, minutes=[0.0] * 15, firing=firing), 0.0) == [3]


def test_bounds_are_kept_whatever_the_metric_says():
    """Below the least it goes out at once, above the most never."""
    assert ticks(World(count=0, least=1), 0.0) == [1]
    assert ticks(World(count=3, minutes=[50.0] * 3), 0.0) == []


def test_scaling_in_may_be_switched_off():
    """DisableScaleIn keeps what there is."""
    assert ticks(World(minutes=[0.0] * 15, tracking={"DisableScaleIn": True}), 0.0) == []


def test_endpoint_that_changes_is_left_alone():
    """It is looked at again later; a refusal ends nothing."""
    busy = World(minutes=[0.0] * 15, status=EndpointStatus.UPDATING)
    assert ticks(busy, 0.0) == []
    refusing = World(minutes=[0.0] * 15, refuses=True)
    assert ticks(refusing, 0.0) == []


def test_another_dimension_and_an_alarm_of_others_scale_nothing():
    """Only instance counts, and only by policies of the target."""
    assert ticks(World(minutes=[0.0] * 15, dimension="sagemaker:variant:Other"), 0.0) == []
    firing = [Firing(tenant=TENANT, actions=("arn:other",), beyond=0.0)]
    assert ticks(World(firing=firing), 0.0) == []
