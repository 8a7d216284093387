"""A stack may do what its role may, or whoever began the operation; passing a role is asked for."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.runtime import Credentials
from emulator.server import EmbeddedCloud

PARAMETER = {
    "Type": "AWS::SSM::Parameter",
    "Properties": {"Name": "/role/greeting", "Type": "String", "Value": "good day"},
}


def allow(*actions: str, on: str = "*") -> dict[str, Any]:
    """One allowing statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Makes users and roles with given rights on one cloud."""

    cloud: EmbeddedCloud
    made: list[str] = field(default_factory=list)

    def user(self, *statements: Mapping[str, Any]) -> boto3.Session:
        """A session of a new user who may do that."""
        iam, name = self.cloud.session().client("iam"), f"user-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=_document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = Credentials(access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
        return keys.session(endpoint_url=self.cloud.endpoint_url, region=self.cloud.region)

    def role(self, service: str, *statements: Mapping[str, Any]) -> str:
        """The ARN of a new role that may do that, for a service to assume."""
        iam, name = self.cloud.session().client("iam"), f"stack-role-{uuid.uuid4().hex[:8]}"
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": f"{service}.amazonaws.com"},
        }
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
        if statements:
            self.grant(made["Role"]["Arn"], *statements)
        return str(made["Role"]["Arn"])

    def grant(self, role_arn: str, *statements: Mapping[str, Any]) -> None:
        """The role may do that, and nothing else."""
        self.cloud.session().client("iam").put_role_policy(
            RoleName=role_arn.rpartition("/")[2],
            PolicyName="p",
            PolicyDocument=_document(*statements),
        )


def _document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack, driven by a session."""

    cloud: EmbeddedCloud
    name: str = field(default_factory=lambda: f"acting-{uuid.uuid4().hex[:8]}")

    def create(self, resources: Mapping[str, Any], **options: Any) -> str:
        """The status in which it comes to rest."""
        return self._asked("create_stack", resources, **options)

    def update(self, resources: Mapping[str, Any], **options: Any) -> str:
        """The status in which it comes to rest."""
        return self._asked("update_stack", resources, **options)

    def delete(self, **options: Any) -> str:
        """The status in which it comes to rest."""
        session = options.pop("session", self.cloud.session())
        stack_id = self._described()["StackId"]
        session.client("cloudformation").delete_stack(StackName=self.name, **options)
        return self._rest(stack_id)

    def _asked(self, operation: str, resources: Mapping[str, Any], **options: Any) -> str:
        session = options.pop("session", self.cloud.session())
        call = getattr(session.client("cloudformation"), operation)
        call(
            StackName=self.name,
            TemplateBody=json.dumps({"Resources": resources}),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            **options,
        )
        return self._rest(self.name)

    def _described(self, name: str | None = None) -> dict[str, Any]:
        client = self.cloud.session().client("cloudformation")
        found: dict[str, Any] = client.describe_stacks(StackName=name or self.name)["Stacks"][0]
        return found

    def _rest(self, name: str) -> str:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            status = str(self._described(name)["StackStatus"])
            if not status.endswith("_IN_PROGRESS"):
                return status
        raise AssertionError(f"stack {name} did not come to rest in 30 s")

    def reason(self) -> str:
        """Why a resource failed first."""
        client = self.cloud.session().client("cloudformation")
        events = client.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [
            e["ResourceStatusReason"]
            for e in reversed(events)
            if e["ResourceStatus"].endswith("_FAILED") and "ResourceStatusReason" in e
        ]
        return str(failed[0])


@pytest.fixture
def rights(ground_cloud: EmbeddedCloud) -> Rights:
    """Users and roles of the shared cloud."""
    return Rights(cloud=ground_cloud)


@pytest.fixture
def stack(ground_cloud: EmbeddedCloud) -> Stack:
    """A stack of the shared cloud, under a name of its own."""
    return Stack(cloud=ground_cloud)


@pytest.fixture
def named() -> dict[str, Any]:
    """A parameter of its own name."""
    properties = {**PARAMETER["Properties"], "Name": f"/role/{uuid.uuid4().hex[:8]}"}  # type: ignore[dict-item]
    return {"Parameter": {**PARAMETER, "Properties": properties}}


def test_a_resource_that_the_role_may_not_create_fails_the_stack(
    rights: Rights, stack: Stack, named: dict[str, Any]
) -> None:
    """The reason is AWS's, and names the role's session, the action and the resource."""
    role = rights.role("cloudformation", allow("ssm:GetParameter"))

    assert stack.create(named, RoleARN=role) == "ROLLBACK_COMPLETE"
    name = named["Parameter"]["Properties"]["Name"]
    session = f"assumed-role/{role.rpartition('/')[2]}/AWSCloudFormation"
    place = f"{stack.cloud.region}:{stack.cloud.account}"
    assert stack.reason().startswith(
        f'Resource handler returned message: "User: arn:aws:sts::{stack.cloud.account}:{session} '
        "is not authorized to perform: ssm:PutParameter on resource: "
        f"arn:aws:ssm:{place}:parameter{name} because no identity-based policy allows the "
        "ssm:PutParameter action (Service: ssm, Status Code: 403"
    )
    assert stack.reason().endswith("HandlerErrorCode: AccessDenied)")


def test_a_role_stays_with_its_stack(rights: Rights, stack: Stack, named: dict[str, Any]) -> None:
    """Updates and the deletion use it without naming it, with the rights that it has by then."""
    role = rights.role("cloudformation", allow("ssm:PutParameter"))
    assert stack.create(named, RoleARN=role) == "CREATE_COMPLETE"

    rights.grant(role, allow("ssm:GetParameter"))
    named["Parameter"]["Properties"]["Value"] = "good night"
    assert stack.update(named) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.delete() == "DELETE_FAILED"

    rights.grant(role, allow("ssm:PutParameter", "ssm:DeleteParameter"))
    assert stack.delete() == "DELETE_COMPLETE"


def test_without_a_role_the_callers_rights_count(
    rights: Rights, stack: Stack, named: dict[str, Any]
) -> None:
    """Whoever may create stacks, but not what is in them, gets a stack that fails."""
    user = rights.user(allow("cloudformation:*"))

    assert stack.create(named, session=user) == "ROLLBACK_COMPLETE"
    assert ":user/user-" in stack.reason()
    assert "ssm:PutParameter" in stack.reason()


def test_a_change_set_is_executed_with_its_role(
    rights: Rights, stack: Stack, named: dict[str, Any]
) -> None:
    """As the CDK command line deploys: the role is named when the change set is made."""
    role = rights.role("cloudformation", allow("ssm:GetParameter"))
    client = stack.cloud.session().client("cloudformation")
    client.create_change_set(
        StackName=stack.name,
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": named}),
        RoleARN=role,
    )
    client.get_waiter("change_set_create_complete").wait(
        StackName=stack.name, ChangeSetName="first"
    )
    client.execute_change_set(StackName=stack.name, ChangeSetName="first")

    assert stack._rest(stack.name) == "ROLLBACK_COMPLETE"
    assert "assumed-role/stack-role-" in stack.reason()


def test_a_role_that_cloudformation_may_not_assume_is_refused(
    rights: Rights, stack: Stack, named: dict[str, Any]
) -> None:
    """The stack is not begun."""
    role = rights.role("lambda", allow("*"))

    with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
        stack.create(named, RoleARN=role)


def test_the_role_of_a_resource_must_be_passed_by_the_stacks_role(
    rights: Rights, stack: Stack
) -> None:
    """A state machine's role is passed to Step Functions, and to nobody else."""
    inner = rights.role("states")
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": inner,
            "DefinitionString": '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
        },
    }
    passes = {**allow("iam:PassRole", on=inner)}
    other = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    role = rights.role("cloudformation", allow("states:*"), {**passes, "Condition": other})
    assert stack.create({"Machine": machine}, RoleARN=role) == "ROLLBACK_COMPLETE"
    assert f"iam:PassRole on resource: {inner}" in stack.reason()

    right = {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}
    rights.grant(role, allow("states:*"), {**passes, "Condition": right})
    again = Stack(cloud=stack.cloud)
    assert again.create({"Machine": machine}, RoleARN=role) == "CREATE_COMPLETE"


def test_the_role_of_a_stack_must_be_passed(
    rights: Rights, stack: Stack, named: dict[str, Any]
) -> None:
    """Whoever may create stacks may not lend them any role."""
    role = rights.role("cloudformation", allow("*"))
    user = rights.user(allow("cloudformation:*"))

    with pytest.raises(ClientError, match="iam:PassRole") as refused:
        stack.create(named, session=user, RoleARN=role)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"

    trusted = rights.user(allow("cloudformation:*"), allow("iam:PassRole", on=role))
    assert stack.create(named, session=trusted, RoleARN=role) == "CREATE_COMPLETE"


Call = Callable[[boto3.Session, str], Any]
CALLS: Mapping[str, tuple[str, Call]] = {
    "lambda:CreateFunction": (
        "lambda",
        lambda session, role: session.client("lambda").create_function(
            FunctionName=f"f-{uuid.uuid4().hex[:8]}",
            Runtime="python3.12",
            Handler="a.b",
            Role=role,
            Code={"ZipFile": b"nothing"},
        ),
    ),
    "states:CreateStateMachine": (
        "states",
        lambda session, role: session.client("stepfunctions").create_state_machine(
            name=f"m-{uuid.uuid4().hex[:8]}",
            definition='{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
            roleArn=role,
        ),
    ),
    "events:PutTargets": (
        "events",
        lambda session, role: session.client("events").put_targets(
            Rule="any", Targets=[{"Id": "a", "Arn": "arn:aws:sqs:::q", "RoleArn": role}]
        ),
    ),
    "scheduler:CreateSchedule": (
        "scheduler",
        lambda session, role: session.client("scheduler").create_schedule(
            Name=f"s-{uuid.uuid4().hex[:8]}",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": "arn:aws:sqs:::q", "RoleArn": role},
        ),
    ),
    "codebuild:CreateProject": (
        "codebuild",
        lambda session, role: session.client("codebuild").create_project(
            name=f"p-{uuid.uuid4().hex[:8]}",
            source={"type": "NO_SOURCE", "buildspec": "{}"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=role,
        ),
    ),
}


@pytest.mark.parametrize("action", CALLS)
def test_a_request_that_gives_a_role_away_needs_pass_role(rights: Rights, action: str) -> None:
    """Without it AWS's refusal names the role; for another service it is no permission."""
    service, call = CALLS[action]
    role = rights.role(service)
    everything = allow(f"{action.partition(':')[0]}:*")

    with pytest.raises(ClientError, match="iam:PassRole"):
        call(rights.user(everything), role)
    elsewhere = {
        **allow("iam:PassRole", on=role),
        "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    }
    with pytest.raises(ClientError, match="iam:PassRole"):
        call(rights.user(everything, elsewhere), role)

    here = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    allowed = {**allow("iam:PassRole", on=role), "Condition": here}
    try:
        call(rights.user(everything, allowed), role)
    except ClientError as error:
        assert "iam:PassRole" not in str(error)  # noqa: PT017 - what comes after is the service's
