"""The operations on endpoints: each checks, records the wish and starts a transition.

The answer is sent before the transition has begun, as on AWS; callers poll DescribeEndpoint.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.sagemaker import describe, errors, names, serverless, tags
from emulator.sagemaker.asynchronous import config as asynchronous
from emulator.sagemaker.deployment import ALL_AT_ONCE, ShiftPlan, plan_of
from emulator.sagemaker.listing import page_of
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.planning import plan_variants, retained_properties
from emulator.sagemaker.scaling import forbidden
from emulator.sagemaker.state import (
    Endpoint,
    EndpointConfig,
    EndpointStatus,
    PendingUpdate,
    Planned,
    VariantRole,
)
from emulator.sagemaker.store import Store
from emulator.sagemaker.transitions import Transitions

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointOperations:
    """Create, describe, update, reweigh, delete and list endpoints; `now` is Unix seconds."""

    store: Store
    transitions: Transitions
    now: Callable[[], float]
    known_alarms: Callable[[Tenant], frozenset[str]]
    scaled_variants: Callable[[Tenant, str], frozenset[str]]
    """The variants of an endpoint that are scalable targets."""
    running: set[asyncio.Task[None]] = field(default_factory=set)

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The endpoint is Creating."""
        name = str(request["EndpointName"])
        arn = tenant.arn(names.ENDPOINT, name)
        shelf = self.store.shelf(tenant)
        if name.lower() in shelf.endpoints:
            raise errors.already_exists(names.ENDPOINT, arn)
        config = self.store.config(tenant, request["EndpointConfigName"])
        plan = self._plan(tenant, config, {})
        self._shift_plan(tenant, request.get("DeploymentConfig"), plan)
        moment = self.now()
        endpoint = Endpoint(
            name=name,
            arn=arn,
            config_name=config.name,
            status=EndpointStatus.CREATING,
            created=moment,
            modified=moment,
            data_capture=_capture(config),
            asynchronous=config.request.get("AsyncInferenceConfig"),
            deployment_config=request.get("DeploymentConfig"),
        )
        self.store.put_endpoint(tenant, endpoint)
        tags.set_at_creation(shelf, arn, request)
        self._start(tenant, name, self.transitions.create(tenant, name, plan))
        return {"EndpointArn": arn}

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The endpoint as it is at this moment."""
        return describe.endpoint(self.store.endpoint(tenant, request["EndpointName"]))

    async def update(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The endpoint is Updating; the old variants serve until the new ones are healthy."""
        endpoint = self._changeable(tenant, request["EndpointName"])
        config = self.store.config(tenant, request["EndpointConfigName"])
        # AWS needs the configuration in service too, and says so when somebody deleted it.
        self.store.config(tenant, endpoint.config_name)
        plan = self._plan(tenant, config, retained_properties(endpoint, request))
        serverless.check_conversion(endpoint, plan)
        asynchronous.check_conversion(endpoint, config)
        scaled = forbidden(endpoint, plan, self.scaled_variants(tenant, endpoint.name))
        if scaled:
            raise errors.scaled_variants(scaled)
        deployment = request.get("DeploymentConfig")
        if deployment is None and request.get("RetainDeploymentConfig", False):
            deployment = endpoint.deployment_config
        shift = self._shift_plan(tenant, deployment, plan)
        pending = PendingUpdate(
            config_name=config.name,
            started=self.now(),
            planned=plan,
            asynchronous=config.request.get("AsyncInferenceConfig"),
        )
        self._begin(
            tenant,
            endpoint,
            status=EndpointStatus.UPDATING,
            pending=pending,
            failure_reason=None,
            deployment_config=deployment,
        )
        work = self.transitions.update(tenant, endpoint.name, shift, _capture(config))
        self._start(tenant, endpoint.name, work)
        return {"EndpointArn": endpoint.arn}

    async def change_variants(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The endpoint is Updating towards the desired weights and instance counts."""
        endpoint = self._changeable(tenant, request["EndpointName"])
        listed = request["DesiredWeightsAndCapacities"]
        self._check_wishes(endpoint, listed)
        wishes = {wish["VariantName"]: wish for wish in listed}
        self._begin(
            tenant, endpoint, status=EndpointStatus.UPDATING, desired=wishes, failure_reason=None
        )
        work = self.transitions.change_variants(tenant, endpoint.name, wishes)
        self._start(tenant, endpoint.name, work)
        return {"EndpointArn": endpoint.arn}

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The endpoint is Deleting, and then gone."""
        endpoint = self._changeable(tenant, request["EndpointName"])
        self._begin(tenant, endpoint, status=EndpointStatus.DELETING)
        self._start(tenant, endpoint.name, self.transitions.delete(tenant, endpoint.name))
        return {}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of the endpoints."""
        wanted = request.get("StatusEquals")
        found = [
            endpoint
            for endpoint in self.store.shelf(tenant).endpoints.values()
            if (wanted is None or endpoint.status.value == wanted)
            and endpoint.modified >= request.get("LastModifiedTimeAfter", float("-inf"))
            and endpoint.modified <= request.get("LastModifiedTimeBefore", float("inf"))
        ]
        page = page_of(found, request, {"Status": lambda endpoint: endpoint.status.value})
        return page.answer("Endpoints", _summary)

    async def settled(self, tenant: Tenant, name: str) -> Endpoint | None:
        """The endpoint once nothing changes it any more, or None if it is gone."""
        while self.running:
            found = self.store.shelf(tenant).endpoints.get(name.lower())
            if found is None or found.status.accepts_changes:
                return found
            await asyncio.wait(self.running, return_when=asyncio.FIRST_COMPLETED, timeout=0.05)
        return self.store.shelf(tenant).endpoints.get(name.lower())

    async def close(self) -> None:
        """No transition runs any more."""
        for task in tuple(self.running):
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)

    def _plan(
        self, tenant: Tenant, config: EndpointConfig, retained: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Planned, ...]:
        return plan_variants(config, lambda model: self.store.model(tenant, model), retained)

    def _shift_plan(
        self, tenant: Tenant, deployment: Mapping[str, Any] | None, plan: tuple[Planned, ...]
    ) -> ShiftPlan:
        if deployment is None:
            return ALL_AT_ONCE
        production = [one for one in plan if one.role is VariantRole.PRODUCTION]
        serverless.check_shift(deployment, production)
        asynchronous.check_shift(deployment, production)
        shift = plan_of(deployment, [planned.instance_count for planned in production])
        if shift.rolls and len(plan) > len(production):
            raise errors.not_emulated("rolling updates of endpoints with shadow variants")
        unknown = set(shift.alarms) - self.known_alarms(tenant)
        if unknown:
            raise errors.validation(
                f"Could not find CloudWatch alarms {', '.join(sorted(unknown))} of the "
                "AutoRollbackConfiguration."
            )
        return shift

    def _changeable(self, tenant: Tenant, name: str) -> Endpoint:
        endpoint = self.store.endpoint(tenant, name)
        if not endpoint.status.accepts_changes:
            raise errors.update_in_progress(endpoint.arn)
        return endpoint

    def _check_wishes(self, endpoint: Endpoint, listed: list[Mapping[str, Any]]) -> None:
        counts = Counter(wish["VariantName"] for wish in listed)
        known = {v.name for v in endpoint.variants if v.role is VariantRole.PRODUCTION}
        for name, count in counts.items():
            if count > 1:
                raise errors.validation(
                    f'The variant name "{name}" was non-unique within the request.'
                )
            if name not in known:
                raise errors.validation(
                    f'The variant name(s) "{name}" is/are not present within endpoint '
                    f'configuration "{endpoint.config_name}".'
                )
        serverless.check_wishes(endpoint, listed)
        asynchronous.check_wishes(endpoint, listed)

    def _begin(self, tenant: Tenant, endpoint: Endpoint, **changes: Any) -> None:
        changed = replace(endpoint, modified=self.now(), **changes)
        self.store.put_endpoint(tenant, changed)

    def _start(self, tenant: Tenant, name: str, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(
            self.transitions.guarded(tenant, name, work), name=f"endpoint {name}"
        )
        self.running.add(task)
        task.add_done_callback(self.running.discard)


def _capture(config: EndpointConfig) -> Mapping[str, Any] | None:
    capture = config.request.get("DataCaptureConfig")
    return None if capture is None else dict(capture)


def _summary(endpoint: Endpoint) -> Json:
    return {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        "EndpointStatus": endpoint.status.value,
    }
