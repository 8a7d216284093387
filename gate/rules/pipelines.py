"""Definitions of SageMaker pipelines, which cfn-lint takes as any text.

A step's arguments are the request of the job that it creates, without the job's name.
"""

import json
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from botocore.model import Shape

from gate.finding import Fault
from gate.policies import rights, role_of, wholly_known
from gate.requests import Reading, faults_of, input_of
from gate.rule import Rule, each
from gate.template import Json, Resource, items, mappings

KIND = "AWS::SageMaker::Pipeline"
VERSION = "2020-12-01"
_BODY = ("PipelineDefinition", "PipelineDefinitionBody")
_CREATES: Mapping[str, tuple[str, str]] = {
    "Training": ("CreateTrainingJob", "TrainingJobName"),
    "Processing": ("CreateProcessingJob", "ProcessingJobName"),
    "Transform": ("CreateTransformJob", "TransformJobName"),
    "Tuning": ("CreateHyperParameterTuningJob", "HyperParameterTuningJobName"),
    "AutoML": ("CreateAutoMLJobV2", "AutoMLJobName"),
    "Model": ("CreateModel", "ModelName"),
    "RegisterModel": ("CreateModelPackage", "ModelPackageName"),
}
_TYPES = frozenset(
    {*_CREATES, "Condition", "Callback", "Lambda", "EMR", "QualityCheck", "ClarifyCheck", "Fail"}
    | {"EMRServerless", "NotebookJob", "EndpointConfig", "Endpoint"}
)
_STEP = re.compile(r"^Steps\.(?P<name>[^.\[]+)")
_PARAMETER = re.compile(r"^Parameters\.(?P<name>.+)$")
_SUBSTITUTED = re.compile(r"\$\{(?!!)[^}]+\}")
_FUNCTIONS = frozenset({"Get", "Std:Join", "Std:JsonGet"})
_GUIDE = "SageMaker pipeline definition JSON schema"


def _definition(pipeline: Resource) -> Json | str | None:
    """A definition, a sentence on why the body is none, or None where it is elsewhere."""
    body = pipeline.at(*_BODY)
    if isinstance(body, Mapping) and set(body) == {"Fn::Sub"}:
        body = body["Fn::Sub"]
    if not isinstance(body, str):
        return None
    try:
        read = json.loads(body)
    except ValueError as error:
        return f"it is not JSON: {error}"
    return read if isinstance(read, Mapping) else "it is no JSON object"


@each(KIND)
def _body(pipeline: Resource) -> Iterator[Fault]:
    definition = _definition(pipeline)
    if isinstance(definition, str):
        yield pipeline.fault(_BODY, definition, got=str(pipeline.at(*_BODY))[:80])
    if not isinstance(definition, Mapping):
        return
    if definition.get("Version") != VERSION:
        got = definition.get("Version")
        yield pipeline.fault((*_BODY, "Version"), "no such version", got=got, allowed=VERSION)
    names = [str(step.get("Name")) for step in _steps(definition)]
    if not names:
        yield pipeline.fault((*_BODY, "Steps"), "a pipeline needs a step")
    if len(set(names)) != len(names):
        yield pipeline.fault((*_BODY, "Steps"), "steps share a name", got=names)
    for step in _steps(definition):
        if step.get("Type") not in _TYPES:
            path = (*_BODY, "Steps", str(step.get("Name")), "Type")
            allowed = ", ".join(sorted(_TYPES))
            yield pipeline.fault(path, "no such step", got=step.get("Type"), allowed=allowed)


def _steps(definition: Json) -> Iterator[Json]:
    for step in mappings(definition.get("Steps")):
        yield step
        arguments = step.get("Arguments")
        if step.get("Type") == "Condition" and isinstance(arguments, Mapping):
            for branch in ("IfSteps", "ElseSteps"):
                yield from _steps({"Steps": arguments.get(branch)})


@each(KIND)
def _references(pipeline: Resource) -> Iterator[Fault]:
    definition = _definition(pipeline)
    if not isinstance(definition, Mapping):
        return
    steps = {str(step.get("Name")) for step in _steps(definition)}
    parameters = {str(one.get("Name")) for one in mappings(definition.get("Parameters"))}
    for step in _steps(definition):
        yield from _unknown(pipeline, step, steps, parameters)


def _unknown(
    pipeline: Resource, step: Json, steps: AbstractSet[str], parameters: AbstractSet[str]
) -> Iterator[Fault]:
    """What a step names that there is not. The steps of a condition are looked at one by one."""
    at = (*_BODY, "Steps", str(step.get("Name")))
    for after in items(step.get("DependsOn")):
        if after not in steps:
            allowed = ", ".join(sorted(steps))
            yield pipeline.fault((*at, "DependsOn"), "no such step", got=after, allowed=allowed)
    for got in () if step.get("Type") == "Condition" else _asked(step):
        for pattern, known in ((_STEP, steps), (_PARAMETER, parameters)):
            match = pattern.match(got)
            if match is not None and match["name"] not in known:
                allowed = ", ".join(sorted(known)) or "none is declared"
                yield pipeline.fault(at, "it names what is not there", got=got, allowed=allowed)


def _asked(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("Get"), str):
            yield value["Get"]
        for inner in value.values():
            yield from _asked(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _asked(inner)


def _filled(_shape: Shape, value: Any) -> bool:
    """Whether a value is known only later: to CloudFormation, or when the pipeline runs."""
    if isinstance(value, str):
        return _SUBSTITUTED.search(value) is not None
    return isinstance(value, Mapping) and len(value) == 1 and set(value) <= _FUNCTIONS


@each(KIND)
def _arguments(pipeline: Resource) -> Iterator[Fault]:
    definition = _definition(pipeline)
    for step in _steps(definition) if isinstance(definition, Mapping) else ():
        created = _CREATES.get(str(step.get("Type")))
        if created is None:
            continue
        operation, name = created
        shape = input_of("sagemaker", operation)
        arguments = step.get("Arguments", {})
        at = (*_BODY, "Steps", str(step.get("Name")), "Arguments")
        if shape is None or not isinstance(arguments, Mapping):
            yield pipeline.fault(at, "arguments must be an object", got=arguments)
            continue
        if name in arguments:
            yield pipeline.fault((*at, name), "SageMaker gives it: drop it", got=arguments[name])
        for bad in faults_of(shape, {name: "step", **arguments}, "", Reading(filled=_filled)):
            where = (*at, *bad.where.strip(".").split("."))
            yield pipeline.fault(where, bad.wrong, allowed=bad.allowed)


@each(KIND)
def _passing(pipeline: Resource) -> Iterator[Fault]:
    definition = _definition(pipeline)
    role = role_of(pipeline, pipeline.at("RoleArn"))
    if not isinstance(definition, Mapping) or role is None or not wholly_known(role):
        return
    passing = [
        str(step.get("Name"))
        for step in _steps(definition)
        if isinstance(step.get("Arguments"), Mapping) and "RoleArn" in step["Arguments"]
    ]
    if passing and not any(statement.covers("iam:PassRole") for statement in rights(role)):
        yield pipeline.fault(
            ("RoleArn",),
            f"{role.id} may not pass a role to the jobs of {', '.join(passing)}",
            got="no iam:PassRole",
            allowed="iam:PassRole on the jobs' role",
        )


RULES = (
    Rule(
        id="pipeline-body",
        holds="a pipeline's definition is JSON of the known version, with steps of their own names",
        source=_GUIDE,
        check=_body,
    ),
    Rule(
        id="pipeline-reference",
        holds="steps and parameters that a pipeline names are there",
        source=_GUIDE,
        check=_references,
    ),
    Rule(
        id="pipeline-arguments",
        holds="a step asks for what its job can be asked for",
        source="botocore's SageMaker model: required, types, limits, patterns, values",
        check=_arguments,
    ),
    Rule(
        id="pipeline-pass-role",
        holds="a pipeline's role may pass on the role of its jobs",
        source="SageMaker developer guide, Pipelines access management",
        check=_passing,
    ),
)
