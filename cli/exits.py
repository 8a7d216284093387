"""Exit codes, and how an error becomes one: one line to standard error, never a traceback."""

import sys
from collections.abc import Callable
from enum import IntEnum
from functools import wraps
from typing import ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from emulator.server import CloudError
from tidegate.errors import InvalidValueError, ReleaseRefusedError, TidegateError

P = ParamSpec("P")
R = TypeVar("R")


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


class CommandError(Exception):
    """A command cannot go on; the message says what to do, `code` is its exit code."""

    def __init__(self, message: str, *, code: Exit = Exit.FAILED) -> None:
        self.code = code
        super().__init__(message)


EXIT_OF_PHASE = {
    "promoted": Exit.OK,
    "rolled-back": Exit.ROLLED_BACK,
    "aborted": Exit.ABORTED,
}


def code_of(error: Exception) -> Exit:
    """The exit code of an error."""
    if isinstance(error, CommandError):
        return error.code
    if isinstance(error, ReleaseRefusedError | InvalidValueError):
        return Exit.REFUSED
    if isinstance(error, CloudError | BotoCoreError):
        return Exit.UNREACHABLE
    return Exit.FAILED


def reported(command: Callable[P, R]) -> Callable[P, R]:
    """The command, with every expected error told in one line and turned into its exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except InvalidValueError as error:
            for fault in error.faults:
                print(f"tidegate: {fault}", file=sys.stderr)
            raise SystemExit(int(Exit.REFUSED)) from error
        except (TidegateError, CommandError, CloudError, BotoCoreError, ClientError) as error:
            print(f"tidegate: {error}", file=sys.stderr)
            raise SystemExit(int(code_of(error))) from error

    return run
