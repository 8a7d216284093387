"""What pipelines refuse. The codes are AWS's; docstrings say where the wording is our own."""

from emulator.sagemaker.errors import SageMakerError, validation


def exists(arn: str) -> SageMakerError:
    """The name is taken."""
    return validation(
        f"Pipeline names must be unique within an AWS account and region. Pipeline with name "
        f"({arn.rpartition('/')[2]}) already exists."
    )


def unknown_pipeline(arn: str) -> SageMakerError:
    """There is no such pipeline."""
    return SageMakerError("ResourceNotFound", f"Pipeline '{arn}' does not exist.")


def unknown_execution(arn: str) -> SageMakerError:
    """There is no such execution (own wording)."""
    return SageMakerError("ResourceNotFound", f"Pipeline execution '{arn}' does not exist.")


def still_runs(arn: str, executions: int) -> SageMakerError:
    """A pipeline that runs can't be deleted (code as on AWS, own wording)."""
    return SageMakerError(
        "ConflictException",
        f"Pipeline '{arn}' has {executions} running execution(s): stop them before it is deleted.",
    )


def not_running(arn: str, status: str) -> SageMakerError:
    """Only what runs can be stopped (code as on AWS, own wording)."""
    return SageMakerError(
        "ConflictException", f"Pipeline execution '{arn}' can't be stopped: it is {status}."
    )


def not_retriable(arn: str, status: str) -> SageMakerError:
    """Only what failed or was stopped can be retried (code as on AWS, own wording)."""
    return SageMakerError(
        "ConflictException",
        f"Pipeline execution '{arn}' can't be retried: it is {status}, not Failed or Stopped.",
    )
