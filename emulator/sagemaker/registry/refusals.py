"""What the registry refuses, in AWS's sentences where they are known to us.

Known are those that AWS's own CloudFormation handlers, its users and moto quote. Of the others the
docstring says that the wording is our own.
"""

from emulator.sagemaker.errors import SageMakerError, validation


def group_exists(arn: str) -> SageMakerError:
    """The name of the group is taken."""
    return validation(f"Model Package Group already exists: {arn}")


def no_group(arn: str) -> SageMakerError:
    """There is no such group."""
    return validation(f"ModelPackageGroup {arn} does not exist.")


def no_group_of_policy(arn: str) -> SageMakerError:
    """There is no such group, as the operations on policies say it."""
    return validation(f"Cannot find Model Package Group: {arn}")


def no_policy(arn: str) -> SageMakerError:
    """The group has no policy."""
    return validation(f"Cannot find resource policy for: {arn}")


def group_not_empty(arn: str, packages: int) -> SageMakerError:
    """A group must be empty before it is deleted (code as on AWS, own wording)."""
    return SageMakerError(
        "ConflictException",
        f"Model Package Group {arn} cannot be deleted: it still contains {packages} model "
        "package(s). Delete them first.",
    )


def no_package(arn: str) -> SageMakerError:
    """There is no such package."""
    return validation(f"ModelPackage {arn} does not exist.")


def package_exists(arn: str) -> SageMakerError:
    """The name of the package is taken (own wording, after that of groups)."""
    return validation(f"Model Package already exists: {arn}")


def both_names() -> SageMakerError:
    """A package is in a group, or has a name."""
    return validation(
        "Both ModelPackageName and ModelPackageGroupName are provided in the input. "
        "Cannot determine which one to use."
    )


def no_name() -> SageMakerError:
    """Neither a group nor a name."""
    return validation("Missing ARN.")


def token_reused(token: str, arn: str) -> SageMakerError:
    """The token of another request (code as on AWS, own wording)."""
    return SageMakerError(
        "ConflictException",
        f"ClientToken {token} already created {arn} by a request with other parameters.",
    )


def not_approved(arn: str, status: str) -> SageMakerError:
    """Only an approved version may be deployed (own wording)."""
    return validation(
        f"Cannot create a model of ModelPackage {arn}: its ModelApprovalStatus is {status}, "
        "it must be Approved."
    )
