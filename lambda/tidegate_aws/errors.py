"""AWS's errors, read once: which error a ClientError is, and what it says."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from botocore.exceptions import ClientError


def code_of(error: ClientError) -> str:
    """AWS's error code, such as `ValidationException`."""
    return error.response["Error"]["Code"]


def message_of(error: ClientError) -> str:
    """AWS's own sentence."""
    return error.response["Error"]["Message"]
