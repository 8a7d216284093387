"""How executions of the release machine ended."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.executions import Ending, StepFunctionsEndings, plain

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:release"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:release:r-1-e2"


def ending(response: dict[str, Any] | None) -> Ending | None:
    """What is made of a description, or of an execution that does not exist."""
    client = boto3.client("stepfunctions", region_name="eu-west-1")
    with Stubber(client) as stubber:
        if response is None:
            stubber.add_client_error("describe_execution", "ExecutionDoesNotExist")
        else:
            described = {
                "executionArn": EXECUTION,
                "stateMachineArn": MACHINE,
                "startDate": 0,
                **response,
            }
            stubber.add_response("describe_execution", described, {"executionArn": EXECUTION})
        endings = StepFunctionsEndings(client=client, machine_arn=MACHINE)
        return endings.ending(release_id="r-1", epoch=2)


def test_a_running_execution_has_no_ending():
    """While it runs there is nothing to tell."""
    assert ending({"status": "RUNNING"}) is None


def test_an_unknown_execution_has_no_ending():
    """An execution that is not there did not end."""
    assert ending(None) is None


def test_a_failed_execution_tells_error_and_sentence():
    """The sentence is taken out of what Lambda wraps around it."""
    found = ending(
        {
            "status": "FAILED",
            "error": "LockedError",
            "cause": '{"errorMessage": "held by r-0", "errorType": "LockedError"}',
        }
    )
    assert str(found) == "LockedError: held by r-0"


def test_an_aborted_execution_says_that_it_gave_no_reason():
    """Silence is told as such."""
    assert str(ending({"status": "ABORTED"})) == "execution r-1-e2 ended ABORTED and gave no reason"


@pytest.mark.parametrize("cause", ["", "not json", "[1]", '{"other": 1}', "7"])
def test_a_cause_of_another_shape_is_told_as_it_is(cause: str):
    """Nothing is lost of a cause that nobody foresaw."""
    assert plain(cause) == cause
