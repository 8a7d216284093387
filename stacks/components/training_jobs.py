"""The step that trains: one job, or a tuning job that trains several times."""

from typing import Any

from stacks.components.training_parts import (
    BUCKET,
    JOB_ROLE,
    MODELS,
    TRAIN,
    Drawing,
    Json,
    run_uri,
    without_none,
)
from stacks.project.training_spec import RangeSpec, TuningSpec

_CODE_CHANNEL = "code"
_CODE_FOLDER = f"/opt/ml/input/data/{_CODE_CHANNEL}"


def training_step(drawing: Drawing) -> Json:
    """The step, whose artifact is `drawing.artifact`."""
    tuning = drawing.training.tuning
    if tuning is None:
        return {"Name": TRAIN, "Type": "Training", "Arguments": _job(drawing, "HyperParameters")}
    arguments = {
        "HyperParameterTuningJobConfig": _tuned(tuning),
        "TrainingJobDefinition": _job(drawing, "StaticHyperParameters"),
    }
    return {"Name": TRAIN, "Type": "Tuning", "Arguments": arguments}


def _job(drawing: Drawing, hyperparameters: str) -> Json:
    """The request of a training job; a tuning job has the same but for one member's name."""
    training = drawing.training
    spot = training.spot
    limit = drawing.limit
    if spot is not None:
        # A job with a ceiling of costs may run shorter than it may wait, never longer.
        limit |= {"MaxWaitTimeInSeconds": max(spot.wait_seconds, limit["MaxRuntimeInSeconds"])}
    checkpoints = spot is not None and spot.checkpoints
    resources = {
        "InstanceCount": 1,
        "InstanceType": training.instance_type,
        "VolumeSizeInGB": training.volume_gb,
        "KeepAlivePeriodInSeconds": training.warm_seconds,
    }
    return without_none(
        {
            "AlgorithmSpecification": _specification(drawing),
            hyperparameters: _hyperparameters(drawing),
            "InputDataConfig": _channels(drawing),
            "OutputDataConfig": {"S3OutputPath": f"s3://${{{BUCKET}}}/{MODELS}"},
            "ResourceConfig": without_none(resources),
            "RoleArn": f"${{{JOB_ROLE}.Arn}}",
            "StoppingCondition": limit,
            "EnableManagedSpotTraining": None if spot is None else True,
            "CheckpointConfig": {"S3Uri": run_uri("checkpoints")} if checkpoints else None,
            "EnableNetworkIsolation": True if training.isolated else None,
            "VpcConfig": drawing.network,
        }
    )


def _specification(drawing: Drawing) -> Json:
    metrics = drawing.training.metrics
    defined = [{"Name": name, "Regex": text} for name, text in sorted(metrics.items())]
    image = {"TrainingImage": drawing.names.image, "TrainingInputMode": "File"}
    return {**image, "MetricDefinitions": defined} if defined else image


def _hyperparameters(drawing: Drawing) -> Json:
    training = drawing.training
    if training.scripts.train is None:
        return dict(training.hyperparameters)
    code = drawing.names.code
    submitted = f"{_CODE_FOLDER}/{code.rpartition('/')[2]}" if training.isolated else code
    return {
        **training.hyperparameters,
        "sagemaker_program": training.scripts.train,
        "sagemaker_submit_directory": submitted,
    }


def _channels(drawing: Drawing) -> list[Json]:
    algorithm = drawing.training.algorithm
    if algorithm is None:
        script = [_channel("train", drawing.data("train"))]
        if not drawing.training.isolated:
            return script
        # Without a network the container can't fetch its code: it comes as data does.
        return [*script, _channel(_CODE_CHANNEL, drawing.names.code)]
    return [
        {
            **_channel(each.name, drawing.data(each.name), spread=each.distribution),
            "ContentType": each.content_type,
        }
        for each in algorithm.channels
    ]


def _channel(name: str, uri: Any, *, spread: str = "FullyReplicated") -> Json:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": spread}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def _tuned(tuning: TuningSpec) -> Json:
    return {
        "Strategy": tuning.strategy.value,
        "HyperParameterTuningJobObjective": {
            "Type": tuning.goal.value,
            "MetricName": tuning.objective,
        },
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": tuning.most_jobs,
            "MaxParallelTrainingJobs": tuning.parallel,
        },
        "ParameterRanges": _ranges(tuning.ranges),
        "TrainingJobEarlyStoppingType": "Auto" if tuning.early_stopping else "Off",
    }


def _ranges(ranges: tuple[RangeSpec, ...]) -> Json:
    found: Json = {}
    for each in sorted(ranges, key=lambda one: one.name):
        listed = found.setdefault(f"{each.kind}ParameterRanges", [])
        if each.kind == "Categorical":
            listed.append({"Name": each.name, "Values": [*each.values]})
            continue
        ends = {"MinValue": each.least, "MaxValue": each.most}
        listed.append({"Name": each.name, **ends, "ScalingType": each.scale.value})
    return found
