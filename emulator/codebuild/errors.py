"""The errors that CodeBuild answers with, in AWS's codes, and how phases of a build fail."""

from emulator import jsonapi
from emulator.jsonapi import NOT_EMULATED, RefusedRequestError


class CodeBuildError(RefusedRequestError):
    """A request that CodeBuild refuses."""


class PhaseError(Exception):
    """A phase of a build failed: the status code and message of its context."""

    def __init__(self, status_code: str, message: str) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.message = message


def invalid_input(message: str) -> CodeBuildError:
    """The caller's request is wrong."""
    return CodeBuildError("InvalidInputException", message)


def not_emulated(what: str) -> CodeBuildError:
    """The request is legal on AWS."""
    return CodeBuildError(NOT_EMULATED, jsonapi.not_emulated(what))


def project_not_found(arn: str) -> CodeBuildError:
    """No project has the name."""
    return CodeBuildError("ResourceNotFoundException", f"Project cannot be found: {arn}")


def project_exists(arn: str) -> CodeBuildError:
    """The name is taken."""
    return CodeBuildError("ResourceAlreadyExistsException", f"Project already exists: {arn}")


def build_not_found(build_id: str) -> CodeBuildError:
    """No build has the id."""
    return CodeBuildError("ResourceNotFoundException", f"Build {build_id} does not exist")


def report_group_not_found(arn: str) -> CodeBuildError:
    """No report group has the ARN."""
    return CodeBuildError("ResourceNotFoundException", f"Report group cannot be found: {arn}")


def report_group_exists(arn: str) -> CodeBuildError:
    """The name is taken."""
    return CodeBuildError("ResourceAlreadyExistsException", f"Report group already exists: {arn}")


def report_not_found(arn: str) -> CodeBuildError:
    """No report has the ARN, or it has expired."""
    return CodeBuildError("ResourceNotFoundException", f"Report cannot be found: {arn}")


def role_not_assumable(role_arn: str) -> CodeBuildError:
    """The service role does not exist, or does not trust CodeBuild."""
    return invalid_input(
        "CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify "
        "that: 1) The provided service role exists, 2) The role name is case-sensitive and matches "
        "exactly, and 3) The role has the necessary trust policy configured. "
        f"Service role: {role_arn}"
    )
