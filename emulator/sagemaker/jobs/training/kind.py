"""Training jobs as a kind of job."""

from emulator.sagemaker import errors, names
from emulator.sagemaker.jobs.kind import Kind
from emulator.sagemaker.jobs.training.describe import described, summary
from emulator.sagemaker.jobs.training.recipe import check

TRAINING = Kind(
    noun="TrainingJob",
    arn_kind=names.TRAINING_JOB,
    detail_type="SageMaker Training Job State Change",
    check=check,
    described=described,
    summary=summary,
    unknown=lambda _name: errors.validation("Requested resource not found."),
)
