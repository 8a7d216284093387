"""AutoML jobs as a kind of job, and their operations in the table."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from emulator.sagemaker import errors, names
from emulator.sagemaker.automl.describe import candidate, described, summary
from emulator.sagemaker.automl.recipe import check
from emulator.sagemaker.jobs.kind import Kind
from emulator.sagemaker.jobs.operations import JobOperations
from emulator.sagemaker.jobstatus import JobStatus
from emulator.sagemaker.names import Tenant

Json = dict[str, Any]

AUTOML = Kind(
    noun="AutoMLJob",
    arn_kind=names.AUTOML_JOB,
    detail_type="SageMaker AutoML Job State Change",
    check=check,
    described=described,
    summary=summary,
    unknown=errors.no_job,
)


def table(
    jobs: JobOperations,
) -> dict[str, Callable[[Tenant, Mapping[str, Any]], Awaitable[Json]]]:
    """The operations by name: some have a version in it, some not."""

    async def candidates(tenant: Tenant, request: Mapping[str, Any]) -> Json:
        job = jobs.job(tenant, request["AutoMLJobName"])
        made = [candidate(job)] if job.status is JobStatus.COMPLETED else []
        wanted = request.get("StatusEquals", "Completed") == "Completed"
        return {"Candidates": made if wanted else []}

    return {
        "CreateAutoMLJobV2": jobs.create,
        "DescribeAutoMLJobV2": jobs.describe,
        "StopAutoMLJob": jobs.stop,
        "ListAutoMLJobs": jobs.list_,
        "ListCandidatesForAutoMLJob": candidates,
    }
