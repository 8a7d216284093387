"""Connects Application Auto Scaling to templates, metrics, alarms and endpoints."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from emulator.cloudformation import recorded
from emulator.cloudwatch.plugin import installed as cloudwatch_of
from emulator.cloudwatch.series import statistic
from emulator.cloudwatch.store import MetricKey, dimensions_of
from emulator.periodic import keep_doing
from emulator.runtime import Runtime
from emulator.sagemaker.api import ControlPlane
from emulator.sagemaker.autoscaling.engine import Autoscaling, Declared, Firing, Surroundings
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.state import Endpoint
from emulator.sagemaker.store import Store
from emulator.seams import cloudwatch as seam

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
TICK_CLOUD_SECONDS = 10.0
TICK_BOUNDS_SECONDS = (0.2, 1.0)
"""The timer's shortest and longest pause, on the wall's clock."""


def install_autoscaling(runtime: Runtime, plane: ControlPlane, store: Store) -> None:
    """What templates say of scaling happens while the cloud runs."""
    engine = Autoscaling(around=_around(runtime, plane, store))
    keep_doing(
        runtime,
        engine.tick,
        every_cloud_seconds=TICK_CLOUD_SECONDS,
        pause_bounds=TICK_BOUNDS_SECONDS,
    )


def _around(runtime: Runtime, plane: ControlPlane, store: Store) -> Surroundings:
    async def resize(tenant: Tenant, endpoint: str, variant: str, count: int) -> None:
        wish = {"VariantName": variant, "DesiredInstanceCount": count}
        request = {"EndpointName": endpoint, "DesiredWeightsAndCapacities": [wish]}
        await plane.call(tenant, "UpdateEndpointWeightsAndCapacities", request)

    def endpoint(tenant: Tenant, name: str) -> Endpoint | None:
        return store.shelf(tenant).endpoints.get(name.lower())

    def minutes(tenant: Tenant, metric: Mapping[str, Any], count: int) -> list[float | None]:
        return _minutes(runtime, tenant, metric, count)

    return Surroundings(
        targets=_declared(runtime, TARGET),
        policies=_declared(runtime, POLICY),
        firing=lambda: _firing(runtime),
        minutes=minutes,
        endpoint=endpoint,
        resize=resize,
        now=runtime.clock.now,
    )


def _declared(runtime: Runtime, kind: str) -> Callable[[], Iterator[Declared]]:
    def declared() -> Iterator[Declared]:
        for resource in recorded(runtime):
            if resource.type_name == kind:
                tenant = Tenant(resource.account, resource.region)
                yield Declared(
                    tenant=tenant, id=resource.physical_id, properties=resource.properties
                )

    return declared


def _minutes(
    runtime: Runtime, tenant: Tenant, metric: Mapping[str, Any], count: int
) -> list[float | None]:
    store, end = cloudwatch_of(runtime).store, math.floor(runtime.clock.now() / 60) * 60
    key = _key(tenant, metric)
    points = [store.window(key, end - 60 * n, end - 60 * (n - 1)) for n in range(count, 0, -1)]
    stat = str(metric.get("Statistic", "Average"))
    return [None if point is None else statistic(point, stat) for point in points]


def _key(tenant: Tenant, metric: Mapping[str, Any]) -> MetricKey:
    pairs = {one["Name"]: one["Value"] for one in metric.get("Dimensions", ())}
    return MetricKey(
        account=tenant.account,
        region=tenant.region,
        namespace=str(metric["Namespace"]),
        name=str(metric["MetricName"]),
        dimensions=dimensions_of(pairs),
    )


def _firing(runtime: Runtime) -> Iterator[Firing]:
    for account, region, alarm in seam.alarms():
        actions = tuple(str(one) for one in alarm.get("AlarmActions") or ())
        if alarm.get("StateValue") != "ALARM" or not alarm.get("MetricName") or not actions:
            continue
        tenant = Tenant(account, region)
        newest = [v for v in _minutes(runtime, tenant, alarm, 2) if v is not None]
        threshold = float(alarm.get("Threshold", 0.0))
        beyond = (newest[-1] if newest else threshold) - threshold
        yield Firing(tenant=tenant, actions=actions, beyond=beyond)
