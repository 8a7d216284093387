"""Custom resources in the embedded cloud follow CloudFormation's protocol."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from emulator.server import EmbeddedCloud

PROVIDER = """
import json, time, urllib.request
import boto3

def handle(event, context):
    boto3.client("s3").put_object(
        Bucket="heard", Key=f"{event['LogicalResourceId']}/{event['RequestId']}",
        Body=json.dumps({**event, "At": time.time_ns()}).encode())
    wanted = event["ResourceProperties"]
    how = wanted.get(event["RequestType"], "")
    if how == "crash":
        raise RuntimeError("the provider broke")
    if how == "silent":
        return
    answer = {
        "Status": "FAILED" if how == "fail" else "SUCCESS",
        "Reason": "the gate is shut" if how == "fail" else "",
        "StackId": event["StackId"], "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "PhysicalResourceId": wanted.get("Id", "thing"),
        "Data": {"Echo": wanted.get("Count", "")},
    }
    if how == "nameless":
        del answer["PhysicalResourceId"]
    if how == "long":
        answer["Reason"] = "x" * 5000
    request = urllib.request.Request(
        event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT",
        headers={"Content-Type": ""})
    urllib.request.urlopen(request)
"""
ASSUMED_BY_LAMBDA = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
MAY_NOTE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::heard/*"}
    ],
}


class Stacks:
    """Stacks of one cloud, and what its custom resource provider was asked."""

    def __init__(self, session: boto3.Session) -> None:
        self._cloudformation = session.client("cloudformation")
        self._s3 = session.client("s3")
        self.provider = _provider(session)

    def put(self, name: str, resources: dict[str, Any], **more: Any) -> str:
        """Create or update a stack; return the status in which it comes to rest."""
        body = json.dumps({"Resources": resources, **more})
        try:
            self._cloudformation.create_stack(StackName=name, TemplateBody=body)
        except self._cloudformation.exceptions.AlreadyExistsException:
            self._cloudformation.update_stack(StackName=name, TemplateBody=body)
        return self._rest(name)

    def delete(self, name: str) -> str:
        """Delete a stack; return the status in which it comes to rest."""
        stack_id = self.describe(name)["StackId"]
        self._cloudformation.delete_stack(StackName=name)
        return self._rest(stack_id)

    def describe(self, name: str) -> dict[str, Any]:
        """What CloudFormation says of the stack."""
        return dict(self._cloudformation.describe_stacks(StackName=name)["Stacks"][0])

    def reasons(self, name: str, logical_id: str) -> list[str]:
        """The failure reasons in the stack's events for one resource, oldest first."""
        events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        own = [e for e in reversed(events) if e["LogicalResourceId"] == logical_id]
        return [e["ResourceStatusReason"] for e in own if e["ResourceStatus"].endswith("_FAILED")]

    def physical_id(self, name: str, logical_id: str) -> str:
        """The physical id that the stack lists for a resource."""
        detail = self._cloudformation.describe_stack_resource(
            StackName=name, LogicalResourceId=logical_id
        )["StackResourceDetail"]
        return str(detail["PhysicalResourceId"])

    def heard(self, logical_id: str) -> list[dict[str, Any]]:
        """The events that the provider got for one resource, oldest first."""
        found = self._s3.list_objects_v2(Bucket="heard", Prefix=f"{logical_id}/")
        keys = [o["Key"] for o in found.get("Contents", [])]
        events = [json.load(self._s3.get_object(Bucket="heard", Key=k)["Body"]) for k in keys]
        return sorted(events, key=lambda event: event["At"])

    def kinds(self, logical_id: str) -> list[tuple[str, str | None]]:
        """Request type and physical id of each event for one resource."""
        heard = self.heard(logical_id)
        return [(e["RequestType"], e.get("PhysicalResourceId")) for e in heard]

    def _rest(self, name: str) -> str:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            status = str(self.describe(name)["StackStatus"])
            if not status.endswith("_IN_PROGRESS"):
                return status
        raise AssertionError(f"stack {name} is still {status} after 30 s")


def _provider(session: boto3.Session) -> str:
    session.client("s3").create_bucket(Bucket="heard")
    iam = session.client("iam")
    role = iam.create_role(
        RoleName="provider", AssumeRolePolicyDocument=json.dumps(ASSUMED_BY_LAMBDA)
    )
    iam.put_role_policy(RoleName="provider", PolicyName="p", PolicyDocument=json.dumps(MAY_NOTE))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", PROVIDER)
    made = session.client("lambda").create_function(
        FunctionName="provider",
        Runtime="python3.13",
        Handler="index.handle",
        Role=role["Role"]["Arn"],
        Timeout=30,
        Code={"ZipFile": packed.getvalue()},
    )
    return str(made["FunctionArn"])


@pytest.fixture(scope="module")
def stacks() -> Iterator[Stacks]:
    """Stacks of a cloud of this module's own, with a provider of custom resources."""
    with EmbeddedCloud.start() as cloud:
        yield Stacks(cloud.session())


def _thing(stacks: Stacks, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "Custom::Thing",
        "Properties": {"ServiceToken": stacks.provider, **properties},
    }


def _failing(stacks: Stacks) -> dict[str, Any]:
    return _thing(stacks, Create="fail")


def test_a_create_event_has_all_of_aws_members(stacks: Stacks) -> None:
    """A function is told type, ids, response URL and properties, each primitive as a string."""
    thing = _thing(stacks, Count=3, Ratio=0.5, On=True, Nested={"List": [1, False]})
    status = stacks.put("members", {"Members": thing})
    (event,) = stacks.heard("Members")
    assert status == "CREATE_COMPLETE"
    assert event["StackId"] == stacks.describe("members")["StackId"]
    assert event["ResourceType"] == "Custom::Thing"
    assert event["ResponseURL"].startswith("http://127.0.0.1:")
    assert event["ServiceToken"] == stacks.provider
    assert "PhysicalResourceId" not in event
    assert "OldResourceProperties" not in event
    assert event["ResourceProperties"] == {
        "ServiceToken": stacks.provider,
        "Count": "3",
        "Ratio": "0.5",
        "On": "true",
        "Nested": {"List": ["1", "false"]},
    }


def test_ref_is_the_physical_id_and_getatt_the_data(stacks: Stacks) -> None:
    """`Ref` answers the function's PhysicalResourceId, `Fn::GetAtt` its Data."""
    outputs = {
        "Id": {"Value": {"Ref": "Seen"}},
        "Echo": {"Value": {"Fn::GetAtt": ["Seen", "Echo"]}},
    }
    stacks.put("seen", {"Seen": _thing(stacks, Id="n-1", Count=7)}, Outputs=outputs)
    found = {o["OutputKey"]: o["OutputValue"] for o in stacks.describe("seen")["Outputs"]}
    assert found == {"Id": "n-1", "Echo": "7"}


def test_an_update_tells_old_and_new_properties(stacks: Stacks) -> None:
    """A changed property is an Update with both property sets and the physical id."""
    stacks.put("both", {"Both": _thing(stacks, Count=1)})
    status = stacks.put("both", {"Both": _thing(stacks, Count=2)})
    update = stacks.heard("Both")[-1]
    assert status == "UPDATE_COMPLETE"
    assert update["RequestType"] == "Update"
    assert update["PhysicalResourceId"] == "thing"
    assert update["ResourceProperties"]["Count"] == "2"
    assert update["OldResourceProperties"]["Count"] == "1"


def test_another_physical_id_deletes_the_old_one_after_success(stacks: Stacks) -> None:
    """An Update that answers a new physical id is followed by a Delete of the old one."""
    stacks.put("moved", {"Moved": _thing(stacks, Id="old")})
    stacks.put("moved", {"Moved": _thing(stacks, Id="new")})
    assert stacks.kinds("Moved") == [("Create", None), ("Update", "old"), ("Delete", "old")]
    assert stacks.physical_id("moved", "Moved") == "new"


def test_the_old_one_stays_until_everything_else_succeeded(stacks: Stacks) -> None:
    """When a later resource fails, the replaced custom resource's old identity is not deleted."""
    stacks.put("kept", {"Kept": _thing(stacks, Id="old")})
    later = {**_failing(stacks), "DependsOn": "Kept"}
    status = stacks.put("kept", {"Kept": _thing(stacks, Id="new"), "Later": later})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert ("Delete", "old") not in stacks.kinds("Kept")
    assert stacks.physical_id("kept", "Kept") == "old"


def test_a_failed_update_of_another_resource_sends_the_old_properties_back(stacks: Stacks) -> None:
    """Rollback updates a custom resource back to its previous properties."""
    stacks.put("back", {"Back": _thing(stacks, Count=1)})
    later = {**_failing(stacks), "DependsOn": "Back"}
    status = stacks.put("back", {"Back": _thing(stacks, Count=2), "Later": later})
    last = stacks.heard("Back")[-1]
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert last["RequestType"] == "Update"
    assert last["ResourceProperties"]["Count"] == "1"
    assert last["OldResourceProperties"]["Count"] == "2"


def test_its_own_failed_update_is_sent_back_too(stacks: Stacks) -> None:
    """A custom resource whose Update failed gets an Update with its previous properties."""
    stacks.put("own", {"Own": _thing(stacks, Count=1)})
    status = stacks.put("own", {"Own": _thing(stacks, Count=2, Update="fail")})
    counts = [e["ResourceProperties"]["Count"] for e in stacks.heard("Own")]
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert counts == ["1", "2", "1"]


def test_a_failure_reason_is_worded_as_on_aws(stacks: Stacks) -> None:
    """The stack event of a failed custom resource carries the function's reason and request id."""
    status = stacks.put("refused", {"Refused": _failing(stacks)})
    (reason,) = stacks.reasons("refused", "Refused")
    request_id = stacks.heard("Refused")[0]["RequestId"]
    assert status == "ROLLBACK_COMPLETE"
    assert reason == (
        "Received response status [FAILED] from custom resource. "
        f"Message returned: the gate is shut (RequestId: {request_id})"
    )


def test_a_failed_creation_is_deleted_on_rollback(stacks: Stacks) -> None:
    """Rollback sends a Delete with the physical id that the failed response named."""
    stacks.put("halfway", {"Halfway": _thing(stacks, Create="fail", Id="half")})
    assert stacks.kinds("Halfway") == [("Create", None), ("Delete", "half")]


def test_a_resource_that_failed_to_appear_in_an_update_is_deleted(stacks: Stacks) -> None:
    """A custom resource that an update adds and that fails gets a Delete on rollback."""
    stacks.put("added", {"First": _thing(stacks)})
    stacks.put("added", {"First": _thing(stacks), "Added": _failing(stacks)})
    assert stacks.kinds("Added") == [("Create", None), ("Delete", "thing")]


def test_a_silent_function_fails_after_its_service_timeout(stacks: Stacks) -> None:
    """No response within ServiceTimeout seconds fails the resource, with the request id."""
    stacks.put("silent", {"Silent": _thing(stacks, Create="silent", ServiceTimeout=1)})
    (reason,) = stacks.reasons("silent", "Silent")
    assert reason.startswith("CloudFormation did not receive a response from your Custom Resource.")


def test_a_crashed_function_fails_at_once_and_says_why(stacks: Stacks) -> None:
    """A function that ends with an error and no response fails the resource with that error."""
    stacks.put("crashed", {"Crashed": _thing(stacks, Create="crash")})
    (reason,) = stacks.reasons("crashed", "Crashed")
    assert "the provider broke" in reason


@pytest.mark.parametrize(
    ("how", "reason"),
    [("nameless", "Invalid PhysicalResourceId"), ("long", "Response is too long.")],
)
def test_an_unacceptable_response_is_a_failure(stacks: Stacks, how: str, reason: str) -> None:
    """CloudFormation refuses a response without a physical id, or beyond 4096 bytes."""
    logical_id = how.title()
    stacks.put(how, {logical_id: _thing(stacks, Create=how)})
    assert stacks.reasons(how, logical_id) == [reason]


def test_an_unknown_service_token_is_a_failure(stacks: Stacks) -> None:
    """A token that names no function fails the resource and says so."""
    thing = {"Type": "Custom::Thing", "Properties": {"ServiceToken": f"{stacks.provider}-not"}}
    stacks.put("nobody", {"Nobody": thing})
    assert "Invalid ServiceToken" in stacks.reasons("nobody", "Nobody")[0]


def test_deleting_the_stack_deletes_its_custom_resource(stacks: Stacks) -> None:
    """A stack deletion sends Delete with the last properties."""
    stacks.put("gone", {"Gone": _thing(stacks, Count=4)})
    assert stacks.delete("gone") == "DELETE_COMPLETE"
    last = stacks.heard("Gone")[-1]
    assert (last["RequestType"], last["ResourceProperties"]["Count"]) == ("Delete", "4")


def test_a_failed_delete_leaves_the_stack_in_delete_failed(stacks: Stacks) -> None:
    """A Delete that the function refuses stops the stack's deletion, with the reason."""
    stacks.put("stuck", {"Stuck": _thing(stacks, Delete="fail")})
    assert stacks.delete("stuck") == "DELETE_FAILED"
    assert "the gate is shut" in stacks.reasons("stuck", "Stuck")[-1]


def test_an_intrinsic_that_resolves_to_the_same_value_touches_nothing(stacks: Stacks) -> None:
    """A template change that leaves the resolved properties alone sends no request."""
    stacks.put("same", {"Same": _thing(stacks, Where="us-east-1")})
    status = stacks.put("same", {"Same": _thing(stacks, Where={"Ref": "AWS::Region"})})
    assert status == "UPDATE_COMPLETE"
    assert stacks.kinds("Same") == [("Create", None)]


def test_depends_on_orders_creation_and_reverses_deletion(stacks: Stacks) -> None:
    """`DependsOn` creates the named resource first and deletes it last."""
    second = {**_thing(stacks), "DependsOn": "OrderA"}
    stacks.put("order", {"OrderB": second, "OrderA": _thing(stacks)})
    stacks.delete("order")
    first, last = stacks.heard("OrderA"), stacks.heard("OrderB")
    assert first[0]["At"] < last[0]["At"]
    assert first[1]["At"] > last[1]["At"]
