"""The definition of a training pipeline: process, train, evaluate, decide, register.

Plain JSON of version 2020-12-01, without the SageMaker SDK (docs/decisions/0023-training.md). Texts
may hold `${...}` for CloudFormation's Fn::Sub. What scripts are promised is in
docs/how-to/train-a-model.md; versions of a built-in algorithm are asked before they are evaluated
(docs/decisions/0033-built-in-algorithms.md).
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from stacks.components.training_asking import CANDIDATE, LIVE, answers_of, ask_step, asking_steps
from stacks.components.training_jobs import training_step
from stacks.components.training_parts import (
    BUCKET,
    DATA,
    DECIDE,
    EVALUATE,
    INPUT_DATA,
    JOB_ROLE,
    LIVE_ARTIFACT,
    PROCESS,
    REFUSE,
    REGISTER,
    WORK,
    Drawing,
    Json,
    TrainingNames,
    get,
    joined,
    run_uri,
    without_none,
)
from stacks.project.algorithm_training import TEST
from stacks.project.spec import ModelSpec
from stacks.project.training_shape import AgainstLive, Approval
from stacks.project.training_spec import Requirement, TrainingSpec

VERSION = "2020-12-01"
EVALUATION = "evaluation.json"
_UNPACK = (
    f"set -e; W={WORK}; mkdir -p $W/src; tar -xzf $W/code/*.tar.gz -C $W/src; cd $W/src; "
    'exec python3 "$@"'
)
"""Processing jobs do not unpack code as training jobs do; a word of a command is at most 256."""
_REPORT = "Evaluation"
_COMPARED = {
    ("at_most", AgainstLive.NO_WORSE): "LessThanOrEqualTo",
    ("at_most", AgainstLive.BETTER): "LessThan",
    ("at_least", AgainstLive.NO_WORSE): "GreaterThanOrEqualTo",
    ("at_least", AgainstLive.BETTER): "GreaterThan",
}
_LIMITED = {"at_most": "LessThanOrEqualTo", "at_least": "GreaterThanOrEqualTo"}


def training_definition(model: ModelSpec, training: TrainingSpec, names: TrainingNames) -> str:
    """The definition as text, for Fn::Sub; the same inputs give the same bytes."""
    drawing = Drawing(model=model, training=training, names=names)
    return json.dumps(_document(drawing), sort_keys=True, separators=(",", ":"))


def _document(drawing: Drawing) -> Json:
    data, live = drawing.training.data, drawing.names.live
    own = f"s3://${{{BUCKET}}}/{DATA}/"
    parameters = [_parameter(INPUT_DATA, own if data is None else data)]
    if live is not None:
        parameters.append(_parameter(LIVE_ARTIFACT, live))
    return {"Version": VERSION, "Parameters": parameters, "Steps": [*_steps(drawing)]}


def _steps(drawing: Drawing) -> Iterator[Json]:
    if drawing.training.scripts.process is not None:
        yield _process(drawing, drawing.training.scripts.process)
    yield training_step(drawing)
    if drawing.training.algorithm is not None:
        yield from asking_steps(drawing, drawing.training.algorithm)
    yield _evaluate(drawing)
    yield _decide(drawing)


def _process(drawing: Drawing, script: str) -> Json:
    inputs = [_code(drawing), _input("data", get(f"Parameters.{INPUT_DATA}"))]
    algorithm = drawing.training.algorithm
    channels = ["train"] if algorithm is None else [each.name for each in algorithm.channels]
    made = [*channels, *([] if TEST in channels else [TEST])]
    outputs = [_output(name) for name in made]
    return _processing(drawing, PROCESS, [script, *_told("data", *made)], inputs, outputs)


def _evaluate(drawing: Drawing) -> Json:
    scripts, live = drawing.training.scripts, drawing.names.live is not None
    versions = _versions(drawing)
    inputs = [_code(drawing), *(_input(name, uri) for name, uri in versions.items())]
    inputs.append(_input(TEST, drawing.data(TEST)))
    told = _told("model", *(["live"] if live else []), TEST, "output")
    step = _processing(drawing, EVALUATE, [scripts.evaluate, *told], inputs, [_output("output")])
    report = {"PropertyFileName": _REPORT, "OutputName": "output", "FilePath": EVALUATION}
    asked = [] if drawing.training.algorithm is None else [ask_step(CANDIDATE)]
    asked += [ask_step(LIVE)] if asked and live else []
    after = {"DependsOn": asked} if asked else {}
    return {**step, **after, "PropertyFiles": [report]}


def _versions(drawing: Drawing) -> dict[str, Any]:
    """What the evaluation is given of the two versions: artifacts, or answers of an algorithm."""
    live = drawing.names.live is not None
    if drawing.training.algorithm is not None:
        found = {"model": answers_of(CANDIDATE)}
        return {**found, "live": answers_of(LIVE)} if live else found
    found = {"model": drawing.artifact}
    return {**found, "live": get(f"Parameters.{LIVE_ARTIFACT}")} if live else found


def _told(*folders: str) -> list[str]:
    return [text for folder in folders for text in (f"--{folder}", f"{WORK}/{folder}")]


def _processing(  # noqa: PLR0917 - the five parts of one step
    drawing: Drawing,
    name: str,
    words: Sequence[str],
    inputs: list[Json],
    outputs: list[Json],
) -> Json:
    training = drawing.training
    cluster = {
        "InstanceCount": 1,
        "InstanceType": training.instance_type,
        "VolumeSizeInGB": training.volume_gb,
    }
    network = drawing.network
    arguments = {
        "AppSpecification": {
            "ImageUri": drawing.names.script_image,
            "ContainerEntrypoint": ["/bin/sh", "-c", _UNPACK, "sh"],
            "ContainerArguments": [*words],
        },
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": outputs},
        "ProcessingResources": {"ClusterConfig": cluster},
        "RoleArn": f"${{{JOB_ROLE}.Arn}}",
        "StoppingCondition": drawing.limit,
        "NetworkConfig": None if network is None else {"VpcConfig": network},
    }
    return {"Name": name, "Type": "Processing", "Arguments": without_none(arguments)}


def _decide(drawing: Drawing) -> Json:
    live = drawing.names.live is not None
    needed = drawing.training.requirements
    arguments = {
        "Conditions": [each for one in needed for each in _conditions(one, live=live)],
        "IfSteps": [_register(drawing)],
        "ElseSteps": [_refuse(drawing)],
    }
    return {"Name": DECIDE, "Type": "Condition", "Arguments": arguments}


def _register(drawing: Drawing) -> Json:
    training = drawing.training
    automatic = training.approval is Approval.AUTOMATICALLY
    container = {
        "Image": drawing.names.image,
        "ModelDataUrl": drawing.artifact,
        "Environment": dict(sorted(drawing.model.environment.items())),
    }
    algorithm = training.algorithm
    taken = "application/json" if algorithm is None else algorithm.request_type
    given = "application/json" if algorithm is None else algorithm.answer_type
    report = joined("/", run_uri("output"), EVALUATION)
    arguments = {
        "ModelPackageGroupName": drawing.names.group,
        "ModelPackageDescription": get("Execution.PipelineExecutionArn"),
        "ModelApprovalStatus": "Approved" if automatic else "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": [taken],
            "SupportedResponseMIMETypes": [given],
        },
        "ModelMetrics": {
            "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": report}}
        },
    }
    return {"Name": REGISTER, "Type": "RegisterModel", "Arguments": arguments}


def _refuse(drawing: Drawing) -> Json:
    live = drawing.names.live is not None
    parts: list[Any] = []
    for needed in drawing.training.requirements:
        words = needed.side.replace("_", " ")
        parts += [f"{needed.metric} is", _measured(needed.metric, "value")]
        if live:
            parts += ["(live:", _measured(needed.metric, "live"), f"), needed: {words}"]
            parts += [f"{needed.limit:g}, live {needed.against_live.value};"]
        else:
            parts += [f", needed: {words}", f"{needed.limit:g};"]
    message = joined(" ", "Not registered:", *parts)
    return {"Name": REFUSE, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def _code(drawing: Drawing) -> Json:
    return _input("code", drawing.names.code)


def _parameter(name: str, default: str) -> Json:
    return {"Name": name, "Type": "String", "DefaultValue": default}


def _input(name: str, uri: Any) -> Json:
    given = {
        "S3Uri": uri,
        "LocalPath": f"{WORK}/{name}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
    }
    return {"InputName": name, "S3Input": given}


def _output(name: str) -> Json:
    given = {"S3Uri": run_uri(name), "LocalPath": f"{WORK}/{name}", "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "S3Output": given}


def _measured(metric: str, which: str) -> Json:
    file = get(f"Steps.{EVALUATE}.PropertyFiles.{_REPORT}")
    return {"Std:JsonGet": {"PropertyFile": file, "Path": f"metrics.{metric}.{which}"}}


def _conditions(needed: Requirement, *, live: bool) -> list[Json]:
    value = _measured(needed.metric, "value")
    found = [{"Type": _LIMITED[needed.side], "LeftValue": value, "RightValue": needed.limit}]
    if live and needed.against_live is not AgainstLive.IGNORED:
        compared = _COMPARED[needed.side, needed.against_live]
        right = _measured(needed.metric, "live")
        found.append({"Type": compared, "LeftValue": value, "RightValue": right})
    return found
