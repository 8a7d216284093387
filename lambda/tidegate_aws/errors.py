"""AWS's errors, read once: which error a ClientError is, and what it says."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from botocore.exceptions import ClientError


ABSENT_OBJECT = frozenset({"404", "NoSuchKey", "NotFound"})
"""What S3 calls an object that is not there: HeadObject has no body and so the bare status."""

LOST_CONDITION = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
"""What S3 says where a conditional write came too late, or meets another one under way."""


def code_of(error: ClientError) -> str:
    """AWS's error code, such as `ValidationException`."""
    return error.response["Error"]["Code"]


def message_of(error: ClientError) -> str:
    """AWS's own sentence."""
    return error.response["Error"]["Message"]
