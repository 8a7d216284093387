"""The errors that CodePipeline answers with, in AWS's codes, and how its actions fail."""

from collections.abc import Sequence

from emulator import jsonapi
from emulator.jsonapi import NOT_EMULATED, RefusedRequestError


class CodePipelineError(RefusedRequestError):
    """A request that CodePipeline refuses."""


class ActionError(Exception):
    """An action (or rule) failed: the code and message of its error details."""

    def __init__(self, code: str, message: str, *, external_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.external_id = external_id


class AbandonedError(Exception):
    """The action was given up while it ran."""


JOB_FAILED = "JobFailed"
CONFIGURATION_ERROR = "ConfigurationError"
PERMISSION_ERROR = "PermissionError"
TIMED_OUT = "Timeout"


def invalid_structure(faults: Sequence[str]) -> CodePipelineError:
    """The pipeline's declaration is wrong; all of its faults at once."""
    return CodePipelineError("InvalidStructureException", "; ".join(faults))


def invalid_action(faults: Sequence[str]) -> CodePipelineError:
    """Actions of the declaration are wrong; all of their faults at once."""
    return CodePipelineError("InvalidActionDeclarationException", "; ".join(faults))


def not_emulated(what: str) -> CodePipelineError:
    """The request is legal on AWS."""
    return CodePipelineError(NOT_EMULATED, jsonapi.not_emulated(what))


def pipeline_not_found(account: str, name: str) -> CodePipelineError:
    """No pipeline has the name."""
    return CodePipelineError(
        "PipelineNotFoundException",
        f"Account '{account}' does not have a pipeline with name '{name}'",
    )


def name_in_use(name: str) -> CodePipelineError:
    """The name is taken."""
    return CodePipelineError(
        "PipelineNameInUseException", f"A pipeline with the name '{name}' already exists in account"
    )


def execution_not_found(pipeline: str, execution_id: str) -> CodePipelineError:
    """The pipeline has no such execution."""
    return CodePipelineError(
        "PipelineExecutionNotFoundException",
        f"Pipeline '{pipeline}' does not have an execution with id '{execution_id}'",
    )


def stage_not_found(pipeline: str, stage: str) -> CodePipelineError:
    """The pipeline has no such stage."""
    return CodePipelineError(
        "StageNotFoundException", f"Pipeline '{pipeline}' does not have a stage named '{stage}'"
    )


def action_not_found(stage: str, action: str) -> CodePipelineError:
    """The stage has no such action."""
    return CodePipelineError(
        "ActionNotFoundException", f"Stage '{stage}' does not have an action named '{action}'"
    )


def job_not_found(job_id: str) -> CodePipelineError:
    """No job has the id."""
    return CodePipelineError("JobNotFoundException", f"Job {job_id} not found")


def role_not_assumable(role_arn: str) -> CodePipelineError:
    """The role does not exist, or does not trust CodePipeline."""
    return CodePipelineError(
        "InvalidStructureException",
        f"CodePipeline is not authorized to perform AssumeRole on role {role_arn}",
    )
