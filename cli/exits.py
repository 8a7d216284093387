"""Exit codes, and how an error becomes one: a line for people, a document for programs.

Nothing heavy is imported before there is an error to tell.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import wraps
from typing import ParamSpec, TypeVar

from cli.output import print_json, results_in_json

P = ParamSpec("P")
R = TypeVar("R")

_SIGN_IN_AGAIN = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)


class Exit(IntEnum):
    """What a command's exit code means (docs/reference/command-line.md)."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    ROLLED_BACK = 4
    ABORTED = 5
    UNDECIDED = 6
    UNREACHABLE = 7
    INTERRUPTED = 130

    @property
    def word(self) -> str:
        """The code's name as it is in JSON."""
        return self.name.lower().replace("_", "-")


class CommandError(Exception):
    """A command cannot go on; the message says what to do, `code` is its exit code."""

    def __init__(self, message: str, *, code: Exit = Exit.FAILED) -> None:
        self.code = code
        super().__init__(message)


class InterruptedCommandError(KeyboardInterrupt):
    """Ctrl-C where there is something to say about what goes on without us."""


EXIT_OF_PHASE = {
    "promoted": Exit.OK,
    "passed": Exit.OK,
    "kept": Exit.OK,
    "rolled-back": Exit.ROLLED_BACK,
    "failed": Exit.ROLLED_BACK,
    "aborted": Exit.ABORTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error as it is told: every fault, and the exit code."""

    faults: tuple[str, ...]
    code: Exit

    def tell(self) -> None:
        """Standard error has a line a fault."""
        for fault in self.faults:
            print(f"tidegate: {fault}", file=sys.stderr)

    def document(self) -> dict[str, object]:
        """The error in JSON types, as `--json` prints it on standard output."""
        return {
            "error": "; ".join(self.faults),
            "faults": list(self.faults),
            "code": self.code.word,
            "exit_code": int(self.code),
        }


def failure_of(error: BaseException) -> Failure | None:
    """The error as it is told; None for one that nobody expected, which stays a traceback."""
    if isinstance(error, CommandError):
        return Failure(faults=(str(error),), code=error.code)
    if isinstance(error, KeyboardInterrupt):
        said = str(error)
        return Failure(faults=(said or "interrupted",), code=Exit.INTERRUPTED)
    failure = _of_the_core(error)
    return _of_the_cloud(error) if failure is None else failure


def _of_the_core(error: BaseException) -> Failure | None:
    from tidegate.errors import (  # noqa: PLC0415 - only once there is an error
        InvalidValueError,
        ReleaseRefusedError,
        TidegateError,
    )

    if isinstance(error, InvalidValueError):
        return Failure(faults=error.faults, code=Exit.REFUSED)
    if not isinstance(error, TidegateError):
        return None
    refused = isinstance(error, ReleaseRefusedError)
    return Failure(faults=(str(error),), code=Exit.REFUSED if refused else Exit.FAILED)


def _of_the_cloud(error: BaseException) -> Failure | None:
    from botocore.exceptions import (  # noqa: PLC0415 - botocore takes 40 ms to import
        BotoCoreError,
        ClientError,
    )
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    from emulator.server import CloudError  # noqa: PLC0415

    if isinstance(error, ClientError):
        return _of_aws(str(error), code=error.response["Error"]["Code"])
    if isinstance(error, BotoCoreError | HTTPError):
        message = f"{error}: is the cloud up? 'tidegate up' starts or names an embedded one"
        return Failure(faults=(message,), code=Exit.UNREACHABLE)
    if isinstance(error, CloudError):
        return Failure(faults=(str(error),), code=Exit.UNREACHABLE)
    return None


def _of_aws(message: str, *, code: str) -> Failure:
    if code in _SIGN_IN_AGAIN:
        return Failure(faults=(f"{message}: sign in to AWS again",), code=Exit.UNREACHABLE)
    return Failure(faults=(message,), code=Exit.FAILED)


def reported(command: Callable[P, R]) -> Callable[P, R]:
    """The command, with every expected error told in a line and turned into its exit code.

    With `--json`, standard output then has exactly one document, `{"error": ..., "code": ...}`.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if kwargs.get("json_output") is not True:
            return _told(command, *args, **kwargs)
        with results_in_json():
            return _told(command, *args, **kwargs)

    return run


def _told(command: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return command(*args, **kwargs)
    except (Exception, KeyboardInterrupt) as error:
        failure = failure_of(error)
        if failure is None:
            raise
        failure.tell()
        if kwargs.get("json_output") is True:
            print_json(failure.document())
        raise SystemExit(int(failure.code)) from error
