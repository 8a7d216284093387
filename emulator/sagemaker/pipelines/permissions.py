"""On which resources the operations on pipelines are asked. Pure.

Source: AWS's service authorization reference for SageMaker: pipelines and their executions are
resource types of their own.
"""

from collections.abc import Mapping
from typing import Any

from emulator.sagemaker import names
from emulator.sagemaker.names import Tenant

_ON_PIPELINE = frozenset(
    {
        "CreatePipeline",
        "UpdatePipeline",
        "DeletePipeline",
        "DescribePipeline",
        "StartPipelineExecution",
        "ListPipelineExecutions",
    }
)


def resources(operation: str, tenant: Tenant, request: Mapping[str, Any]) -> list[str]:
    """The ARNs that the operation is asked on; none if it is not of pipelines or names none."""
    if operation in _ON_PIPELINE:
        name = request.get("PipelineName")
        if not isinstance(name, str):
            return []
        return [name if ":" in name else tenant.arn(names.PIPELINE, name)]
    execution = request.get("PipelineExecutionArn")
    return [execution] if isinstance(execution, str) else []
