"""A CreateTransformJob request, read once: all its faults at once, then a value. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.transform import jsonpath
from emulator.sagemaker.transform.naming import Location
from emulator.sagemaker.transform.processing import FORMATS, Format, Join, Processing, Records

MEGABYTE = 1024 * 1024
DEFAULT_PAYLOAD_MB = 6
MOST_PAYLOAD_MB = 100
"""The largest payload, and the most that all concurrent ones of an instance may sum up to."""
MOST_INSTANCES = 100
DEFAULT_TIMEOUT_SECONDS = 600
DEFAULT_RETRIES = 3
"""These six: API reference of CreateTransformJob, ModelClientConfig and TransformResources."""

BATCH_VARIABLE = "SAGEMAKER_BATCH"
_STRATEGY_WORDS = {"SingleRecord": "SINGLE_RECORD", "MultiRecord": "MULTI_RECORD"}


class DataType(StrEnum):
    """What the input's URI names, spelled as the API does."""

    PREFIX = "S3Prefix"
    MANIFEST = "ManifestFile"


class Compression(StrEnum):
    """How input objects are compressed, spelled as the API does."""

    NONE = "None"
    GZIP = "Gzip"


class Split(StrEnum):
    """What cuts an object into records, spelled as the API does."""

    NONE = "None"
    LINE = "Line"


class Strategy(StrEnum):
    """How many records a request has, spelled as the API does."""

    SINGLE = "SingleRecord"
    MULTI = "MultiRecord"


class Assembly(StrEnum):
    """What stands between the answers in an output object, spelled as the API does."""

    NONE = "None"
    LINE = "Line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a job does."""

    data_type: DataType
    source: Location
    compression: Compression
    split: Split
    strategy: Strategy
    output: Location
    assembly: Assembly
    kms_key_id: str | None
    headers: Mapping[str, str]
    """Content-Type and Accept of every request, as far as the job says."""
    max_payload_bytes: int
    concurrency: int
    """Requests to one instance at a time."""
    instance_count: int
    timeout_seconds: float
    retries: int
    environment: Mapping[str, str] = field(default_factory=dict)
    """What the containers get beside, and over, the model's own variables."""
    processing: Processing | None = None

    @property
    def summary(self) -> str:
        """The line that SageMaker writes to the log before it starts."""
        return (
            f"MaxConcurrentTransforms={self.concurrency}, "
            f"MaxPayloadInMB={self.max_payload_bytes // MEGABYTE}, "
            f"BatchStrategy={_STRATEGY_WORDS[self.strategy]}"
        )


def recipe_of(request: Mapping[str, Any]) -> Recipe:
    """The recipe of a request that satisfies the API model.

    ValidationException lists what is wrong, NotEmulatedException what is right on AWS only.
    """
    faults = [*_number_faults(request), *_processing_faults(request)]
    if faults:
        raise errors.validation("; ".join(faults))
    missing = list(_unemulated(request))
    if missing:
        raise errors.not_emulated(", ".join(missing))
    return _recipe(request)


def _recipe(request: Mapping[str, Any]) -> Recipe:
    given, wanted = request["TransformInput"], request["TransformOutput"]
    client = request.get("ModelClientConfig", {})
    source = given["DataSource"]["S3DataSource"]
    headers = {"Content-Type": given.get("ContentType"), "Accept": wanted.get("Accept")}
    return Recipe(
        data_type=DataType(source["S3DataType"]),
        source=Location.of(source["S3Uri"]),
        compression=Compression(given.get("CompressionType", "None")),
        split=Split(given.get("SplitType", "None")),
        strategy=Strategy(request.get("BatchStrategy", "MultiRecord")),
        output=Location.of(wanted["S3OutputPath"]),
        assembly=Assembly(wanted.get("AssembleWith", "None")),
        kms_key_id=wanted.get("KmsKeyId"),
        headers={name: str(value) for name, value in headers.items() if value},
        max_payload_bytes=_payload_mb(request) * MEGABYTE,
        concurrency=max(1, int(request.get("MaxConcurrentTransforms", 1))),
        instance_count=int(request["TransformResources"]["InstanceCount"]),
        timeout_seconds=float(client.get("InvocationsTimeoutInSeconds", DEFAULT_TIMEOUT_SECONDS)),
        retries=int(client.get("InvocationsMaxRetries", DEFAULT_RETRIES)),
        environment=_environment(request),
        processing=_processing(request),
    )


def _payload_mb(request: Mapping[str, Any]) -> int:
    return int(request.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB))


def _environment(request: Mapping[str, Any]) -> dict[str, str]:
    """The job's variables and SageMaker's own, which are set where the request sets them."""
    concurrency = request.get("MaxConcurrentTransforms", 0)
    named = {
        # 0 means unset, says the API reference.
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": None if concurrency == 0 else concurrency,
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": request.get("MaxPayloadInMB"),
        "SAGEMAKER_BATCH_STRATEGY": _STRATEGY_WORDS.get(request.get("BatchStrategy", "")),
    }
    own = {name: str(value) for name, value in named.items() if value is not None}
    return {**request.get("Environment", {}), BATCH_VARIABLE: "true", **own}


def _number_faults(request: Mapping[str, Any]) -> Iterator[str]:
    payload = _payload_mb(request)
    if payload > MOST_PAYLOAD_MB:
        yield f"MaxPayloadInMB is at most {MOST_PAYLOAD_MB}, got {payload}"
    concurrency = request.get("MaxConcurrentTransforms", 0)
    if payload <= MOST_PAYLOAD_MB < payload * concurrency:
        yield (
            f"MaxConcurrentTransforms * MaxPayloadInMB is at most {MOST_PAYLOAD_MB}, "
            f"got {concurrency} * {payload}"
        )
    count = request["TransformResources"]["InstanceCount"]
    if count > MOST_INSTANCES:
        yield f"InstanceCount is at most {MOST_INSTANCES}, got {count}"
    single = request.get("BatchStrategy") == Strategy.SINGLE
    if single and request["TransformInput"].get("SplitType", "None") == Split.NONE:
        yield "BatchStrategy SingleRecord needs a SplitType, got None: set it to Line"


def _processing_faults(request: Mapping[str, Any]) -> Iterator[str]:
    wanted = request.get("DataProcessing", {})
    joined = wanted.get("JoinSource", "None") == Join.INPUT
    given = _media_type(request["TransformInput"].get("ContentType"))
    answered = _media_type(request["TransformOutput"].get("Accept"))
    filters = {name: wanted.get(name, "$") for name in ("InputFilter", "OutputFilter")}
    yield from _format_faults("ContentType", given, joined or filters["InputFilter"] != "$")
    yield from _format_faults("Accept", answered, joined or filters["OutputFilter"] != "$")
    if joined and _mixed(given, answered):
        yield f"JoinSource Input needs one format, got ContentType {given} and Accept {answered}"
    for name, media_type in (("InputFilter", given), ("OutputFilter", answered)):
        yield from _filter_faults(name, filters[name], media_type)


def _format_faults(member: str, media_type: str, needed: object) -> Iterator[str]:
    if needed and media_type not in FORMATS:
        yield (
            f"DataProcessing needs a {member} of {', '.join(FORMATS)}, got {media_type or 'none'}"
        )


def _mixed(given: str, answered: str) -> bool:
    formats = {FORMATS.get(given), FORMATS.get(answered)}
    return len(formats) > 1 and None not in formats


def _filter_faults(member: str, expression: str, media_type: str) -> Iterator[str]:
    try:
        path = jsonpath.parse(expression)
    except jsonpath.UnsupportedPathError as error:
        yield f"{member}: {error}"
        return
    if path is not None and path.names_children and FORMATS.get(media_type) is Format.CSV:
        yield f"{member}: rows of CSV have no names, only indexes, got {expression!r}"


def _unemulated(request: Mapping[str, Any]) -> Iterator[str]:
    given = request["TransformInput"]
    source = given["DataSource"]["S3DataSource"]
    if source["S3DataType"] not in set(DataType):
        yield f"S3DataType {source['S3DataType']} (here: {', '.join(DataType)})"
    if given.get("SplitType", "None") not in set(Split):
        yield f"SplitType {given['SplitType']} (here: {', '.join(Split)})"
    if _payload_mb(request) == 0:
        yield "MaxPayloadInMB 0, payloads of any size in chunks (here: 1 to 100)"
    if request.get("DataCaptureConfig"):
        yield "DataCaptureConfig of a transform job"
    uris = (source["S3Uri"], request["TransformOutput"]["S3OutputPath"])
    yield from (f"data outside s3:// (got {uri})" for uri in uris if not uri.startswith("s3://"))


def _processing(request: Mapping[str, Any]) -> Processing | None:
    wanted = request.get("DataProcessing", {})
    join = Join(wanted.get("JoinSource", "None"))
    input_filter = jsonpath.parse(wanted.get("InputFilter", "$"))
    output_filter = jsonpath.parse(wanted.get("OutputFilter", "$"))
    if join is Join.NONE and input_filter is None and output_filter is None:
        return None
    given = _media_type(request["TransformInput"].get("ContentType"))
    answered = _media_type(request["TransformOutput"].get("Accept"))
    split = request["TransformInput"].get("SplitType", "None") == Split.LINE
    by_line = split or "application/jsonlines" in {given, answered}
    return Processing(
        input_format=FORMATS.get(given, Format.JSON),
        output_format=FORMATS.get(answered, Format.JSON),
        records=Records.LINES if by_line else Records.PAYLOAD,
        input_filter=input_filter,
        output_filter=output_filter,
        join=join,
    )


def _media_type(header: str | None) -> str:
    return (header or "").partition(";")[0].strip().lower()
