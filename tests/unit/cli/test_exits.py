"""Errors as exit codes, lines and documents."""

import json

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from urllib3.exceptions import HTTPError

from cli.exits import CommandError, Exit, InterruptedCommandError, failure_of, reported
from cli.output import print_json, say
from emulator.server import CloudError
from tidegate.errors import (
    ConflictError,
    InvalidValueError,
    LockedError,
    NotFoundError,
    ReleaseRefusedError,
)


def aws(code: str) -> ClientError:
    """An error of AWS."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError("x"), Exit.FAILED),
        (CommandError("x", code=Exit.USAGE), Exit.USAGE),
        (ReleaseRefusedError("x"), Exit.REFUSED),
        (LockedError(model="m", holder="r"), Exit.REFUSED),
        (InvalidValueError(["x"]), Exit.REFUSED),
        (NotFoundError("x"), Exit.FAILED),
        (ConflictError("x"), Exit.FAILED),
        (CloudError("x"), Exit.UNREACHABLE),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), Exit.UNREACHABLE),
        (HTTPError("x"), Exit.UNREACHABLE),
        (aws("ExpiredToken"), Exit.UNREACHABLE),
        (aws("AccessDenied"), Exit.FAILED),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (InterruptedCommandError("x"), Exit.INTERRUPTED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else value.word,
)
def test_every_expected_error_has_its_exit_code(error: BaseException, code: Exit):
    """The code says what kind of trouble it is."""
    failure = failure_of(error)
    assert failure is not None
    assert failure.code is code


def test_an_unexpected_error_stays_a_traceback():
    """A fault of ours is not dressed up as the user's."""
    assert failure_of(ZeroDivisionError()) is None


def raising(error: BaseException, *, json_output: bool) -> int:
    """The exit code of a command that raises."""

    @reported
    def command(*, json_output: bool) -> None:
        raise error

    with pytest.raises(SystemExit) as end:
        command(json_output=json_output)
    code = end.value.code
    assert isinstance(code, int)
    return code


def test_every_fault_has_a_line(capsys: pytest.CaptureFixture[str]):
    """All faults are told, on standard error, and standard output stays empty."""
    assert raising(InvalidValueError(["one", "two"]), json_output=False) == 3
    told = capsys.readouterr()
    assert told.err == "tidegate: one\ntidegate: two\n"
    assert told.out == ""


def test_an_error_is_one_document_with_json(capsys: pytest.CaptureFixture[str]):
    """A program reads the same shape for every error."""
    assert raising(InvalidValueError(["one", "two"]), json_output=True) == 3
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "error": "one; two",
        "faults": ["one", "two"],
        "code": "refused",
        "exit_code": 3,
    }
    assert "tidegate: two" in told.err


def test_text_for_people_never_mixes_with_json(capsys: pytest.CaptureFixture[str]):
    """What a command says beside its document goes to standard error."""

    @reported
    def command(*, json_output: bool) -> None:
        say("by the way")
        print_json({"a": 1})

    command(json_output=True)
    told = capsys.readouterr()
    assert json.loads(told.out) == {"a": 1}
    assert "by the way" in told.err


def test_codes_have_the_words_of_the_reference():
    """JSON names codes as the reference does."""
    assert Exit.ROLLED_BACK.word == "rolled-back"
