"""SageMaker's Model Monitor, for accounts that have it: a job definition and a schedule each kind.

Closed to new customers; the gate's rule `closed-service` says so of each resource, unless the
template acknowledges it, as it does here: who asks for it in the project file knows.
Source: SageMaker developer guide, "Monitor data quality", "model quality", "bias drift", "feature
attribution drift"; the embedded cloud records these resources and runs none of them.
"""

from collections.abc import Mapping
from typing import Any

from stacks.components.blueprint import Blueprint, att
from stacks.project.model_monitor_shape import MonitoringType
from stacks.project.model_monitor_spec import ModelMonitorSpec
from stacks.project.names import shortened

_INPUT, _OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"
_JOB_SECONDS = 3_300
"""An hourly job must be over before the next one (developer guide, "Schedule monitoring jobs")."""

_NAME_LIMIT = 63
KINDS: Mapping[MonitoringType, str] = {
    MonitoringType.DATA_QUALITY: "DataQuality",
    MonitoringType.MODEL_QUALITY: "ModelQuality",
    MonitoringType.MODEL_BIAS: "ModelBias",
    MonitoringType.MODEL_EXPLAINABILITY: "ModelExplainability",
}
CLOSED = (
    "SageMaker Model Monitor is closed to new customers (developer guide, 'Monitor data and model "
    "quality'), whose accounts are refused: section model_monitor is for those that had it; the "
    "rest of section monitoring does without it"
)
"""Said at synth, and in the template."""


def add_model_monitor(blueprint: Blueprint, spec: ModelMonitorSpec, *, endpoint: str) -> None:
    """The definitions and schedules are there, each acknowledged as of a closed service."""
    for kind in spec.kinds:
        name = KINDS[kind]
        definition = blueprint.add(
            f"{name}Job", f"AWS::SageMaker::{name}JobDefinition", _definition(spec, kind, endpoint)
        )
        schedule = blueprint.add(
            f"{name}Schedule",
            "AWS::SageMaker::MonitoringSchedule",
            {
                "MonitoringScheduleName": shortened(f"{endpoint}-{kind.value}", _NAME_LIMIT),
                "MonitoringScheduleConfig": {
                    "MonitoringJobDefinitionName": _name_of(definition),
                    "MonitoringType": name,
                    "ScheduleConfig": {"ScheduleExpression": spec.schedule},
                },
            },
        )
        for id_ in (definition, schedule):
            row = {"rule": "closed-service", "reason": CLOSED}
            blueprint.resources[id_]["Metadata"] = {"tidegate": {"acknowledged": [row]}}


def _name_of(definition: str) -> dict[str, Any]:
    """The generated name: CloudFormation tells the ARN only, which ends with it."""
    return {"Fn::Select": [1, {"Fn::Split": ["/", att(definition, "JobDefinitionArn")]}]}


def _definition(spec: ModelMonitorSpec, kind: MonitoringType, endpoint: str) -> dict[str, Any]:
    name = KINDS[kind]
    output = {"LocalPath": _OUTPUT, "S3Uri": f"{spec.output}/{kind.value}"}
    return {
        f"{name}AppSpecification": _application(spec, kind),
        f"{name}BaselineConfig": _baseline(spec, kind),
        f"{name}JobInput": _input(spec, kind, endpoint),
        f"{name}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": output}]},
        "JobResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": spec.instance_type,
                "VolumeSizeInGB": spec.volume_gb,
            }
        },
        "NetworkConfig": {"EnableInterContainerTrafficEncryption": True},
        "RoleArn": spec.role,
        "StoppingCondition": {"MaxRuntimeInSeconds": _JOB_SECONDS},
    }


def _application(spec: ModelMonitorSpec, kind: MonitoringType) -> dict[str, Any]:
    if kind is MonitoringType.DATA_QUALITY:
        return {"ImageUri": spec.image}
    if kind is MonitoringType.MODEL_QUALITY:
        return {"ImageUri": spec.image, "ProblemType": spec.problem}
    return {"ImageUri": spec.clarify_image, "ConfigUri": spec.analysis}


def _baseline(spec: ModelMonitorSpec, kind: MonitoringType) -> dict[str, Any] | None:
    if spec.baseline is None:
        return None
    constraints = {"ConstraintsResource": {"S3Uri": f"{spec.baseline}/constraints.json"}}
    if kind is not MonitoringType.DATA_QUALITY:
        return constraints
    return {**constraints, "StatisticsResource": {"S3Uri": f"{spec.baseline}/statistics.json"}}


def _input(spec: ModelMonitorSpec, kind: MonitoringType, endpoint: str) -> dict[str, Any]:
    source: dict[str, Any] = {"EndpointName": endpoint, "LocalPath": f"{_INPUT}/endpoint"}
    labelled = kind in (MonitoringType.MODEL_QUALITY, MonitoringType.MODEL_BIAS)
    if labelled and spec.inference_attribute is not None:
        source["InferenceAttribute"] = spec.inference_attribute
    if not labelled:
        return {"EndpointInput": source}
    return {"EndpointInput": source, "GroundTruthS3Input": {"S3Uri": spec.ground_truth}}
