"""The errors that SageMaker's control plane answers with, in AWS's codes and sentences.

One function a sentence, so that the wording is in one place and a test can quote it. What AWS
would do but this emulation does not is refused with a code of its own, `NotEmulatedException`,
which AWS never sends: nobody can mistake it for AWS's behaviour.
"""

from collections.abc import Sequence

from emulator import apimodels


class SageMakerError(Exception):
    """A request that is refused: the code and sentence that the caller reads."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def validation(message: str) -> SageMakerError:
    """The caller's request is wrong, in AWS's own words."""
    return SageMakerError("ValidationException", message)


def scaled_variants(names: Sequence[str]) -> SageMakerError:
    """An update would remove these variants or change their instance type (own wording)."""
    return validation(
        f"The variant(s) {', '.join(names)} are scalable targets of Application Auto Scaling: "
        "deregister them before they are removed or their instance type is changed."
    )


def constraint_failures(failures: Sequence[str]) -> SageMakerError:
    """Every violated constraint of a request at once, as the API's own front end lists them."""
    return validation(apimodels.listed(failures))


def serialization(message: str) -> SageMakerError:
    """The body is no JSON object of the operation's shape."""
    return SageMakerError("SerializationException", message)


def unknown_operation(operation: str) -> SageMakerError:
    """The operation exists on AWS perhaps, but not here."""
    return not_emulated(f"the operation {operation}")


def not_emulated(what: str) -> SageMakerError:
    """The request is legal on AWS, and the embedded cloud says that it does not do it."""
    return SageMakerError(
        "NotEmulatedException", f"The embedded cloud does not emulate {what}. AWS may accept it."
    )


def could_not_find(kind: str, arn: str) -> SageMakerError:
    """No resource of that kind has the name."""
    return validation(f'Could not find {kind} "{arn}".')


def already_exists(kind: str, arn: str) -> SageMakerError:
    """The name is taken."""
    return validation(f'Cannot create already existing {kind} "{arn}".')


def no_job(name: str) -> SageMakerError:
    """No job has the name."""
    return validation(f"Could not find requested job with name: {name}")


def job_name_taken(arn: str) -> SageMakerError:
    """Names of jobs are never used again."""
    return SageMakerError(
        "ResourceInUse",
        "Job name must be unique within an AWS account and region, and a job with this name "
        f"already exists ({arn})",
    )


def job_not_running(status: str, kind: str = "transform job") -> SageMakerError:
    """A job that has ended can't be stopped."""
    return validation(f"The request was rejected because the {kind} is in status {status}.")


def too_many_jobs(kind: str, limit: int) -> SageMakerError:
    """The account has as many running jobs of the kind as it may have (own wording)."""
    return SageMakerError(
        "ResourceLimitExceeded",
        f"The account-level service limit of running {kind}s is {limit}. Wait for one to end.",
    )


def too_many_instances(instance_type: str, *, limit: int, used: int, wanted: int) -> SageMakerError:
    """The account's running jobs would have more instances than it may have."""
    return SageMakerError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{instance_type} for transform job usage' is {limit} "
        f"Instances, with current utilization of {used} Instances and a request delta of {wanted} "
        "Instances. Please use AWS Service Quotas to request an increase for this quota.",
    )


def update_in_progress(arn: str) -> SageMakerError:
    """The endpoint is neither InService nor Failed, so it can't be changed or deleted."""
    return validation(f'Cannot update in-progress endpoint "{arn}".')


def model_data_missing(url: str) -> SageMakerError:
    """There is no object at the model's URL."""
    return validation(f"Could not find model data at {url}.")


def model_data_inaccessible(url: str, role_arn: str, region: str) -> SageMakerError:
    """The execution role may not read the artifact, or can't be assumed by SageMaker."""
    return validation(
        f'Could not access model data at {url}. Please ensure that the role "{role_arn}" exists '
        'and that its trust relationship policy allows the action "sts:AssumeRole" for the '
        'service principal "sagemaker.amazonaws.com". Also ensure that the role has '
        f'"s3:GetObject" permissions and that the object is located in {region}. If your Model '
        "uses multiple models or uncompressed models, please ensure that the role has "
        '"s3:ListBucket" permission.'
    )


def role_not_assumable(role_arn: str) -> SageMakerError:
    """The execution role does not exist, or does not trust SageMaker."""
    return validation(
        f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
        "principal 'sagemaker.amazonaws.com' to assume the role."
    )


def ping_failed(variant: str) -> str:
    """The FailureReason of an endpoint whose container never answered `/ping` with 200."""
    return (
        f"The primary container for production variant {variant} did not pass the ping health "
        "check. Please check CloudWatch logs for this endpoint."
    )


def image_missing(variant: str) -> str:
    """The FailureReason of an endpoint whose image can't be run."""
    return (
        f"Please make sure all images included in the model for the production variant {variant} "
        "exist, and that the execution role used to create the model has permissions to access "
        "them."
    )


INTERNAL_FAILURE = (
    "Request to service failed. If failure persists after retry, contact customer support."
)
"""The FailureReason when the service itself is at fault."""
