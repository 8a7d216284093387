"""What a caller of the control plane must be allowed to do, by operation. Pure.

Actions and resource types are those of AWS's service authorization reference for SageMaker:
creating or updating an endpoint is asked on the endpoint and on its configuration; passing a role
is `iam:PassRole` on the role; creating with tags is `sagemaker:AddTags` as well; an update that
names rollback alarms is `cloudwatch:DescribeAlarms`, as the guardrails guide says. A transform job
is asked on the job alone; its model is the condition key `sagemaker:ModelArn`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.sagemaker import names
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.pipelines import permissions as pipelines
from emulator.sagemaker.registry import permissions as registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """One permission: an action on a resource, under these condition keys."""

    action: str
    resource: str = "*"
    context: Mapping[str, Any] = field(default_factory=dict)


_NAME_MEMBERS = {
    names.MODEL: "ModelName",
    names.ENDPOINT_CONFIG: "EndpointConfigName",
    names.ENDPOINT: "EndpointName",
    names.TRANSFORM_JOB: "TransformJobName",
    names.TRAINING_JOB: "TrainingJobName",
    names.PROCESSING_JOB: "ProcessingJobName",
    names.AUTOML_JOB: "AutoMLJobName",
    names.NOTEBOOK: "NotebookInstanceName",
    names.LIFECYCLE_CONFIG: "NotebookInstanceLifecycleConfigName",
    names.TUNING_JOB: "HyperParameterTuningJobName",
    names.LABELING_JOB: "LabelingJobName",
}

_RESOURCE_KINDS: Mapping[str, tuple[str, ...]] = {
    "CreateModel": (names.MODEL,),
    "DescribeModel": (names.MODEL,),
    "DeleteModel": (names.MODEL,),
    "CreateEndpointConfig": (names.ENDPOINT_CONFIG,),
    "DescribeEndpointConfig": (names.ENDPOINT_CONFIG,),
    "DeleteEndpointConfig": (names.ENDPOINT_CONFIG,),
    "CreateEndpoint": (names.ENDPOINT, names.ENDPOINT_CONFIG),
    "UpdateEndpoint": (names.ENDPOINT, names.ENDPOINT_CONFIG),
    "DescribeEndpoint": (names.ENDPOINT,),
    "UpdateEndpointWeightsAndCapacities": (names.ENDPOINT,),
    "DeleteEndpoint": (names.ENDPOINT,),
    "CreateTransformJob": (names.TRANSFORM_JOB,),
    "DescribeTransformJob": (names.TRANSFORM_JOB,),
    "StopTransformJob": (names.TRANSFORM_JOB,),
    "CreateTrainingJob": (names.TRAINING_JOB,),
    "DescribeTrainingJob": (names.TRAINING_JOB,),
    "StopTrainingJob": (names.TRAINING_JOB,),
    "CreateProcessingJob": (names.PROCESSING_JOB,),
    "DescribeProcessingJob": (names.PROCESSING_JOB,),
    "StopProcessingJob": (names.PROCESSING_JOB,),
    "CreateAutoMLJobV2": (names.AUTOML_JOB,),
    "DescribeAutoMLJobV2": (names.AUTOML_JOB,),
    "StopAutoMLJob": (names.AUTOML_JOB,),
    "ListCandidatesForAutoMLJob": (names.AUTOML_JOB,),
    **{
        f"{verb}NotebookInstance": (names.NOTEBOOK,)
        for verb in ("Create", "Describe", "Start", "Stop", "Update", "Delete")
    },
    "CreatePresignedNotebookInstanceUrl": (names.NOTEBOOK,),
    **{
        f"{verb}NotebookInstanceLifecycleConfig": (names.LIFECYCLE_CONFIG,)
        for verb in ("Create", "Describe", "Update", "Delete")
    },
    "CreateHyperParameterTuningJob": (names.TUNING_JOB,),
    "DescribeHyperParameterTuningJob": (names.TUNING_JOB,),
    "StopHyperParameterTuningJob": (names.TUNING_JOB,),
    "ListTrainingJobsForHyperParameterTuningJob": (names.TUNING_JOB,),
    "CreateLabelingJob": (names.LABELING_JOB,),
    "DescribeLabelingJob": (names.LABELING_JOB,),
    "StopLabelingJob": (names.LABELING_JOB,),
}

_TAGGING = frozenset({"AddTags", "ListTags", "DeleteTags"})


def needed(operation: str, tenant: Tenant, request: Mapping[str, Any]) -> Sequence[Needed]:
    """Every permission that the request needs; a wrong request needs those it names so far."""
    action = f"sagemaker:{operation}"
    if operation in _TAGGING:
        return [Needed(action=action, resource=str(request.get("ResourceArn", "*")))]
    resources = _resources(operation, tenant, request)
    context = {
        **_tag_context(request),
        **registry.context(operation, request),
        **_job_context(operation, tenant, request),
    }
    wanted = [Needed(action=action, resource=arn, context=context) for arn in resources]
    return wanted + [extra for rule in _EXTRAS for extra in rule(resources[0], request)]


def _resources(operation: str, tenant: Tenant, request: Mapping[str, Any]) -> list[str]:
    kinds = _RESOURCE_KINDS.get(operation, ())
    arns = [
        tenant.arn(kind, request[_NAME_MEMBERS[kind]])
        for kind in kinds
        if isinstance(request.get(_NAME_MEMBERS[kind]), str)
    ]
    arns += registry.resources(operation, tenant, request)
    arns += pipelines.resources(operation, tenant, request)
    return arns or ["*"]


def _tag_context(request: Mapping[str, Any]) -> dict[str, Any]:
    tags = _tags(request)
    if not tags:
        return {}
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | {
        "aws:TagKeys": list(tags)
    }


def _job_context(operation: str, tenant: Tenant, request: Mapping[str, Any]) -> dict[str, Any]:
    """The condition keys of the Create operations of jobs, as far as the request has them."""
    if operation in _JOB_SETTINGS:
        return _settings_context(request, *_JOB_SETTINGS[operation])
    if operation != "CreateTransformJob":
        return {}
    model = request.get("ModelName")
    resources = _members(request, "TransformResources")
    instance_type = resources.get("InstanceType")
    found = {
        "sagemaker:ModelArn": tenant.arn(names.MODEL, model) if isinstance(model, str) else None,
        "sagemaker:InstanceTypes": None if instance_type is None else [instance_type],
        "sagemaker:OutputKmsKey": _members(request, "TransformOutput").get("KmsKeyId"),
        "sagemaker:VolumeKmsKey": resources.get("VolumeKmsKeyId"),
    }
    return {key: value for key, value in found.items() if value is not None}


_JOB_SETTINGS = {
    "CreateTrainingJob": (("ResourceConfig",), ("OutputDataConfig",)),
    "CreateProcessingJob": (("ProcessingResources", "ClusterConfig"), ("ProcessingOutputConfig",)),
}
"""Where the requests have their instances and their outputs."""


def _settings_context(
    request: Mapping[str, Any], instances: tuple[str, ...], outputs: tuple[str, ...]
) -> dict[str, Any]:
    cluster: Mapping[str, Any] = request
    for name in instances:
        cluster = _members(cluster, name)
    instance_type = cluster.get("InstanceType")
    found = {
        "sagemaker:InstanceTypes": None if instance_type is None else [instance_type],
        "sagemaker:VolumeKmsKey": cluster.get("VolumeKmsKeyId"),
        "sagemaker:OutputKmsKey": _members(request, outputs[0]).get("KmsKeyId"),
        "sagemaker:MaxRuntimeInSeconds": _members(request, "StoppingCondition").get(
            "MaxRuntimeInSeconds"
        ),
    }
    return {key: value for key, value in found.items() if value is not None}


def _members(request: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    structure = request.get(name)
    return structure if isinstance(structure, dict) else {}


def _tags(request: Mapping[str, Any]) -> dict[str, str]:
    listed = request.get("Tags")
    if not isinstance(listed, list):
        return {}
    pairs = [tag for tag in listed if isinstance(tag, dict)]
    return {str(tag.get("Key", "")): str(tag.get("Value", "")) for tag in pairs}


def _tag_rule(resource: str, request: Mapping[str, Any]) -> list[Needed]:
    if not _tags(request):
        return []
    return [Needed(action="sagemaker:AddTags", resource=resource, context=_tag_context(request))]


def _role_rule(_resource: str, request: Mapping[str, Any]) -> list[Needed]:
    definition = _members(request, "TrainingJobDefinition")
    role = request.get("ExecutionRoleArn", request.get("RoleArn", definition.get("RoleArn")))
    if not isinstance(role, str):
        return []
    context = {"iam:PassedToService": "sagemaker.amazonaws.com"}
    return [Needed(action="iam:PassRole", resource=role, context=context)]


def _alarm_rule(_resource: str, request: Mapping[str, Any]) -> list[Needed]:
    deployment = request.get("DeploymentConfig")
    rollback = deployment.get("AutoRollbackConfiguration") if isinstance(deployment, dict) else None
    return [Needed(action="cloudwatch:DescribeAlarms")] if rollback else []


_EXTRAS: tuple[Callable[[str, Mapping[str, Any]], list[Needed]], ...] = (
    _role_rule,
    _tag_rule,
    _alarm_rule,
)
