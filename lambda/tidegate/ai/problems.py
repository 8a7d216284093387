"""Why a request or a file came to nothing: one shape for all services, whoever reads it."""

from collections.abc import Iterable, Mapping
from typing import Any

from tidegate.errors import TidegateError


class CallError(TidegateError):
    """An AI service of AWS did not do what it was asked; `code` is AWS's own."""

    def __init__(self, *, operation: str, code: str, message: str) -> None:
        self.operation = operation
        self.code = code
        super().__init__(f"{operation}: {code}: {message}")


class CallRefusedError(CallError):
    """AWS refused the request: the same one would be refused again."""


class ThrottledError(CallError):
    """AWS had too many requests, and still had after all waits; later is worth a try."""


class CallFailedError(CallError):
    """AWS failed, or was not reached; whether it did anything is not known."""


class ProblemError(TidegateError):
    """What a caller is told: a status of HTTP, a code for programs, a sentence, all faults.

    `retry_after` is in seconds, None where the same request cannot do better later.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int,
        faults: Iterable[str] = (),
        retry_after: int | None = None,
    ) -> None:
        self.code = code
        self.status = status
        self.faults = tuple(faults)
        self.retry_after = retry_after
        super().__init__(message)

    def to_json(self, correlation: str) -> Mapping[str, Any]:
        """The body of the answer."""
        told: dict[str, Any] = {
            "code": self.code,
            "message": str(self),
            "correlation_id": correlation,
        }
        if self.faults:
            told["faults"] = list(self.faults)
        if self.retry_after is not None:
            told["retry_after_seconds"] = self.retry_after
        return {"error": told}


def invalid(faults: Iterable[str]) -> ProblemError:
    """The request does not say what it must."""
    every = tuple(faults)
    return ProblemError("invalid-request", "; ".join(every), status=400, faults=every)


def unusable(message: str) -> ProblemError:
    """The request is well-formed, and the service cannot do it: the message says what it can."""
    return ProblemError("unusable-input", message, status=422)


def not_found(message: str) -> ProblemError:
    """What is asked for is not there; the message says how to find what is."""
    return ProblemError("not-found", message, status=404)


def of_call(error: CallError) -> ProblemError:
    """What a caller is told of an AWS call that did not work; AWS's words stay in the log."""
    if isinstance(error, ThrottledError):
        message = f"{error.operation} has too many requests: try again later"
        return ProblemError("busy", message, status=503, retry_after=5)
    if isinstance(error, CallFailedError):
        message = f"{error.operation} did not answer: try again later"
        return ProblemError("service-failed", message, status=502, retry_after=5)
    message = f"{error.operation} refused the request ({error.code})"
    return ProblemError("service-refused", message, status=502)
