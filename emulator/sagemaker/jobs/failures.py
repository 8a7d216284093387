"""Why jobs fail: what the Describe operations say.

The shapes of the sentences are those that users quote in public (`AlgorithmError: ...`, `exit code:
1`); the ones about S3 are those of batch transform.
"""

from emulator.sagemaker.transform.failures import (
    INTERNAL,
    LONGEST_REASON,
    JobFailedError,
    nothing_found,
    refused_by_s3,
)

__all__ = [
    "INTERNAL",
    "LONGEST_REASON",
    "JobFailedError",
    "algorithm",
    "client",
    "nothing_found",
    "refused_by_s3",
]

SEE_LOG = "See job logs for more information"


def algorithm(text: str, exit_code: int) -> JobFailedError:
    """The user's program failed; `text` is what it left as the reason, empty if nothing."""
    told = text.strip() or SEE_LOG
    ending = f", exit code: {exit_code}"
    return JobFailedError(f"AlgorithmError: {told}"[: LONGEST_REASON - len(ending)] + ending)


def client(sentence: str) -> JobFailedError:
    """The request, or the data that it names, is wrong."""
    return JobFailedError(f"ClientError: {sentence}", (sentence,))
