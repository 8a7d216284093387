"""Stacks with queues that feed functions, and stacks that import what others export."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.polling import until

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack under a name of its own."""

    client: Any
    name: str = field(default_factory=lambda: f"queues-{uuid.uuid4().hex[:8]}")

    def put(self, resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> str:
        """Create or update it; the status in which it comes to rest."""
        body = json.dumps({"Resources": resources, "Outputs": outputs or {}})
        given = {
            "StackName": self.name,
            "TemplateBody": body,
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }
        try:
            self.client.create_stack(**given)
        except self.client.exceptions.AlreadyExistsException:
            self.client.update_stack(**given)

        def rest() -> str | None:
            status = str(self.described["StackStatus"])
            return None if status.endswith("_IN_PROGRESS") else status

        return until(rest, seconds=30, what="a stack at rest")

    @property
    def described(self) -> Json:
        """DescribeStacks."""
        found: Json = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        return found

    def output(self, name: str) -> str:
        """The value of an output."""
        found = {o["OutputKey"]: str(o["OutputValue"]) for o in self.described["Outputs"]}
        return found[name]

    def reasons(self) -> list[str]:
        """Why anything failed."""
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return [
            e.get("ResourceStatusReason", "") for e in events if "FAILED" in e["ResourceStatus"]
        ]

    def delete(self) -> None:
        """It will be deleted."""
        self.client.delete_stack(StackName=self.name)


@pytest.fixture
def make_stack(ground_cloud: EmbeddedCloud) -> Callable[[], Stack]:
    """Makes a stack of the shared cloud, under a name of its own."""
    return lambda: Stack(client=ground_cloud.session().client("cloudformation"))


def _statement(service: str | None = None, **more: Any) -> Json:
    principal = {} if service is None else {"Principal": {"Service": f"{service}.amazonaws.com"}}
    statement = {"Effect": "Allow", **principal, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _got(resource: str, attribute: str = "Arn") -> Json:
    return {"Fn::GetAtt": [resource, attribute]}


def _resources(*actions: str) -> Json:
    """An event bus rule, a queue, and a function that answers into another queue."""
    return {**_queues(), **_function(*actions)}


def _queues() -> Json:
    """A queue that a rule sends to, and its dead-letter queue."""
    return {
        "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600}},
        "In": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "VisibilityTimeout": 60,
                "RedrivePolicy": {"deadLetterTargetArn": _got("Dead"), "maxReceiveCount": 3},
            },
        },
        "Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "In"}],
                "PolicyDocument": _statement(
                    "events",
                    Action="sqs:SendMessage",
                    Resource=_got("In"),
                    Condition={"ArnEquals": {"aws:SourceArn": _got("Rule")}},
                ),
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": [{"Ref": "AWS::StackName"}]},
                "Targets": [{"Id": "in", "Arn": _got("In")}],
            },
        },
    }


CODE = """\
import boto3, os
def handle(event, context):
    for record in event['Records']:
        boto3.client('sqs').send_message(QueueUrl=os.environ['OUT'], MessageBody=record['body'])
"""


def _function(*actions: str) -> Json:
    """A function that may do these actions of queues, its source and where it answers to."""
    allowed = _statement(Action=[f"sqs:{action}" for action in actions], Resource="*")
    role = {
        "AssumeRolePolicyDocument": _statement("lambda", Action="sts:AssumeRole"),
        "Policies": [{"PolicyName": "p", "PolicyDocument": allowed}],
    }
    return {
        "Out": {"Type": "AWS::SQS::Queue"},
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handle",
                "Role": _got("Role"),
                "Code": {"ZipFile": CODE},
                "Timeout": 30,
                "Environment": {"Variables": {"OUT": {"Ref": "Out"}}},
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": _got("In"),
                "FunctionName": {"Ref": "Function"},
                "BatchSize": 1,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": {"MaximumConcurrency": 2},
            },
        },
    }


RIGHTS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "SendMessage")


def test_an_event_goes_through_a_stacks_queue_to_its_function(
    ground_cloud: EmbeddedCloud, make_stack: Callable[[], Stack]
) -> None:
    """Queue policy, mapping and rights as declared; an update drops what is no longer said."""
    stack, session = make_stack(), ground_cloud.session()
    resources = _resources(*RIGHTS)
    outputs = {"Out": {"Value": {"Ref": "Out"}}, "Mapping": {"Value": {"Ref": "Mapping"}}}
    assert stack.put(resources, outputs) == "CREATE_COMPLETE", stack.reasons()
    entry = {"Source": stack.name, "DetailType": "x", "Detail": '{"n": 1}'}
    session.client("events").put_events(Entries=[entry])
    sqs = session.client("sqs")

    def answers() -> list[Any] | None:
        return sqs.receive_message(QueueUrl=stack.output("Out")).get("Messages") or None

    (message,) = until(answers, seconds=15, what="the function's answer")
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    del resources["Mapping"]["Properties"]["ScalingConfig"]
    assert stack.put(resources, outputs) == "UPDATE_COMPLETE", stack.reasons()
    mapping = session.client("lambda").get_event_source_mapping(UUID=stack.output("Mapping"))
    assert not mapping.get("ScalingConfig")
    assert mapping["BatchSize"] == 1


def test_a_stack_cannot_map_a_queue_that_its_function_may_not_read(
    make_stack: Callable[[], Stack],
) -> None:
    """The reason is Lambda's."""
    stack = make_stack()
    assert stack.put(_resources("ReceiveMessage", "DeleteMessage")) == "ROLLBACK_COMPLETE"
    assert any("call GetQueueAttributes on SQS" in reason for reason in stack.reasons())


def _parameter(value: Any) -> Json:
    return {
        "Value": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}
    }


def test_an_export_in_use_can_be_neither_changed_nor_taken_away(
    make_stack: Callable[[], Stack],
) -> None:
    """Deleting its stack is refused, an update rolls back; without users both go."""
    maker, user, other = make_stack(), make_stack(), make_stack()
    name = f"{maker.name}-value"

    def export(value: str) -> Json:
        return {"Shared": {"Value": value, "Export": {"Name": name}}}

    assert maker.put(_parameter("a"), export("one")) == "CREATE_COMPLETE"
    assert user.put(_parameter({"Fn::ImportValue": name})) == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match=f"{name} is imported by stack {user.name}"):
        maker.delete()
    assert maker.put(_parameter("b"), export("two")) == "UPDATE_ROLLBACK_COMPLETE"
    assert f"Export {name} cannot be updated as it is in use by {user.name}" in maker.reasons()
    assert maker.put(_parameter("c")) == "UPDATE_ROLLBACK_COMPLETE"
    assert f"Export {name} cannot be deleted as it is in use by {user.name}" in maker.reasons()
    assert other.put(_parameter("d"), export("x")) == "ROLLBACK_COMPLETE"
    assert user.put(_parameter("plain")) == "UPDATE_COMPLETE"
    assert maker.put(_parameter("e"), export("two")) == "UPDATE_COMPLETE"
    assert maker.put(_parameter("f")) == "UPDATE_COMPLETE"
    names = [e["Name"] for e in maker.client.list_exports()["Exports"]]
    assert name not in names
