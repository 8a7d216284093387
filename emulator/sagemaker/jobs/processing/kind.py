"""Processing jobs as a kind of job."""

from emulator.sagemaker import errors, names
from emulator.sagemaker.jobs.kind import Kind
from emulator.sagemaker.jobs.processing.describe import described, summary
from emulator.sagemaker.jobs.processing.recipe import check

PROCESSING = Kind(
    noun="ProcessingJob",
    arn_kind=names.PROCESSING_JOB,
    detail_type="SageMaker Processing Job State Change",
    check=check,
    described=described,
    summary=summary,
    unknown=errors.no_job,
)
