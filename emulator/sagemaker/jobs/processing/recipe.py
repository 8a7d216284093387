"""What a CreateProcessingJob request must have to be carried out here. Pure.

Sources: API reference of CreateProcessingJob; the sentences of faults are our own.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.sagemaker.jobs import paths
from emulator.sagemaker.jobs.requests import refuse
from emulator.sagemaker.jobs.training.recipe import image_faults

PROCESSING = f"{paths.OPT_ML}/processing/"


def check(request: Mapping[str, Any]) -> None:
    """The request can be carried out, or an error says all that is in the way."""
    refuse(_faults(request), _unemulated(request))


def outputs(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The outputs of the request."""
    return list(request.get("ProcessingOutputConfig", {}).get("Outputs", []))


def _faults(request: Mapping[str, Any]) -> Iterator[str]:
    inputs = request.get("ProcessingInputs", [])
    for member, listed in (("InputName", inputs), ("OutputName", outputs(request))):
        counted = Counter(each[member] for each in listed)
        repeated = [name for name, count in counted.items() if count > 1]
        if repeated:
            yield f"{member} must be unique, got {', '.join(repeated)} more than once."
    for each in inputs:
        given = each.get("S3Input")
        if given is None and each.get("DatasetDefinition") is None:
            yield f"Input {each['InputName']} needs an S3Input."
        if given is not None and not paths.is_below(given.get("LocalPath", "")):
            yield (
                f"LocalPath of input {each['InputName']} must be below /opt/ml/processing, got "
                f"{given.get('LocalPath')!r}."
            )
    for each in outputs(request):
        given = each.get("S3Output")
        if given is not None and not paths.is_below(given.get("LocalPath", "")):
            yield (
                f"LocalPath of output {each['OutputName']} must be below /opt/ml/processing, got "
                f"{given.get('LocalPath')!r}."
            )


def _unemulated(request: Mapping[str, Any]) -> Iterator[str]:
    application = request["AppSpecification"]
    yield from image_faults(application["ImageUri"])
    if not application.get("ContainerEntrypoint"):
        yield "the own entry point of a processing image (here: give a ContainerEntrypoint)"
    if request["ProcessingResources"]["ClusterConfig"].get("InstanceCount", 1) != 1:
        yield "processing on several instances"
    for each in request.get("ProcessingInputs", []):
        yield from _input_faults(each)
    for each in outputs(request):
        if each.get("FeatureStoreOutput"):
            yield f"output {each['OutputName']} to the feature store"
        elif each.get("S3Output", {}).get("S3UploadMode", "EndOfJob") != "EndOfJob":
            yield f"output {each['OutputName']} while the job runs (S3UploadMode Continuous)"


def _input_faults(each: Mapping[str, Any]) -> Iterator[str]:
    name, given = each["InputName"], each.get("S3Input")
    if given is None:
        yield f"input {name} of a DatasetDefinition"
        return
    if given.get("S3InputMode", "File") != "File":
        yield f"input {name} in S3InputMode {given['S3InputMode']}"
    if given["S3DataType"] not in {"S3Prefix", "ManifestFile"}:
        yield f"input {name} of S3DataType {given['S3DataType']}"
    if not given["S3Uri"].startswith("s3://"):
        yield f"input {name} from outside of s3://"
