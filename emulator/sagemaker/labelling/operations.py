"""Labelling jobs as a kind of job, and their operations in the table."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from emulator.sagemaker import errors, names
from emulator.sagemaker.jobs.kind import Kind
from emulator.sagemaker.jobs.operations import JobOperations
from emulator.sagemaker.jobs.requests import refuse
from emulator.sagemaker.labelling.describe import described, summary
from emulator.sagemaker.names import Tenant

Json = dict[str, Any]
TASKS = ("TextMultiClass", "ImageMultiClass")
"""Tasks whose recorded answers are made labels of here."""
_PRIVATE = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:workteam/private-crowd/.+")


def task_of(request: Mapping[str, Any]) -> str:
    """The built-in task that the function before the people stands for, such as TextMultiClass."""
    arn = str(request["HumanTaskConfig"].get("PreHumanTaskLambdaArn", ""))
    return arn.rpartition(":function:PRE-")[2]


def check(request: Mapping[str, Any]) -> None:
    """A private team, a built-in task whose labels are made here, a manifest in S3."""
    task = request["HumanTaskConfig"]
    faults = []
    if "S3DataSource" not in request["InputConfig"]["DataSource"]:
        faults.append("InputConfig.DataSource needs an S3DataSource")
    if "LabelCategoryConfigS3Uri" not in request:
        faults.append(f"LabelCategoryConfigS3Uri is needed by the task {task_of(request)}")
    unemulated = []
    if not _PRIVATE.fullmatch(task["WorkteamArn"]):
        unemulated.append(f"labelling by {task['WorkteamArn']}: only private work teams are")
    if task_of(request) not in TASKS:
        unemulated.append(f"the task {task_of(request)!r}: only {' and '.join(TASKS)} are")
    refuse(faults, unemulated)


LABELLING = Kind(
    noun="LabelingJob",
    arn_kind=names.LABELING_JOB,
    detail_type="SageMaker Ground Truth Labeling Job State Change",
    check=check,
    described=described,
    summary=summary,
    unknown=errors.no_job,
)


def table(
    jobs: JobOperations,
) -> dict[str, Callable[[Tenant, Mapping[str, Any]], Awaitable[Json]]]:
    """The operations by name; the list of summaries has a name of its own."""

    async def listed(tenant: Tenant, request: Mapping[str, Any]) -> Json:
        answer = await jobs.list_(tenant, request)
        return {"LabelingJobSummaryList": answer.pop("LabelingJobSummaries"), **answer}

    return {
        "CreateLabelingJob": jobs.create,
        "DescribeLabelingJob": jobs.describe,
        "StopLabelingJob": jobs.stop,
        "ListLabelingJobs": listed,
    }
