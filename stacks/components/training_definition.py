"""The definition of a training pipeline: process, train, evaluate, decide, register.

Plain JSON of version 2020-12-01, without the SageMaker SDK (docs/decisions/0023-training.md). Texts
may hold `${...}` for CloudFormation's Fn::Sub. What scripts are promised is in
docs/how-to/train-a-model.md.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stacks.project.spec import ModelSpec
from stacks.project.training_shape import AgainstLive, Approval
from stacks.project.training_spec import Requirement, TrainingSpec

Json = dict[str, Any]

VERSION = "2020-12-01"
INPUT_DATA, LIVE_ARTIFACT = "InputData", "LiveArtifact"
PROCESS, TRAIN, EVALUATE = "Process", "Train", "Evaluate"
DECIDE, REGISTER, REFUSE = "Decide", "Register", "Refuse"
EVALUATION = "evaluation.json"
BUCKET, JOB_ROLE = "Bucket", "JobRole"
RUNS, MODELS, DATA = "runs", "models", "data"
_WORK = "/opt/ml/processing"
_UNPACK = (
    f"set -e; W={_WORK}; mkdir -p $W/src; tar -xzf $W/code/*.tar.gz -C $W/src; cd $W/src; "
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingNames:
    """What a pipeline is made of: URIs may hold `${AWS::AccountId}`."""

    group: str
    image: str
    code: str
    """URI of the packed code."""
    live: str
    """URI of the artifact that was live when the template was made."""


def training_definition(model: ModelSpec, training: TrainingSpec, names: TrainingNames) -> str:
    """The definition as text, for Fn::Sub; the same inputs give the same bytes."""
    drawing = _Drawing(model=model, training=training, names=names)
    return json.dumps(drawing.document(), sort_keys=True, separators=(",", ":"))


def get(path: str) -> Json:
    """A reference, filled in when an execution gets there."""
    return {"Get": path}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    model: ModelSpec
    training: TrainingSpec
    names: TrainingNames

    def document(self) -> Json:
        data = self.training.data
        own = f"s3://${{{BUCKET}}}/{DATA}/"
        return {
            "Version": VERSION,
            "Parameters": [
                _parameter(INPUT_DATA, own if data is None else data),
                _parameter(LIVE_ARTIFACT, self.names.live),
            ],
            "Steps": [self._process(), self._train(), self._evaluate(), self._decide()],
        }

    def _process(self) -> Json:
        inputs = [self._code(), _input("data", get(f"Parameters.{INPUT_DATA}"))]
        outputs = [_output("train"), _output("test")]
        folders = ("data", "train", "test")
        return self._processing(PROCESS, self.training.scripts.process, folders, inputs, outputs)

    def _evaluate(self) -> Json:
        inputs = [
            self._code(),
            _input("model", get(f"Steps.{TRAIN}.ModelArtifacts.S3ModelArtifacts")),
            _input("live", get(f"Parameters.{LIVE_ARTIFACT}")),
            _input("test", _made("test")),
        ]
        folders = ("model", "live", "test", "output")
        step = self._processing(
            EVALUATE, self.training.scripts.evaluate, folders, inputs, [_output("output")]
        )
        report = {
            "PropertyFileName": _REPORT,
            "OutputName": "output",
            "FilePath": EVALUATION,
        }
        return {**step, "PropertyFiles": [report]}

    def _processing(  # noqa: PLR0917 - the five parts of one step
        self,
        name: str,
        script: str,
        folders: Sequence[str],
        inputs: list[Json],
        outputs: list[Json],
    ) -> Json:
        told = [text for folder in folders for text in (f"--{folder}", f"{_WORK}/{folder}")]
        cluster = {"InstanceCount": 1, **self._machine()}
        arguments = {
            "AppSpecification": {
                "ImageUri": self.names.image,
                "ContainerEntrypoint": ["/bin/sh", "-c", _UNPACK, "sh"],
                "ContainerArguments": [script, *told],
            },
            "ProcessingInputs": inputs,
            "ProcessingOutputConfig": {"Outputs": outputs},
            "ProcessingResources": {"ClusterConfig": cluster},
            "RoleArn": f"${{{JOB_ROLE}.Arn}}",
            "StoppingCondition": self._limit(),
        }
        return {"Name": name, "Type": "Processing", "Arguments": arguments}

    def _train(self) -> Json:
        channel = {
            "ChannelName": "train",
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": _made("train"),
                    "S3DataDistributionType": "FullyReplicated",
                }
            },
        }
        arguments = {
            "AlgorithmSpecification": {
                "TrainingImage": self.names.image,
                "TrainingInputMode": "File",
            },
            "HyperParameters": {
                **self.training.hyperparameters,
                "sagemaker_program": self.training.scripts.train,
                "sagemaker_submit_directory": self.names.code,
            },
            "InputDataConfig": [channel],
            "OutputDataConfig": {"S3OutputPath": f"s3://${{{BUCKET}}}/{MODELS}"},
            "ResourceConfig": {"InstanceCount": 1, **self._machine()},
            "RoleArn": f"${{{JOB_ROLE}.Arn}}",
            "StoppingCondition": self._limit(),
        }
        return {"Name": TRAIN, "Type": "Training", "Arguments": arguments}

    def _decide(self) -> Json:
        conditions = [each for needed in self.training.requirements for each in _conditions(needed)]
        arguments = {
            "Conditions": conditions,
            "IfSteps": [self._register()],
            "ElseSteps": [self._refuse()],
        }
        return {"Name": DECIDE, "Type": "Condition", "Arguments": arguments}

    def _register(self) -> Json:
        automatic = self.training.approval is Approval.AUTOMATICALLY
        container = {
            "Image": self.names.image,
            "ModelDataUrl": get(f"Steps.{TRAIN}.ModelArtifacts.S3ModelArtifacts"),
            "Environment": dict(sorted(self.model.environment.items())),
        }
        report = {"Std:Join": {"On": "/", "Values": [_run("output"), EVALUATION]}}
        arguments = {
            "ModelPackageGroupName": self.names.group,
            "ModelPackageDescription": get("Execution.PipelineExecutionArn"),
            "ModelApprovalStatus": "Approved" if automatic else "PendingManualApproval",
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            "ModelMetrics": {
                "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": report}}
            },
        }
        return {"Name": REGISTER, "Type": "RegisterModel", "Arguments": arguments}

    def _refuse(self) -> Json:
        parts: list[Any] = []
        for needed in self.training.requirements:
            words = needed.side.replace("_", " ")
            parts += [f"{needed.metric} is", _measured(needed.metric, "value")]
            parts += ["(live:", _measured(needed.metric, "live"), f"), needed: {words}"]
            parts += [f"{needed.limit:g}, live {needed.against_live.value};"]
        message = {"Std:Join": {"On": " ", "Values": ["Not registered:", *parts]}}
        return {"Name": REFUSE, "Type": "Fail", "Arguments": {"ErrorMessage": message}}

    def _code(self) -> Json:
        return _input("code", self.names.code)

    def _machine(self) -> Json:
        return {
            "InstanceType": self.training.instance_type,
            "VolumeSizeInGB": self.training.volume_gb,
        }

    def _limit(self) -> Json:
        return {"MaxRuntimeInSeconds": self.training.timeout_seconds}


def _parameter(name: str, default: str) -> Json:
    return {"Name": name, "Type": "String", "DefaultValue": default}


def _input(name: str, uri: Any) -> Json:
    given = {
        "S3Uri": uri,
        "LocalPath": f"{_WORK}/{name}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
    }
    return {"InputName": name, "S3Input": given}


def _output(name: str) -> Json:
    given = {
        "S3Uri": _run(name),
        "LocalPath": f"{_WORK}/{name}",
        "S3UploadMode": "EndOfJob",
    }
    return {"OutputName": name, "S3Output": given}


def _run(name: str) -> Json:
    """Where an execution leaves something."""
    values = [f"s3://${{{BUCKET}}}/{RUNS}", get("Execution.PipelineExecutionId"), name]
    return {"Std:Join": {"On": "/", "Values": values}}


def _made(name: str) -> Json:
    return get(f"Steps.{PROCESS}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri")


def _measured(metric: str, which: str) -> Json:
    file = get(f"Steps.{EVALUATE}.PropertyFiles.{_REPORT}")
    return {"Std:JsonGet": {"PropertyFile": file, "Path": f"metrics.{metric}.{which}"}}


def _conditions(needed: Requirement) -> list[Json]:
    value = _measured(needed.metric, "value")
    found = [
        {"Type": _LIMITED[needed.side], "LeftValue": value, "RightValue": needed.limit},
    ]
    if needed.against_live is not AgainstLive.IGNORED:
        compared = _COMPARED[needed.side, needed.against_live]
        live = _measured(needed.metric, "live")
        found.append({"Type": compared, "LeftValue": value, "RightValue": live})
    return found
