"""Several accounts in one cloud: each has its own resources, and roles lead from one to another."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import CloudError, EmbeddedCloud
from emulator.settings import Settings
from tests.polling import until

TOOLS, STAGING = "111111111111", "222222222222"
REGION = "eu-west-1"


@pytest.fixture(scope="module")
def cloud() -> Iterator[EmbeddedCloud]:
    """A cloud of two accounts."""
    settings = Settings(account=TOOLS, other_accounts=(STAGING,), region=REGION, time_scale=60.0)
    with EmbeddedCloud.start(settings) as made:
        yield made


def client(cloud: EmbeddedCloud, account: str, service: str) -> Any:
    """A client of an account's administrator."""
    make: Any = cloud.session(account).client
    return make(service)


def role(cloud: EmbeddedCloud, account: str, principal: dict[str, str], *actions: str) -> str:
    """A role of an account that the principal may take, with those actions on everything."""
    iam, name = client(cloud, account, "iam"), f"role-{uuid.uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    if actions:
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allowed))
    return str(made)


def document(statement: dict[str, Any]) -> str:
    """A policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_each_account_has_an_administrator(cloud: EmbeddedCloud):
    """Keys tell whose account a request is about; the first account is the cloud's own."""
    assert cloud.account == TOOLS
    for account in (TOOLS, STAGING):
        told = client(cloud, account, "sts").get_caller_identity()
        assert told["Arn"] == f"arn:aws:iam::{account}:user/administrator"


def test_an_account_that_is_not_there_is_named(cloud: EmbeddedCloud):
    """With those that are."""
    with pytest.raises(CloudError, match=f"no account 999999999999, it has: {TOOLS}, {STAGING}"):
        cloud.session("999999999999")


def test_equal_names_in_two_accounts_are_two_things(cloud: EmbeddedCloud):
    """An account sees its own only."""
    topics = {
        account: client(cloud, account, "sns").create_topic(Name="news")["TopicArn"]
        for account in (TOOLS, STAGING)
    }
    for account, topic in topics.items():
        listed = client(cloud, account, "sns").list_topics()["Topics"]
        assert [each["TopicArn"] for each in listed] == [topic]
        assert f":{account}:" in topic


def test_a_registry_is_of_one_account(cloud: EmbeddedCloud):
    """Neither its groups nor their versions are seen from another, not even by ARN."""
    here, there = (client(cloud, account, "sagemaker") for account in (TOOLS, STAGING))
    here.create_model_package_group(ModelPackageGroupName="ours")
    specification = {
        "Containers": [{"Image": "image:1"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    made = here.create_model_package(
        ModelPackageGroupName="ours", InferenceSpecification=specification
    )
    arn = made["ModelPackageArn"]
    assert f":{TOOLS}:" in arn
    assert there.list_model_package_groups()["ModelPackageGroupSummaryList"] == []
    with pytest.raises(ClientError):
        there.describe_model_package(ModelPackageName=arn)
    there.create_model_package_group(ModelPackageGroupName="ours")
    assert there.list_model_packages(ModelPackageGroupName="ours")["ModelPackageSummaryList"] == []


def test_buckets_of_another_account_are_closed(cloud: EmbeddedCloud):
    """Even to its administrator, unless the bucket's policy says otherwise."""
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    client(cloud, STAGING, "s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        client(cloud, TOOLS, "s3").put_object(Bucket=name, Key="key", Body=b"")


def test_a_role_of_another_account_needs_its_trust(cloud: EmbeddedCloud):
    """Its own account's administrator cannot lend it to strangers."""
    closed = role(cloud, STAGING, {"AWS": f"arn:aws:iam::{STAGING}:root"})
    open_ = role(cloud, STAGING, {"AWS": f"arn:aws:iam::{TOOLS}:root"})
    sts = client(cloud, TOOLS, "sts")
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=closed, RoleSessionName="story")
    taken = sts.assume_role(RoleArn=open_, RoleSessionName="story")["AssumedRoleUser"]["Arn"]
    assert taken.startswith(f"arn:aws:sts::{STAGING}:assumed-role/")


def test_a_task_takes_the_role_that_its_credentials_name(cloud: EmbeddedCloud):
    """With the right to take it the task works in the other account, without it fails.

    Step Functions developer guide, "Accessing resources in other AWS accounts".
    """
    there = role(cloud, STAGING, {"AWS": f"arn:aws:iam::{TOOLS}:root"})
    states = {"Service": "states.amazonaws.com"}
    mute = role(cloud, TOOLS, states)
    able = role(cloud, TOOLS, states, "sts:AssumeRole")

    refused = ended(cloud, machine(cloud, mute, {"RoleArn": there}))
    assert (refused["status"], refused["error"]) == ("FAILED", "States.TaskFailed")
    assert f"{mute} is not authorized to assume the task state's role, {there}" in refused["cause"]
    for credentials in ({"RoleArn": there}, {"RoleArn.$": "$.role"}):
        done = ended(cloud, machine(cloud, able, credentials), role=there)
        assert done["status"] == "SUCCEEDED", done
        assert json.loads(done["output"])["Account"] == STAGING


def machine(cloud: EmbeddedCloud, role_arn: str, credentials: dict[str, str]) -> str:
    """A machine of the tools account that asks who it is, by a task with those credentials."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
        "Parameters": {},
        "Credentials": credentials,
        "End": True,
    }
    made = client(cloud, TOOLS, "stepfunctions").create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}",
        roleArn=role_arn,
        definition=json.dumps({"StartAt": "Ask", "States": {"Ask": task}}),
    )
    return str(made["stateMachineArn"])


def ended(cloud: EmbeddedCloud, machine_arn: str, **told: str) -> dict[str, Any]:
    """An execution with that input, once it is over."""
    states = client(cloud, TOOLS, "stepfunctions")
    arn = states.start_execution(stateMachineArn=machine_arn, input=json.dumps(told))[
        "executionArn"
    ]

    def over() -> dict[str, Any] | None:
        execution: dict[str, Any] = states.describe_execution(executionArn=arn)
        return None if execution["status"] == "RUNNING" else execution

    return until(over, seconds=30.0, what="the end of the execution")
