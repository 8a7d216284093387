"""What the steps of a training pipeline are made of: names, places in S3, references."""

from dataclasses import dataclass
from typing import Any

from stacks.project.spec import ModelSpec
from stacks.project.training_spec import TrainingSpec

Json = dict[str, Any]

INPUT_DATA, LIVE_ARTIFACT = "InputData", "LiveArtifact"
PROCESS, TRAIN, EVALUATE = "Process", "Train", "Evaluate"
DECIDE, REGISTER, REFUSE = "Decide", "Register", "Refuse"
BUCKET, JOB_ROLE = "Bucket", "JobRole"
RUNS, MODELS, DATA = "runs", "models", "data"
WORK = "/opt/ml/processing"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingNames:
    """What a pipeline is made of: URIs may hold `${AWS::AccountId}`."""

    group: str
    image: str
    """What trains and serves."""
    script_image: str
    """What the other scripts run in; the same unless an algorithm trains."""
    code: str
    """URI of the packed code."""
    live: str | None
    """URI of the artifact that was live when the template was made; None before the first one."""
    limit_seconds: int
    """How long each job may run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A pipeline that is being drawn."""

    model: ModelSpec
    training: TrainingSpec
    names: TrainingNames

    @property
    def limit(self) -> Json:
        """The stopping condition of a job."""
        return {"MaxRuntimeInSeconds": self.names.limit_seconds}

    @property
    def network(self) -> Json | None:
        """The VpcConfig of a job, None without a network of its own."""
        vpc = self.training.vpc
        if vpc is None:
            return None
        return {"SecurityGroupIds": [*vpc.security_groups], "Subnets": [*vpc.subnets]}

    @property
    def artifact(self) -> Json:
        """Where the artifact of this run is; of a tuned one, that of the best job."""
        if self.training.tuning is None:
            return get(f"Steps.{TRAIN}.ModelArtifacts.S3ModelArtifacts")
        best = get(f"Steps.{TRAIN}.BestTrainingJob.TrainingJobName")
        return joined("/", f"s3://${{{BUCKET}}}/{MODELS}", best, "output/model.tar.gz")

    def data(self, name: str) -> Json:
        """Where the data of a channel is: what the process script made, or part of the input."""
        if self.training.scripts.process is not None:
            return get(f"Steps.{PROCESS}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri")
        return joined("", get(f"Parameters.{INPUT_DATA}"), f"{name}/")


def get(path: str) -> Json:
    """A reference, filled in when an execution gets there."""
    return {"Get": path}


def joined(on: str, *values: Any) -> Json:
    """Texts and references, joined when an execution gets there."""
    return {"Std:Join": {"On": on, "Values": [*values]}}


def run_uri(name: str) -> Json:
    """Where an execution leaves something."""
    return joined("/", f"s3://${{{BUCKET}}}/{RUNS}", get("Execution.PipelineExecutionId"), name)


def without_none(given: Json) -> Json:
    """The members that have a value."""
    return {name: value for name, value in given.items() if value is not None}
