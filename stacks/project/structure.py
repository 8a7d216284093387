"""Words for structural faults: what pydantic found, told as what, value, what is allowed."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stacks.project.batch_shape import COLUMN, PLACE
from stacks.project.durations import PATTERN
from stacks.project.faults import Fault, did_you_mean
from stacks.project.marketplace import ALGORITHM, MODEL_PACKAGE
from stacks.project.model_monitor_shape import CRON, IMAGE, ROLE, S3_URI
from stacks.project.monitoring_shape import POINTER
from stacks.project.notebook_shape import CODE, SECURITY_GROUP, SUBNET, VOLUME_KEY
from stacks.project.part import NAME, SCHEDULE, SUBSCRIBER
from stacks.project.pipeline_shape import ALARM, CONNECTION, GROUP, KEY, MAIL, REPOSITORY
from stacks.project.shape import DOMAIN, KEYS_URL, URL, ZONE, ProjectFile
from stacks.project.source import Location, Source
from stacks.project.training_shape import DATA, HYPERPARAMETER, METRIC, SCRIPT

_PATTERNS = {
    PATTERN: "a whole number and a unit, such as 90s, 10m, 24h or 7d",
    NAME: "small letters, digits and single hyphens, beginning with a letter",
    SUBSCRIBER: "an e-mail address, or a URL that begins with https://",
    r"^\d{12}$": "12 digits",
    r"^\d{1,6}ms$": "milliseconds, such as 250ms",
    MODEL_PACKAGE: (
        "the ARN of a model package, arn:aws:sagemaker:REGION:ACCOUNT:model-package/NAME"
    ),
    ALGORITHM: "the ARN of an algorithm, arn:aws:sagemaker:REGION:ACCOUNT:algorithm/NAME",
    URL: "a URL that begins with https://",
    KEYS_URL: "a URL that begins with https://, or with http://127.0.0.1 on the embedded cloud",
    DOMAIN: "a domain in small letters, such as models.example.com",
    ZONE: "the id of a hosted zone, such as Z0123456789ABCDEFGHIJ",
    CONNECTION: "the ARN of a connection, arn:aws:codeconnections:REGION:ACCOUNT:connection/ID",
    REPOSITORY: "the repository's owner and name, such as acme/flights",
    KEY: "the key of an object that ends with .zip, such as source.zip",
    MAIL: "an e-mail address",
    ALARM: "the name of a CloudWatch alarm, without its ARN",
    PLACE: "a place in S3, such as s3://bucket/prefix/",
    SCHEDULE: "rate(1 day), or cron(0 3 * * ? *) with six fields, in UTC",
    COLUMN: "a name without commas and quotes, of up to 100 characters",
    SCRIPT: "the path of a .py file below the code's folder",
    METRIC: "letters, digits and underscores, beginning with a letter",
    DATA: "s3://BUCKET/PREFIX",
    HYPERPARAMETER: "letters, digits, dots, hyphens and underscores, beginning with a letter",
    S3_URI: "a place in S3, such as s3://bucket/prefix",
    IMAGE: "an image in ECR, ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME",
    ROLE: "the ARN of a role, arn:aws:iam::ACCOUNT:role/NAME",
    CRON: "at a whole hour, such as cron(0 * ? * * *)",
    POINTER: "a JSON pointer, such as /features",
    SUBNET: "the id of a subnet, such as subnet-0123456789abcdef0",
    SECURITY_GROUP: "the id of a security group, such as sg-0123456789abcdef0",
    CODE: "the URL of a Git repository that begins with https://",
    VOLUME_KEY: "the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID",
    GROUP: "the name of a model package group: letters, digits and hyphens",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "greater_than": ("gt", "above"),
    "less_than": ("lt", "below"),
}


def structural_faults(source: Source) -> tuple[Fault, ...]:
    """Every unknown or missing key, wrong type and value out of range in a project file."""
    try:
        ProjectFile.model_validate(source.value)
    except ValidationError as error:
        return tuple(_faults(source, error))
    return ()


def _faults(source: Source, error: ValidationError) -> Iterator[Fault]:
    for detail in error.errors(include_url=False):
        location = tuple(part for part in detail["loc"] if part != "[key]")
        yield source.fault(location, _message(detail, location))


def _message(detail: ErrorDetails, location: Location) -> str:
    name = ".".join(str(part) for part in location) or "the project file"
    kind = detail["type"]
    context = detail.get("ctx") or {}
    if kind == "missing":
        return f"{name} is missing: {_meaning(location)}"
    if kind == "extra_forbidden":
        return f"unknown key {name}: {did_you_mean(str(location[-1]), _siblings(location))}"
    what = f"{name} {_unlike(detail)}"
    return f"{what}, {_allowed(kind, context, detail['msg'])}"


def _unlike(detail: ErrorDetails) -> str:
    if "[key]" in detail["loc"]:
        return "cannot be used as a name"
    value = detail["input"]
    shown = "an empty value" if value is None else repr(value)
    return f"is {shown if len(shown) <= 80 else shown[:77] + '...'}"


def _allowed(kind: str, context: Mapping[str, Any], otherwise: str) -> str:
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"must be {words} {context[bound]}"
    if kind.endswith("_type"):
        return f"must be {_TYPES.get(kind, kind.removesuffix('_type'))}"
    words_of = _SPECIAL.get(kind)
    return otherwise[:1].lower() + otherwise[1:] if words_of is None else words_of(context)


def _pattern(context: Mapping[str, Any]) -> str:
    pattern = str(context["pattern"])
    return f"must be {_PATTERNS.get(pattern, f'text that matches {pattern}')}"


def _enum(context: Mapping[str, Any]) -> str:
    return f"must be one of {context['expected']}".replace(" or ", ", ").replace("'", "")


def _count(context: Mapping[str, Any]) -> str:
    if "min_length" in context:
        return f"must have at least {context['min_length']} entry"
    return f"must have at most {context['max_length']} entries"


_SPECIAL: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "string_pattern_mismatch": _pattern,
    "enum": _enum,
    "value_error": lambda context: str(context["error"]),
    "string_too_long": lambda context: f"must have at most {context['max_length']} characters",
    "too_short": _count,
    "too_long": _count,
}


_TYPES = {
    "string_type": "text: put it in quotes",
    "int_type": "a whole number",
    "float_type": "a number",
    "model_type": "a section with keys of its own",
    "dict_type": "a section with keys of its own",
    "list_type": "a list: begin each line with a hyphen",
}


def _siblings(location: Location) -> tuple[str, ...]:
    part = _part_at(location[:-1])
    return () if part is None else tuple(part.model_fields)


def _meaning(location: Location) -> str:
    part = _part_at(location[:-1])
    field = None if part is None else part.model_fields.get(str(location[-1]))
    if field is None:
        return "it must be there"
    described = field.description or _first_line(_model_in(field.annotation))
    return described.rstrip(".")


def _first_line(part: type[BaseModel] | None) -> str:
    return "" if part is None or part.__doc__ is None else part.__doc__.splitlines()[0]


def _part_at(location: Location) -> type[BaseModel] | None:
    part: type[BaseModel] | None = ProjectFile
    position = 0
    while position < len(location) and part is not None:
        field = part.model_fields.get(str(location[position]))
        if field is None:
            return None
        keyed = str(field.annotation).startswith(("dict[", "typing.Dict"))
        keyed = keyed or "list[" in str(field.annotation)
        part = _model_in(field.annotation)
        position += 2 if keyed else 1
    return part


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        found = _model_in(inner)
        if found is not None:
            return found
    return None
