"""What a CreateTrainingJob request must have to be carried out here. Pure.

Sources: API reference of CreateTrainingJob; the sentences of faults are our own.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.sagemaker.jobs import metrics
from emulator.sagemaker.jobs.paths import is_below
from emulator.sagemaker.jobs.requests import refuse
from emulator.sagemaker.serving.interface import UnknownImageError
from emulator.sagemaker.serving.runners import runner_for

_WITHOUT = {
    "ServerlessJobConfig": "serverless training jobs (ServerlessJobConfig)",
    "ModelPackageConfig": "training of a model package (ModelPackageConfig)",
}
_ALGORITHM = {
    "AlgorithmName": "algorithms of AWS Marketplace or of your own (AlgorithmName)",
    "ContainerEntrypoint": "another entry point of a training container (ContainerEntrypoint)",
    "ContainerArguments": "another entry point of a training container (ContainerArguments)",
}


def check(request: Mapping[str, Any]) -> None:
    """The request can be carried out, or an error says all that is in the way."""
    refuse(_faults(request), _unemulated(request))


def _faults(request: Mapping[str, Any]) -> Iterator[str]:
    algorithm = request.get("AlgorithmSpecification")
    if algorithm is None or not (algorithm.get("TrainingImage") or algorithm.get("AlgorithmName")):
        yield "AlgorithmSpecification needs a TrainingImage or an AlgorithmName."
    resources = request.get("ResourceConfig")
    if resources is None or not resources.get("InstanceType"):
        yield "ResourceConfig needs an InstanceType, an InstanceCount and a VolumeSizeInGB."
    if "StoppingCondition" not in request:
        yield "StoppingCondition is needed: how long may the job run at most?"
    else:
        yield from _spot_faults(request)
    channels = [channel["ChannelName"] for channel in request.get("InputDataConfig", [])]
    repeated = sorted({name for name in channels if channels.count(name) > 1})
    if repeated:
        yield f"Names of channels must be unique, got {', '.join(repeated)} more than once."
    try:
        metrics.definitions(algorithm or {})
    except ValueError as error:
        yield f"{error}."


def _spot_faults(request: Mapping[str, Any]) -> Iterator[str]:
    """API reference, StoppingCondition and CreateTrainingJob."""
    stopping = request["StoppingCondition"]
    most, wait = stopping.get("MaxRuntimeInSeconds", 0), stopping.get("MaxWaitTimeInSeconds")
    spot = request.get("EnableManagedSpotTraining", False)
    if spot and (wait is None or wait < most):
        yield (
            "MaxWaitTimeInSeconds must be at least MaxRuntimeInSeconds with managed spot training, "
            f"got {wait} and {most}."
        )
    if not spot and wait is not None:
        yield "MaxWaitTimeInSeconds is of managed spot training only."
    if spot and request.get("ResourceConfig", {}).get("KeepAlivePeriodInSeconds"):
        yield "KeepAlivePeriodInSeconds is not of managed spot training."
    config = request.get("CheckpointConfig", {})
    path = config.get("LocalPath", "/opt/ml/checkpoints")
    if not is_below(path):
        yield f"LocalPath of CheckpointConfig must be below /opt/ml, got {path}."


def _unemulated(request: Mapping[str, Any]) -> Iterator[str]:
    yield from (words for member, words in _WITHOUT.items() if request.get(member))
    algorithm = request["AlgorithmSpecification"]
    yield from (words for member, words in _ALGORITHM.items() if algorithm.get(member))
    if algorithm["TrainingInputMode"] == "Pipe":
        yield "TrainingInputMode Pipe (here: File, and FastFile, which copies too)"
    if algorithm.get("TrainingImage"):
        yield from image_faults(algorithm["TrainingImage"])
    resources = request["ResourceConfig"]
    if resources.get("InstanceGroups") or resources.get("InstanceCount", 1) != 1:
        yield "training on several instances"
    if request["OutputDataConfig"].get("CompressionType", "GZIP") != "GZIP":
        yield "model artifacts that are not packed (OutputDataConfig.CompressionType NONE)"
    if not request["OutputDataConfig"]["S3OutputPath"].startswith("s3://"):
        yield "outputs outside of s3://"
    for channel in request.get("InputDataConfig", []):
        yield from _channel_faults(channel)


def image_faults(image: str) -> Iterator[str]:
    """Why the image can't be played here."""
    try:
        runner_for(image)
    except UnknownImageError as error:
        yield f"other images: {error}"


def _channel_faults(channel: Mapping[str, Any]) -> Iterator[str]:
    name = channel["ChannelName"]
    source = channel["DataSource"].get("S3DataSource")
    if source is None:
        yield f"channel {name} from something else than S3 (here: S3DataSource)"
    elif source["S3DataType"] not in {"S3Prefix", "ManifestFile"}:
        yield f"channel {name} of S3DataType {source['S3DataType']} (S3Prefix, ManifestFile)"
    elif not source["S3Uri"].startswith("s3://"):
        yield f"channel {name} from outside of s3://"
    if channel.get("InputMode") == "Pipe":
        yield f"channel {name} in InputMode Pipe"
    if channel.get("RecordWrapperType", "None") != "None":
        yield f"channel {name} wrapped in RecordIO"
