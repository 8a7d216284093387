"""What a forecast needs on AWS beside its functions: a role for the engine, its data set if any."""

import hashlib
import json

from tidegate.ai.forecast.legacy import DATASET, GROUP
from tidegate.ai.forecast.sagemaker import MODELS, ROLE, RUNS
from tidegate.ai.forecast.sales import ITEM, TARGET, TIME
from tidegate.ai.forecast.settings import CLOSED, FORECAST, ForecastSettings
from tidegate.ai.kind import Place, Resources
from tidegate.ai.roles import Template, allow, role_of
from tidegate.ai.steps import NAMES

ROLE_ID, DATASET_ID, GROUP_ID = "ForecastRole", "Sales", "SalesGroup"
_FILES = "Files"
"""The frame's bucket."""
_OBJECTS = "history, models and forecasts of this service only, each file with a name of its own"
_NO_RESOURCE = "ecr:GetAuthorizationToken takes no resource (Service Authorization Reference)"
_PUBLIC_IMAGES = (
    "images of AutoML are AWS's own, in accounts and repositories that it does not name"
)
_LOGS = "logs of transform jobs: SageMaker names the streams"
_CLOSED_RULES = ("closed-service", "W3697")
"""What the template gate and cfn-lint say of types of a closed service."""


def names(place: Place) -> str:
    """How names of jobs begin: short, for an AutoML job's has 32 characters at most."""
    return f"tg-{hashlib.sha256(place.prefix.encode()).hexdigest()[:8]}"


def legacy_names(place: Place) -> str:
    """How names in Amazon Forecast begin: it takes no hyphens."""
    return names(place).replace("-", "_")


def resources_of(settings: ForecastSettings, place: Place) -> Resources:
    """Those of the engine that the settings choose."""
    if settings.engine == FORECAST:
        return _forecast(settings, place)
    role = _role("sagemaker.amazonaws.com", [*_data(MODELS, RUNS), *_containers()])
    told = {NAMES: names(place), ROLE: f"${{{ROLE_ID}.Arn}}"}
    acknowledged = {
        **_found_in_data(MODELS, RUNS),
        "IAM5[Resource::*]": _NO_RESOURCE,
        f"IAM5[Resource::{_IMAGES}]": _PUBLIC_IMAGES,
        f"IAM5[Resource::{_LOG_GROUP}]": _LOGS,
    }
    return Resources(
        templates={ROLE_ID: role},
        told=told,
        acknowledged={
            ROLE_ID: {
                key.replace("${", "<").replace("}", ">"): why for key, why in acknowledged.items()
            }
        },
    )


_IMAGES = "arn:${AWS::Partition}:ecr:${AWS::Region}:*:repository/*"
_LOG_GROUP = (
    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:"
    "log-group:/aws/sagemaker/TransformJobs:*"
)


def _containers() -> list[Template]:
    """What containers of jobs need: images and logs (CreateModel API: execution role)."""
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    write = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    return [
        allow(["ecr:GetAuthorizationToken"], "*"),
        allow(pull, {"Fn::Sub": _IMAGES}),
        allow(write, {"Fn::Sub": _LOG_GROUP}),
    ]


def _data(*prefixes: str) -> list[Template]:
    objects = [{"Fn::Sub": f"${{{_FILES}.Arn}}/{prefix}*"} for prefix in prefixes]
    return [
        allow(["s3:ListBucket"], {"Fn::GetAtt": [_FILES, "Arn"]}),
        allow(["s3:GetObject", "s3:PutObject"], *objects),
    ]


def _found_in_data(*prefixes: str) -> dict[str, str]:
    return {f"IAM5[Resource::<{_FILES}.Arn>/{prefix}*]": _OBJECTS for prefix in prefixes}


def _role(service: str, statements: list[Template]) -> Template:
    return role_of(service, {"Forecast": statements}, condition=None)


def _forecast(settings: ForecastSettings, place: Place) -> Resources:
    """A data set and its group, with the reason why a closed service is taken.

    Nothing of a data set can be changed: its name follows from what it is.
    """
    reason = (
        f"Amazon Forecast is closed to new customers since {CLOSED}, whose accounts are refused; "
        "engine: sagemaker does the same by AutoML for time series"
    )
    rows = [{"rule": rule, "reason": reason} for rule in _CLOSED_RULES]
    known = {"tidegate": {"acknowledged": rows}}
    attributes = [
        {"AttributeName": ITEM, "AttributeType": "string"},
        {"AttributeName": TIME, "AttributeType": "timestamp"},
        {"AttributeName": TARGET, "AttributeType": "float"},
    ]
    dataset = {
        "Domain": "CUSTOM",
        "DatasetType": "TARGET_TIME_SERIES",
        "DataFrequency": settings.frequency,
        "Schema": {"Attributes": attributes},
    }
    group = {"Domain": "CUSTOM", "DatasetArns": [{"Fn::GetAtt": [DATASET_ID, "Arn"]}]}
    return Resources(
        templates={
            ROLE_ID: _role("forecast.amazonaws.com", _data(RUNS)),
            DATASET_ID: {
                "Type": "AWS::Forecast::Dataset",
                "Properties": {"DatasetName": _hashed(place, dataset), **dataset},
                "Metadata": known,
            },
            GROUP_ID: {
                "Type": "AWS::Forecast::DatasetGroup",
                "Properties": {"DatasetGroupName": legacy_names(place), **group},
                "Metadata": known,
            },
        },
        told={
            NAMES: names(place),
            ROLE: f"${{{ROLE_ID}.Arn}}",
            DATASET: f"${{{DATASET_ID}.Arn}}",
            GROUP: f"${{{GROUP_ID}.DatasetGroupArn}}",
        },
        acknowledged={ROLE_ID: _found_in_data(RUNS)},
    )


def _hashed(place: Place, what: Template) -> str:
    digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:8]
    return f"{legacy_names(place)}_{digest}"
