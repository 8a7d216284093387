"""Builds the fleets of a plan, beside those that run already.

Either every variant of the plan is healthy when `build` returns, or none of its processes is left
and the reason is the sentence that DescribeEndpoint shows. A variant whose model did not change
keeps its processes.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from emulator.sagemaker import errors
from emulator.sagemaker.artifacts import Artifacts, model_data_url
from emulator.sagemaker.multi_model import PrefixTargets, is_multi_model, prefix_of, program_url
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import Fleet, Fleets, FleetSpec, FleetUnhealthyError, ModelSpec
from emulator.sagemaker.registry.listings import ARTIFACT
from emulator.sagemaker.serverless import on_demand
from emulator.sagemaker.serving.interface import UnknownImageError
from emulator.sagemaker.state import Model, Planned, Variant

DEFAULT_STARTUP_TIMEOUT_SECONDS = 600.0
"""SageMaker's ContainerStartupHealthCheckTimeoutInSeconds when a variant sets none."""

LONGEST_ASYNC_SECONDS = 3_600.0
"""The most that InvocationTimeoutSeconds may be (InvokeEndpointAsync), in the wall's seconds."""


class BuildFailedError(Exception):
    """The plan could not be brought into service; the text is the endpoint's FailureReason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a plan is built."""

    tenant: Tenant
    endpoint: str
    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Turns plans into running variants; `now` is Unix seconds."""

    fleets: Fleets
    artifacts: Artifacts
    now: Callable[[], float]

    async def build(
        self, site: Site, plan: tuple[Planned, ...], running: Mapping[str, Variant]
    ) -> tuple[Variant, ...]:
        """Every variant of the plan, healthy and of the wanted size."""
        work = [self._variant(site, planned, running.get(planned.name)) for planned in plan]
        results = await asyncio.gather(*work, return_exceptions=True)
        built = tuple(result for result in results if isinstance(result, Variant))
        failures = [result for result in results if isinstance(result, BaseException)]
        if not failures:
            return built
        await self.retire(built, kept=tuple(running.values()))
        await self.restore_sizes(tuple(running.values()))
        raise failures[0]

    async def retire(self, variants: tuple[Variant, ...], *, kept: tuple[Variant, ...]) -> None:
        """Fleets of `variants` that `kept` does not use have finished their requests and ended."""
        used = {id(variant.fleet) for variant in kept}
        for variant in variants:
            if id(variant.fleet) not in used:
                await variant.fleet.close(drain_seconds=DRAIN_SECONDS)

    async def restore_sizes(self, variants: tuple[Variant, ...]) -> None:
        """Every fleet has as many instances as its variant says."""
        for variant in variants:
            if variant.fleet.instance_count != variant.instance_count:
                await variant.fleet.resize(variant.instance_count)

    async def _variant(self, site: Site, planned: Planned, running: Variant | None) -> Variant:
        try:
            if running is not None and same_processes(running, planned):
                await running.fleet.resize(planned.instance_count)
                return _variant_of(site, planned, running.fleet, running.deployed)
            fleet = await self._started(site, planned)
        except UnknownImageError as error:
            raise BuildFailedError(errors.image_missing(planned.name)) from error
        except FleetUnhealthyError as error:
            raise BuildFailedError(str(error) or errors.ping_failed(planned.name)) from error
        except errors.SageMakerError as error:
            raise BuildFailedError(error.message) from error
        return _variant_of(site, planned, fleet, self.now())

    async def _started(self, site: Site, planned: Planned) -> Fleet:
        fleet = await self.fleets.create(await self._spec(site, planned))
        try:
            await fleet.wait_healthy()
        except BaseException:
            await fleet.close(drain_seconds=0.0)
            raise
        return fleet

    async def _spec(self, site: Site, planned: Planned) -> FleetSpec:
        timeout = planned.definition.get("ContainerStartupHealthCheckTimeoutInSeconds")
        return FleetSpec(
            endpoint=site.endpoint,
            variant=planned.name,
            config=site.config,
            model=await model_spec(self.artifacts, site.tenant, planned.model),
            instance_count=planned.instance_count,
            execution_role_arn=planned.model.role_arn,
            tenant=site.tenant,
            startup_timeout_seconds=(
                DEFAULT_STARTUP_TIMEOUT_SECONDS if timeout is None else float(timeout)
            ),
            on_demand=on_demand(planned.definition),
            invocation_timeout_seconds=LONGEST_ASYNC_SECONDS if planned.asynchronous else None,
        )


DRAIN_SECONDS = 60.0
"""How long a replaced fleet may finish its requests: SageMaker's limit for one invocation."""


async def model_spec(artifacts: Artifacts, tenant: Tenant, model: Model) -> ModelSpec:
    """What the model's containers run, their artifacts on this machine, read by its role."""
    first, *then = [
        await _container_spec(artifacts, tenant, model, place)
        for place in range(len(model.containers))
    ]
    return replace(first, then=tuple(then))


async def _container_spec(
    artifacts: Artifacts, tenant: Tenant, model: Model, place: int
) -> ModelSpec:
    container = model.containers[place]
    spec = ModelSpec(
        name=model.name,
        image=str(container["Image"]),
        environment=dict(container.get("Environment", {})),
        # SageMaker names them by their positions; how is not published.
        hostname=str(container.get("ContainerHostname", f"container-{place + 1}")),
    )
    if is_multi_model(container):
        return await _of_many_models(artifacts, tenant, model, spec)
    url, path = model_data_url(container), container.get(ARTIFACT)
    if url is not None:
        path = await artifacts.fetch(tenant, url, model.role_arn)
    return replace(spec, model_data_path=path, model_data_url="" if url is None else url)


async def _of_many_models(
    artifacts: Artifacts, tenant: Tenant, model: Model, spec: ModelSpec
) -> ModelSpec:
    """Its program is read now, as the role; on AWS the container reads it when it starts."""
    targets = PrefixTargets(
        artifacts=artifacts,
        tenant=tenant,
        prefix=prefix_of(model.container),
        role_arn=model.role_arn,
    )
    url = program_url(spec.environment)
    if url is None:
        return replace(spec, targets=targets)
    path = await artifacts.fetch(tenant, url, model.role_arn)
    return replace(spec, targets=targets, code_path=path, code_url=url)


def same_processes(running: Variant, planned: Planned) -> bool:
    """Whether the plan's variant can be served by the processes that run: same model, same kind."""
    kinds = ("InstanceType", "ServerlessConfig")
    same = all(running.definition.get(k) == planned.definition.get(k) for k in kinds)
    return same and running.model == planned.model


def _variant_of(site: Site, planned: Planned, fleet: Fleet, deployed: float) -> Variant:
    return Variant(
        name=planned.name,
        config=site.config,
        model=planned.model,
        definition=planned.definition,
        weight=planned.weight,
        desired_weight=planned.weight,
        instance_count=planned.instance_count,
        desired_instance_count=planned.instance_count,
        fleet=fleet,
        role=planned.role,
        deployed=deployed,
    )
