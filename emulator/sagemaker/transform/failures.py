"""Why jobs fail: what DescribeTransformJob says, and what the log says more of.

SageMaker's FailureReason is short and points to the log. Its sentences here are those that users
quote in public; the ones for S3 are our own, because AWS's are not known to us.
"""

from collections.abc import Sequence

from botocore.exceptions import ClientError

LONGEST_REASON = 1024
SEE_LOG = "See job logs for more information"
BAD_DATA = f"ClientError: {SEE_LOG}"
BAD_ALGORITHM = f"AlgorithmError: {SEE_LOG}"
NO_PING = f"AlgorithmError: Model container failed to respond to ping; {SEE_LOG}"
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."
NO_ANSWER = "Unable to get response from algorithm"
SHOWN_BYTES = 8 * 1024
"""How much of a bad answer goes to the log."""


class JobFailedError(Exception):
    """The job, or one of its objects, can't be done; the text is the FailureReason.

    `lines` is what the job's log says of it.
    """

    def __init__(self, reason: str, lines: Sequence[str] = ()) -> None:
        super().__init__(reason[:LONGEST_REASON])
        self.lines = tuple(lines)


def bad_status(status: int, body: bytes) -> JobFailedError:
    """The container answered, but not with a 2xx."""
    shown = body[:SHOWN_BYTES].decode("utf-8", errors="replace").splitlines()
    lines = (f"Bad HTTP status received from algorithm: {status}", "", "Message:", *shown)
    return JobFailedError(BAD_DATA, lines)


def no_answer(detail: object) -> JobFailedError:
    """The container ended, or took too long."""
    return JobFailedError(BAD_ALGORITHM, (f"{NO_ANSWER}: {detail}",))


def nothing_found(uri: str, *, role_arn: str, region: str) -> JobFailedError:
    """The input names no object."""
    bucket = uri.removeprefix("s3://").partition("/")[0]
    return JobFailedError(
        f'ClientError: No S3 objects found under S3 URL "{uri}" given in input data source. '
        f"Please ensure that the bucket exists in the selected region ({region}), that objects "
        f'exist under that S3 prefix, and that the role "{role_arn}" has "s3:ListBucket" '
        f'permissions on bucket "{bucket}".'
    )


def refused_by_s3(error: ClientError, uri: str, *, role_arn: str) -> JobFailedError:
    """The execution role may not read or write, or what it asked for is not there."""
    told = error.response["Error"]
    sentence = (
        f"{error.operation_name} of {uri} as {role_arn} was refused: "
        f"{told.get('Code')}: {told.get('Message')}"
    )
    return JobFailedError(f"ClientError: {sentence}", (sentence,))
