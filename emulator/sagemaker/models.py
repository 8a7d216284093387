"""The operations on models.

A model is a record; nothing runs until an endpoint uses it. CreateModel looks, as the execution
role, whether the artifact can be read, because AWS refuses the model otherwise.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from emulator.sagemaker import describe, errors, names, tags
from emulator.sagemaker.artifacts import Artifacts, model_data_url
from emulator.sagemaker.listing import page_of
from emulator.sagemaker.multi_model import is_multi_model, prefix_of
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.registry.algorithms import container_of
from emulator.sagemaker.registry.containers import resolved
from emulator.sagemaker.registry.finding import package_of
from emulator.sagemaker.registry.listings import refuse_unlike_listed
from emulator.sagemaker.state import Model
from emulator.sagemaker.store import Store

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOperations:
    """CreateModel, DescribeModel, DeleteModel, ListModels; `now` is Unix seconds."""

    store: Store
    artifacts: Artifacts
    trusts: Callable[[str], bool]
    now: Callable[[], float]

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The model exists."""
        name = str(request["ModelName"])
        arn = tenant.arn(names.MODEL, name)
        self._refuse_taken(tenant, name, arn)
        model = Model(
            name=name,
            arn=arn,
            request={key: value for key, value in request.items() if key != "Tags"},
            created=self.now(),
            packaged=self._packaged(tenant, request),
        )
        await self._check_containers(tenant, model)
        self._refuse_taken(tenant, name, arn)
        shelf = self.store.shelf(tenant)
        shelf.models[name.lower()] = model
        tags.set_at_creation(shelf, arn, request)
        return {"ModelArn": arn}

    def _packaged(self, tenant: Tenant, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        given = [request.get("PrimaryContainer"), *request.get("Containers", [])]
        named = [each for each in given if each is not None and "ModelPackageName" in each]
        for container in named:
            listing = self.store.listings.find(tenant, container["ModelPackageName"])
            if listing is not None:
                refuse_unlike_listed(request, container)
                return listing.container(container)
            package = package_of(self.store, tenant, container["ModelPackageName"])
            if not package.versioned:
                # Assumed: of what was made with a subscribed algorithm CreateModel demands the
                # same as of a subscribed package.
                refuse_unlike_listed(request, container)
                return container_of(self.store.listings, tenant, container, package)
        found = [resolved(each, partial(package_of, self.store, tenant)) for each in named]
        return found[0] if found else None

    def _refuse_taken(self, tenant: Tenant, name: str, arn: str) -> None:
        if name.lower() in self.store.shelf(tenant).models:
            raise errors.already_exists(names.MODEL, arn)

    async def _check_containers(self, tenant: Tenant, model: Model) -> None:
        containers = model.request.get("Containers", [])
        primary = model.request.get("PrimaryContainer")
        if (primary is None) == (not containers):
            raise errors.validation(
                "You must provide either PrimaryContainer or Containers, and not both."
            )
        if "ExecutionRoleArn" not in model.request:
            raise errors.not_emulated("models without an ExecutionRoleArn")
        if not self.trusts(model.role_arn):
            raise errors.role_not_assumable(model.role_arn)
        _refuse_unlike_names(containers)
        for container in model.containers:
            await self._check_data(tenant, container, model.role_arn)

    async def _check_data(
        self, tenant: Tenant, container: Mapping[str, Any], role_arn: str
    ) -> None:
        if is_multi_model(container):
            await self.artifacts.check_prefix(tenant, prefix_of(container), role_arn)
            return
        url = model_data_url(container)
        if url is not None:
            await self.artifacts.check(tenant, url, role_arn)

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The model as it was created."""
        return describe.model(self.store.model(tenant, request["ModelName"]))

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The model is gone; endpoints that run it keep running, as on AWS."""
        model = self.store.model(tenant, request["ModelName"])
        shelf = self.store.shelf(tenant)
        del shelf.models[model.name.lower()]
        shelf.tags.pop(model.arn, None)
        return {}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of the models."""
        page = page_of(list(self.store.shelf(tenant).models.values()), request)
        return page.answer(
            "Models",
            lambda m: {"ModelName": m.name, "ModelArn": m.arn, "CreationTime": m.created},
        )


def _refuse_unlike_names(containers: Sequence[Mapping[str, Any]]) -> None:
    """ContainerHostname (API reference, ContainerDefinition): of every container, or of none."""
    named = [each["ContainerHostname"] for each in containers if "ContainerHostname" in each]
    if 0 < len(named) < len(containers):
        raise errors.validation(
            "If you specify a value for the ContainerHostName for any container in your inference "
            "pipeline, you must specify a value for the ContainerHostName parameter of every "
            "container in the pipeline."
        )
    if len(set(named)) < len(named):
        raise errors.validation("ContainerHostname must be unique within a model.")
