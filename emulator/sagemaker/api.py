"""SageMaker's control plane as a table of operations, spoken in JSON 1.1.

A call is checked against the published model before its operation sees it; what an operation
raises becomes AWS's error. The wire belongs to the front door.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.automl.operations import table as automl
from emulator.sagemaker.endpoint_configs import EndpointConfigOperations
from emulator.sagemaker.endpoints import EndpointOperations
from emulator.sagemaker.jobs.plugin import Jobs
from emulator.sagemaker.labelling.operations import table as labelling
from emulator.sagemaker.models import ModelOperations
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.notebooks.table import Notebooks
from emulator.sagemaker.pipelines.operations import PipelineOperations
from emulator.sagemaker.registry.operations import Registry
from emulator.sagemaker.tags import TagOperations
from emulator.sagemaker.transform.operations import TransformOperations
from emulator.sagemaker.validate import check_request

Json = dict[str, Any]
Operation = Callable[[Tenant, Mapping[str, Any]], Awaitable[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """Every operation, by family."""

    models: ModelOperations
    configs: EndpointConfigOperations
    endpoints: EndpointOperations
    transforms: TransformOperations
    jobs: Jobs
    pipelines: PipelineOperations
    tags: TagOperations
    registry: Registry
    notebooks: Notebooks

    def operation(self, name: str) -> Operation:
        """The operation of that name, or the error that says that it is not emulated."""
        found = self._table().get(name)
        if found is None:
            raise errors.unknown_operation(name)
        return found

    async def call(self, tenant: Tenant, name: str, request: Mapping[str, Any]) -> Json:
        """The operation's answer to a request that satisfies every constraint of its shape."""
        operation = self.operation(name)
        check_request(name, request)
        return await operation(tenant, request)

    def _table(self) -> dict[str, Operation]:
        return {
            "CreateModel": self.models.create,
            "DescribeModel": self.models.describe,
            "DeleteModel": self.models.delete,
            "ListModels": self.models.list_,
            "CreateEndpointConfig": self.configs.create,
            "DescribeEndpointConfig": self.configs.describe,
            "DeleteEndpointConfig": self.configs.delete,
            "ListEndpointConfigs": self.configs.list_,
            "CreateEndpoint": self.endpoints.create,
            "DescribeEndpoint": self.endpoints.describe,
            "UpdateEndpoint": self.endpoints.update,
            "UpdateEndpointWeightsAndCapacities": self.endpoints.change_variants,
            "DeleteEndpoint": self.endpoints.delete,
            "ListEndpoints": self.endpoints.list_,
            "CreateTransformJob": self.transforms.create,
            "DescribeTransformJob": self.transforms.describe,
            "StopTransformJob": self.transforms.stop,
            "ListTransformJobs": self.transforms.list_,
            **self._jobs_table(),
            **automl(self.jobs.automl),
            **self.jobs.tuning.table(),
            **labelling(self.jobs.labelling),
            **self.pipelines.table(),
            "AddTags": self.tags.add,
            "ListTags": self.tags.list_,
            "DeleteTags": self.tags.delete,
            **self.registry.table(),
            **self.notebooks.table(),
        }

    def _jobs_table(self) -> dict[str, Operation]:
        kinds = (self.jobs.training, self.jobs.processing)
        return {
            f"{verb}{each.kind.noun}{plural}": operation
            for each in kinds
            for verb, plural, operation in (
                ("Create", "", each.create),
                ("Describe", "", each.describe),
                ("Stop", "", each.stop),
                ("List", "s", each.list_),
            )
        }
