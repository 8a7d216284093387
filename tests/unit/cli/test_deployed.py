"""What a deployed project offers is found by the outputs of its release stack."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.deployed import OUTPUTS, find, find_optional, price_in
from cli.exits import CommandError, Exit
from cli.target import Target
from emulator.clock import CloudClock

VALUES = {
    "ReleaseTableName": "releases",
    "ObservationTableName": "observations",
    "ReleaseMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:release",
    "ApiUrl": "https://api.example/",
}


class StubbedTarget(Target):
    """A target whose CloudFormation answers what a test says."""

    def client(self, service: str) -> Any:
        """The stubbed client, or a real one that nobody asks."""
        made = boto3.client(service, region_name="eu-west-1")  # type: ignore[call-overload]
        if service == "cloudformation":
            stubber = Stubber(made)
            outputs = self.environment
            if outputs:
                stubber.add_response("describe_stacks", described(outputs), {"StackName": STACK})
            else:
                stubber.add_client_error("describe_stacks", "ValidationError", "does not exist")
            stubber.activate()
        return made


STACK = "demo-dev-release"


def described(outputs: dict[str, str]) -> dict[str, Any]:
    """CloudFormation's description of the stack."""
    listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    return {
        "Stacks": [
            {
                "StackName": STACK,
                "CreationTime": 0,
                "StackStatus": "CREATE_COMPLETE",
                "Outputs": listed,
            }
        ]
    }


def target(outputs: dict[str, str]) -> Target:
    """A target on which the stack has these outputs; none means that there is no stack."""
    return StubbedTarget(
        session=boto3.Session(region_name="eu-west-1"),
        endpoint_url=None,
        region="eu-west-1",
        clock=CloudClock(),
        environment=outputs,
        embedded=False,
    )


def test_tables_machine_and_front_door_are_those_of_the_stack():
    """Every port is bound to what the stack says."""
    deployed = find(target(VALUES), project="demo", stage="dev")
    assert deployed.api_url == "https://api.example"
    assert deployed.outputs == VALUES


def test_a_project_that_is_not_deployed_is_none_or_an_error():
    """Before the first deploy there is nothing, and commands that need it say what to do."""
    assert find_optional(target({}), project="demo", stage="dev") is None
    with pytest.raises(CommandError, match="tidegate deploy") as refused:
        find(target({}), project="demo", stage="dev")
    assert refused.value.code is Exit.REFUSED


@pytest.mark.parametrize("missing", OUTPUTS)
def test_a_stack_without_an_output_is_told(missing: str):
    """A stack of another version is named with what it lacks."""
    outputs = {key: value for key, value in VALUES.items() if key != missing}
    with pytest.raises(CommandError, match=f"no output {missing}"):
        find(target(outputs), project="demo", stage="dev")


def test_a_target_on_this_machine_does_not_wait_for_a_cloud_that_is_gone():
    """Two tries at most: a closed port is told at once."""
    here = Target(
        session=boto3.Session(region_name="eu-west-1"),
        endpoint_url="http://127.0.0.1:1",
        region="eu-west-1",
        clock=CloudClock(),
        environment={},
        embedded=True,
    )
    retries = here.client("dynamodb").meta.config.retries
    assert retries["total_max_attempts"] == 2


def test_a_price_that_a_stack_does_not_tell_is_not_known():
    """Which is not zero: something may cost nothing."""
    outputs = {"PriceOfNothing": "0.0", "PriceOfAnHour": "0.23"}
    names = ("PriceOfNothing", "PriceOfAnHour", "PriceOfMore")
    assert [price_in(outputs, name) for name in names] == [0.0, 0.23, None]
