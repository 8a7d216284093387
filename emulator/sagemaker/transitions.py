"""Walks endpoints from one status to the next, in the background, on the server's event loop.

A transition owns its endpoint: operations refuse to touch one that is neither InService nor
Failed. Whatever happens, it ends in a status that accepts operations again, with the reason told.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.sagemaker import errors, rolling
from emulator.sagemaker.builder import DRAIN_SECONDS, Builder, BuildFailedError, Site
from emulator.sagemaker.deployment import ShiftPlan, ShiftStep
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import FleetUnhealthyError
from emulator.sagemaker.state import (
    Endpoint,
    EndpointStatus,
    PendingUpdate,
    Planned,
    Variant,
    VariantPhase,
)
from emulator.sagemaker.store import Store

_log = logging.getLogger(__name__)

ALARM_CHECK_SECONDS = 1.0
"""How often, in the cloud's seconds, a bake looks at the rollback alarms."""

SETTLE_SECONDS = 0.5
"""How long, in the cloud's seconds, a weight change stays `Updating`; AWS takes up to a minute."""

Pause = Callable[[float], Awaitable[None]]
"""Returns after that many of the cloud's seconds."""

FiringAlarms = Callable[[Tenant, tuple[str, ...]], tuple[str, ...]]
"""Which of the named CloudWatch alarms are in ALARM now."""


Greet = Callable[[Tenant, Endpoint, tuple[Variant, ...]], Awaitable[None]]


async def _nobody(_tenant: Tenant, _endpoint: Endpoint, _variants: tuple[Variant, ...]) -> None:
    """There is nobody to greet."""


class _RolledBackError(Exception):
    """The new fleet must not keep its traffic; the text is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transitions:
    """The long-running half of the endpoint operations; `now` is Unix seconds."""

    store: Store
    builder: Builder
    pause: Pause
    now: Callable[[], float]
    firing_alarms: FiringAlarms
    greet: Greet = _nobody
    """What an endpoint that was just made says to its topics; BuildFailedError if it cannot."""

    async def create(self, tenant: Tenant, name: str, plan: tuple[Planned, ...]) -> None:
        """The endpoint is InService with the plan's variants, or Failed with the reason."""
        try:
            variants = await self.builder.build(self._site(tenant, name), plan, {})
        except BuildFailedError as error:
            self._change(tenant, name, status=EndpointStatus.FAILED, failure_reason=str(error))
            return
        try:
            await self.greet(tenant, self.store.endpoint(tenant, name), variants)
        except BuildFailedError as error:
            await self.builder.retire(variants, kept=())
            self._change(tenant, name, status=EndpointStatus.FAILED, failure_reason=str(error))
            return
        self._change(tenant, name, status=EndpointStatus.IN_SERVICE, variants=variants)

    async def update(self, tenant: Tenant, name: str, shift: ShiftPlan, capture: Any) -> None:
        """The endpoint is InService on the pending configuration, or on the old one with a reason.

        The new fleets are built beside the old ones and pass their health checks before the first
        request reaches them; the old ones finish what they have begun.
        """
        endpoint = self.store.endpoint(tenant, name)
        pending = endpoint.pending
        if pending is None:
            raise RuntimeError(f"endpoint {name} has no pending update")
        running = {variant.name: variant for variant in endpoint.variants}
        site = Site(tenant=tenant, endpoint=endpoint.name, config=pending.config_name)
        shift = rolling.effective(shift, pending.planned, running)
        first = rolling.first_batch(shift, pending.planned)
        try:
            built = await self.builder.build(site, first, running)
        except BuildFailedError as error:
            await self._roll_back(tenant, name, str(error), shift)
            return
        self._pend(tenant, name, variants=built)
        try:
            for step in shift.steps:
                await self._shift(tenant, name, step, shift.alarms)
        except (_RolledBackError, FleetUnhealthyError) as error:
            await self._roll_back(tenant, name, str(error), shift)
            return
        await self._finish_update(tenant, name, shift, capture)

    async def change_variants(
        self, tenant: Tenant, name: str, wishes: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Weights and instance counts are as wished, or as before with the endpoint InService."""
        await self.pause(SETTLE_SECONDS)
        before = self.store.endpoint(tenant, name).variants
        after = tuple(_wished(variant, wishes.get(variant.name, {})) for variant in before)
        try:
            for variant in after:
                if variant.fleet.instance_count != variant.instance_count:
                    await variant.fleet.resize(variant.instance_count)
        except Exception as error:  # noqa: BLE001 - whatever it was, the old sizes must return
            await self._undo_resize(tenant, name, before, error)
            return
        self._change(tenant, name, status=EndpointStatus.IN_SERVICE, variants=after, desired={})

    async def delete(self, tenant: Tenant, name: str) -> None:
        """The endpoint and its processes are gone."""
        endpoint = self.store.endpoint(tenant, name)
        for variant in endpoint.variants:
            await variant.fleet.close(drain_seconds=DRAIN_SECONDS)
        self.store.remove_endpoint(tenant, name)

    async def guarded(self, tenant: Tenant, name: str, transition: Awaitable[None]) -> None:
        """`transition` ran; if it broke, the endpoint says so instead of staying in between."""
        try:
            await transition
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - nothing may leave an endpoint in between
            _log.exception("the transition of endpoint %s broke", name)
            if name.lower() in self.store.shelf(tenant).endpoints:
                await self._abandon(tenant, name)

    async def _abandon(self, tenant: Tenant, name: str) -> None:
        endpoint = self.store.endpoint(tenant, name)
        status = EndpointStatus.IN_SERVICE if endpoint.variants else EndpointStatus.FAILED
        self._change(
            tenant,
            name,
            status=status,
            pending=None,
            desired={},
            failure_reason=errors.INTERNAL_FAILURE,
        )
        if endpoint.pending is not None:
            await self.builder.retire(endpoint.pending.variants, kept=endpoint.variants)

    async def _shift(
        self, tenant: Tenant, name: str, step: ShiftStep, alarms: tuple[str, ...]
    ) -> None:
        self._check_alarms(tenant, alarms)
        if step.instances is not None:
            await self._grow(tenant, name, step.instances)
        self._pend(tenant, name, share=step.share, phase=VariantPhase.ACTIVATING_TRAFFIC)
        self._pend(tenant, name, phase=VariantPhase.BAKING)
        # By the clock: on a fast one, short pauses take longer than they were asked to.
        over = self.now() + step.bake_seconds
        while (remaining := over - self.now()) > 0.0:
            await self.pause(min(remaining, ALARM_CHECK_SECONDS))
            self._check_alarms(tenant, alarms)
        if step.instances is not None and step.share < 1.0:
            await self._leave(tenant, name, gone=step.instances)

    async def _grow(self, tenant: Tenant, name: str, instances: int) -> None:
        """The new fleet has so many healthy instances: the batch is added before its traffic."""
        pending = self.store.endpoint(tenant, name).pending
        grown = [] if pending is None else list(pending.variants)
        for place, variant in enumerate(grown):
            if variant.instance_count != instances:
                await variant.fleet.resize(instances)
                grown[place] = replace(variant, instance_count=instances)
        self._pend(tenant, name, variants=tuple(grown))

    async def _leave(self, tenant: Tenant, name: str, *, gone: int) -> None:
        """The old fleet has lost as many instances as the new one has."""
        for variant in self.store.endpoint(tenant, name).variants:
            left = variant.instance_count - gone
            self._pend(tenant, name, remaining=left)
            await variant.fleet.resize(left)

    async def _give_back(self, tenant: Tenant, name: str, shift: ShiftPlan) -> None:
        """The old fleet has its instances again, and the traffic with them, batch by batch."""
        endpoint = self.store.endpoint(tenant, name)
        pending = endpoint.pending
        if not shift.rolls or pending is None or pending.remaining is None:
            return
        (variant,) = endpoint.variants
        for have in rolling.given_back(shift, left=pending.remaining, count=variant.instance_count):
            await variant.fleet.resize(have)
            share = min(pending.share, 1.0 - have / variant.instance_count)
            self._pend(tenant, name, remaining=have, share=share)

    def _check_alarms(self, tenant: Tenant, alarms: tuple[str, ...]) -> None:
        firing = self.firing_alarms(tenant, alarms) if alarms else ()
        if firing:
            # AWS's own sentence for this case is not known to us.
            raise _RolledBackError(
                f"Rolled back because alarms are in ALARM state: {', '.join(firing)}"
            )

    async def _roll_back(self, tenant: Tenant, name: str, reason: str, shift: ShiftPlan) -> None:
        """All traffic is on the old fleet, the new one is gone, and the old configuration stays."""
        self._change(tenant, name, status=EndpointStatus.ROLLING_BACK, failure_reason=reason)
        await self._give_back(tenant, name, shift)
        endpoint = self.store.endpoint(tenant, name)
        new = () if endpoint.pending is None else endpoint.pending.variants
        self._pend(tenant, name, share=0.0, phase=VariantPhase.DELETING)
        await self.builder.retire(new, kept=endpoint.variants)
        await self.builder.restore_sizes(endpoint.variants)
        status = EndpointStatus.IN_SERVICE if endpoint.variants else EndpointStatus.FAILED
        self._change(tenant, name, status=status, pending=None)

    async def _finish_update(
        self, tenant: Tenant, name: str, shift: ShiftPlan, capture: Any
    ) -> None:
        await self.pause(shift.termination_wait_seconds)
        endpoint = self.store.endpoint(tenant, name)
        pending = endpoint.pending
        if pending is None:
            raise RuntimeError(f"endpoint {name} has no pending update")
        self._change(
            tenant,
            name,
            status=EndpointStatus.IN_SERVICE,
            config_name=pending.config_name,
            variants=rolling.complete(pending),
            pending=None,
            failure_reason=None,
            data_capture=capture,
            asynchronous=pending.asynchronous,
        )
        await self.builder.retire(endpoint.variants, kept=pending.variants)

    async def _undo_resize(
        self, tenant: Tenant, name: str, before: tuple[Variant, ...], error: Exception
    ) -> None:
        self._change(tenant, name, status=EndpointStatus.ROLLING_BACK, failure_reason=str(error))
        await self.builder.restore_sizes(before)
        self._change(tenant, name, status=EndpointStatus.IN_SERVICE, desired={})

    def _site(self, tenant: Tenant, name: str) -> Site:
        endpoint = self.store.endpoint(tenant, name)
        return Site(tenant=tenant, endpoint=endpoint.name, config=endpoint.config_name)

    def _pend(self, tenant: Tenant, name: str, **changes: Any) -> None:
        pending = self.store.endpoint(tenant, name).pending
        if pending is not None:
            changed: PendingUpdate = replace(pending, **changes)
            self._change(tenant, name, pending=changed)

    def _change(self, tenant: Tenant, name: str, **changes: Any) -> None:
        endpoint: Endpoint = self.store.endpoint(tenant, name)
        self.store.put_endpoint(tenant, replace(endpoint, modified=self.now(), **changes))


def _wished(variant: Variant, wish: Mapping[str, Any]) -> Variant:
    weight = float(wish.get("DesiredWeight", variant.weight))
    count = int(wish.get("DesiredInstanceCount", variant.instance_count))
    return replace(
        variant,
        weight=weight,
        desired_weight=weight,
        instance_count=count,
        desired_instance_count=count,
    )
