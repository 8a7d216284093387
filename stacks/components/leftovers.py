"""What may be done about what earlier deploys left: models and configurations nobody needs."""

from typing import Any

from stacks.components.arns import Arns, allow
from stacks.project.names import id_prefix


def leftover_statements(project: str, arns: Arns) -> list[dict[str, Any]]:
    """They are listed, and those of this stage described and deleted."""
    configs, models = _named(project, arns, "endpoint-config"), _named(project, arns, "model")
    return [
        allow(["sagemaker:ListEndpointConfigs", "sagemaker:ListModels"], ["*"]),
        allow(["sagemaker:DescribeEndpointConfig", "sagemaker:DeleteEndpointConfig"], configs),
        allow(["sagemaker:DeleteModel"], models),
        allow(["sagemaker:ListTags"], [*configs, *models]),
    ]


def _named(project: str, arns: Arns, kind: str) -> list[Any]:
    """ARNs of the models or configurations of a stage, by what their generated names begin with.

    CloudFormation begins them with the logical id; SageMaker writes names in ARNs in lower case.
    """
    prefix = id_prefix(project, arns.stage.name)
    stacks = f"{project}-{arns.stage.name}-model-"
    return [
        arns.of("sagemaker", f"{kind}/{beginning}*")
        for beginning in (prefix, prefix.lower(), stacks)
    ]
