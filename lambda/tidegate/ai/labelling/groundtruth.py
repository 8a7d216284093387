"""The closed engine, for accounts that have it: labelling jobs for a private work team.

Each manifest that arrives is a job. Source of functions and accounts: API reference,
HumanTaskConfig (PreHumanTaskLambdaArn) and AnnotationConsolidationConfig, as botocore 1.44.5 has
them; of files: SageMaker developer guide, "Create a labeling category configuration file" and
"Create a custom worker task template".
"""

import html
import json
from collections.abc import Mapping
from typing import Any

from tidegate.ai.kind import Arrived, Done, Progress, Waiting
from tidegate.ai.labelling.arriving import manifest_items
from tidegate.ai.labelling.runs import RunDone
from tidegate.ai.labelling.settings import (
    IMAGE_BOXES,
    IMAGE_CLASS,
    TEXT_CLASS,
    TEXT_CLASSES,
    LabellingSettings,
)
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, unusable
from tidegate.ai.steps import once

JOBS = "jobs/"
"""What keys of jobs' files begin with."""
ROLE, NAMES, REGION = "role", "names", "region"
"""What functions are told: the role that jobs run under, the beginning of their names, where."""
ACCOUNTS: Mapping[str, str] = {
    "ap-northeast-1": "477331159723",
    "ap-northeast-2": "845288260483",
    "ap-south-1": "565803892007",
    "ap-southeast-1": "377565633583",
    "ap-southeast-2": "454466003867",
    "ca-central-1": "918755190332",
    "eu-central-1": "203001061592",
    "eu-west-1": "568282634449",
    "eu-west-2": "487402164563",
    "us-east-1": "432418664414",
    "us-east-2": "266458841044",
    "us-west-2": "081040173940",
}
"""AWS's account of the functions before and after people, by region."""
_FUNCTIONS: Mapping[str, str] = {
    TEXT_CLASS: "TextMultiClass",
    TEXT_CLASSES: "TextMultiClassMultiLabel",
    IMAGE_CLASS: "ImageMultiClass",
    IMAGE_BOXES: "BoundingBox",
}
_ELEMENTS: Mapping[str, tuple[str, str]] = {
    TEXT_CLASS: ("crowd-classifier", "{{ task.input.taskObject }}"),
    TEXT_CLASSES: ("crowd-classifier-multi-select", "{{ task.input.taskObject }}"),
    IMAGE_CLASS: (
        "crowd-image-classifier",
        "{{ task.input.taskObject | grant_read_access }}",
    ),
    IMAGE_BOXES: ("crowd-bounding-box", "{{ task.input.taskObject | grant_read_access }}"),
}
_LOOK_SECONDS = 300
_TAKEN = "ResourceInUse"


def function_arn(region: str, task: str, begin: str) -> str:
    """AWS's own function of a task: PRE- before people see an item, ACS- after they answered."""
    account = ACCOUNTS[region]
    return f"arn:aws:lambda:{region}:{account}:function:{begin}-{_FUNCTIONS[task]}"


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """A job of this manifest runs, under a name that follows from the work."""
    settings: LabellingSettings = ports.settings
    if ports.resources[REGION] not in ACCOUNTS:
        raise unusable(f"Ground Truth has no functions in {ports.resources[REGION]}")
    items = manifest_items(arrived, ports)
    folder = f"{JOBS}{arrived.work}/"
    files = {
        "input.manifest": "".join(f"{json.dumps(_line(item, ports))}\n" for item in items),
        "classes.json": json.dumps(
            {
                "document-version": "2018-11-28",
                "labels": [{"label": name} for name in settings.classes],
            }
        ),
        "template.liquid": template(settings),
    }
    for name, text in files.items():
        ports.files.write(f"{folder}{name}", text.encode(), content_type="text/plain")
    once(ports, "sagemaker", "CreateLabelingJob", _TAKEN, **_job(arrived, folder, ports))
    return Waiting(state={"items": len(items)}, seconds=_LOOK_SECONDS)


def _line(item: Any, ports: ServicePorts) -> Mapping[str, Any]:
    if ports.settings.is_image:
        return {**item.line, "source-ref": ports.files.uri(item.source)}
    return {**item.line, "source": item.source}


def job_name(arrived: Arrived, ports: ServicePorts) -> str:
    """63 characters at most (LabelingJobName)."""
    return f"{ports.resources[NAMES]}-{arrived.work[:16]}"


def _job(arrived: Arrived, folder: str, ports: ServicePorts) -> Mapping[str, Any]:
    settings: LabellingSettings = ports.settings
    region = ports.resources[REGION]
    manifest = {"ManifestS3Uri": ports.files.uri(f"{folder}input.manifest")}
    return {
        "LabelingJobName": job_name(arrived, ports),
        "LabelAttributeName": settings.label,
        "InputConfig": {"DataSource": {"S3DataSource": manifest}},
        "OutputConfig": {"S3OutputPath": ports.files.uri(JOBS)},
        "RoleArn": ports.resources[ROLE],
        "LabelCategoryConfigS3Uri": ports.files.uri(f"{folder}classes.json"),
        "HumanTaskConfig": {
            "WorkteamArn": settings.work_team,
            "UiConfig": {"UiTemplateS3Uri": ports.files.uri(f"{folder}template.liquid")},
            "PreHumanTaskLambdaArn": function_arn(region, settings.task, "PRE"),
            "TaskTitle": f"{ports.service}: {settings.label}",
            "TaskDescription": settings.instructions[:255],
            "NumberOfHumanWorkersPerDataObject": settings.annotators_per_item,
            "TaskTimeLimitInSeconds": 60 * settings.lease_minutes,
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": function_arn(region, settings.task, "ACS")
            },
        },
    }


def template(settings: LabellingSettings) -> str:
    """What the team's page shows of an item; the classes come from their file."""
    element, source = _ELEMENTS[settings.task]
    text = html.escape(settings.instructions)
    shown = f'src="{source}"' if settings.is_image else ""
    target = "" if settings.is_image else f"<classification-target>{source}</classification-target>"
    return (
        '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>\n'
        "<crowd-form>\n"
        f'<{element} name="crowd-{settings.label}" {shown} header="{text}" '
        'categories="{{ task.input.labels | to_json | escape }}">\n'
        f"{target}\n"
        f'<full-instructions header="Instructions">{text}</full-instructions>\n'
        f"<short-instructions>{text}</short-instructions>\n"
        f"</{element}>\n</crowd-form>\n"
    )


def look(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """Where the labelled manifest is, once all people have answered."""
    name = job_name(arrived, ports)
    found = ports.calls.call("sagemaker", "DescribeLabelingJob", LabelingJobName=name)
    status = found["LabelingJobStatus"]
    if status == "Completed":
        return Done(
            result=RunDone(
                manifest=found["LabelingJobOutput"]["OutputDatasetS3Uri"],
                labelled=found["LabelCounters"]["TotalLabeled"],
                set_aside=0,
                outcomes=0,
            )
        )
    if status == "Stopped":
        raise unusable(f"somebody stopped the labelling job {name}: send the manifest again")
    if status == "Failed":
        raise CallFailedError(
            operation="sagemaker:CreateLabelingJob",
            code="JobFailed",
            message=found.get("FailureReason", ""),
        )
    return Waiting(state=state, seconds=_LOOK_SECONDS)
