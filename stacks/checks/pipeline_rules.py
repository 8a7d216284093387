"""Rules for definitions of SageMaker pipelines, which cfn-lint takes as any text.

A step's arguments are the request of the job that it creates, without the job's name: botocore's
service model says what such a request must be.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, StructureShape
from botocore.validate import ParamValidator

VERSION = "2020-12-01"
_NAMED_BY_SAGEMAKER: Mapping[str, tuple[str, str]] = {
    "Training": ("CreateTrainingJob", "TrainingJobName"),
    "Processing": ("CreateProcessingJob", "ProcessingJobName"),
    "Transform": ("CreateTransformJob", "TransformJobName"),
    "Tuning": ("CreateHyperParameterTuningJob", "HyperParameterTuningJobName"),
    "AutoML": ("CreateAutoMLJobV2", "AutoMLJobName"),
}


def pipeline_faults(resource: Mapping[str, Any]) -> Iterator[str]:
    """The definition is JSON of the known version, and each step asks for what can be asked for."""
    body = resource["Properties"]["PipelineDefinition"].get("PipelineDefinitionBody")
    if not isinstance(body, str):
        return
    try:
        definition = json.loads(body)
    except ValueError as error:
        yield f"PipelineDefinitionBody is not JSON: {error}"
        return
    if definition.get("Version") != VERSION:
        yield f"Version of the pipeline is {definition.get('Version')!r}, must be {VERSION!r}"
    steps = definition.get("Steps", [])
    names = [step.get("Name") for step in steps]
    if len(set(names)) != len(names):
        yield f"names of steps must differ, got {', '.join(map(str, names))}"
    for step in steps:
        yield from (f"step {step.get('Name')}: {fault}" for fault in _step_faults(step))


def _step_faults(step: Mapping[str, Any]) -> Iterator[str]:
    known = _NAMED_BY_SAGEMAKER.get(str(step.get("Type")))
    if known is None:
        return
    operation, name = known
    shape = _model().operation_model(operation).input_shape
    if not isinstance(shape, StructureShape):
        return
    arguments = step.get("Arguments", {})
    if name in arguments:
        yield f"{name} is given by SageMaker: drop it"
    asked = {name: "step", **_filled(arguments, shape)}
    report = ParamValidator().validate(asked, shape)
    if report.has_errors():
        yield " ".join(report.generate_report().split())


@cache
def _model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("sagemaker")


def _filled(value: Any, shape: Any) -> Any:
    """The arguments with something of the right type where the pipeline fills in a value."""
    if isinstance(value, Mapping) and set(value) <= {"Get", "Std:Join"} and value:
        return _SAMPLES.get(shape.type_name, value)
    if isinstance(value, Mapping) and shape.type_name == "structure":
        known = shape.members
        return {k: _filled(v, known[k]) if k in known else v for k, v in value.items()}
    if isinstance(value, Mapping) and shape.type_name == "map":
        return {k: _filled(v, shape.value) for k, v in value.items()}
    if isinstance(value, list) and shape.type_name == "list":
        return [_filled(each, shape.member) for each in value]
    return value


_SAMPLES: Mapping[str, Any] = {
    "string": "filled-in-when-it-runs",
    "integer": 1,
    "long": 1,
    "float": 1.0,
    "double": 1.0,
    "boolean": True,
}
