import json
import time
import uuid
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud


def test_denial_names_action_resource_and_request(
    ground_cloud: EmbeddedCloud, make_function: Callable[..., str]
):
    """A refused function's error reads as AWS's, with the resource in it."""
    source = """
import boto3
def handle(event, context):
    try:
        boto3.client("lambda").invoke(FunctionName=event["other"])
    except Exception as error:
        return {"message": str(error), "id": error.response["ResponseMetadata"].get("RequestId")}
"""
    caller, other = make_function(source), make_function("def handle(e, c): pass")
    client = ground_cloud.session().client("lambda")

    answer = client.invoke(FunctionName=caller, Payload=json.dumps({"other": other}))
    seen = json.loads(answer["Payload"].read())

    assert (
        f"perform: lambda:InvokeFunction on resource: {other} because no identity"
        in (seen["message"])
    )
    assert seen["id"]


def test_loopback_counts_as_tls(ground_cloud: EmbeddedCloud):
    """A bucket that denies plain HTTP can be used, as the CDK's bootstrap bucket must be."""
    s3 = ground_cloud.session().client("s3")
    s3.create_bucket(Bucket="tls-only")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket="tls-only", Policy=document)

    s3.put_object(Bucket="tls-only", Key="k", Body=b"content")

    assert s3.get_object(Bucket="tls-only", Key="k")["Body"].read() == b"content"


def test_session_of_a_role_may_only_what_the_role_may(
    ground_cloud: EmbeddedCloud, make_role: Callable[..., str]
):
    """An assumed role lists tables with permission and is refused functions without."""
    role = make_role("lambda", "dynamodb:ListTables")
    iam = ground_cloud.session().client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    iam.update_assume_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    session = ground_cloud.session()
    keys = session.client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    names = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }

    session.client("dynamodb", **names).list_tables()
    with pytest.raises(ClientError, match="lambda:ListFunctions"):
        session.client("lambda", **names).list_functions()


def test_conditions_name_the_role_of_a_session(
    ground_cloud: EmbeddedCloud, make_role: Callable[..., str]
):
    """A role that trusts another by `aws:PrincipalArn` is taken by its sessions, and no others."""
    caller, target = make_role("lambda", "sts:AssumeRole"), make_role("lambda")
    iam, session = ground_cloud.session().client("iam"), ground_cloud.session()

    def trust(statement: dict[str, object], role: str) -> None:
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **statement}],
        }
        iam.update_assume_role_policy(
            RoleName=role.rpartition("/")[2], PolicyDocument=json.dumps(document)
        )

    root = {"AWS": f"arn:aws:iam::{ground_cloud.account}:root"}
    trust({"Principal": {"AWS": "*"}}, caller)
    keys = session.client("sts").assume_role(RoleArn=caller, RoleSessionName="story")["Credentials"]
    names = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    sts = session.client("sts", **names)
    named = {"ArnEquals": {"aws:PrincipalArn": [caller]}}

    trust({"Principal": root, "Condition": named}, target)
    assert sts.assume_role(RoleArn=target, RoleSessionName="story")["Credentials"]
    trust({"Principal": root, "Condition": {"ArnEquals": {"aws:PrincipalArn": [target]}}}, target)
    with pytest.raises(ClientError, match="not authorized"):
        sts.assume_role(RoleArn=target, RoleSessionName="story")


@pytest.mark.parametrize("ending", [":*", ":log-stream:mine"])
def test_writing_a_log_is_asked_about_its_stream(ground_cloud: EmbeddedCloud, ending: str):
    """Everything in the group covers it, and so does the stream's own ARN."""
    assert written(ground_cloud, ending) == 1


def test_a_group_alone_does_not_cover_its_streams(ground_cloud: EmbeddedCloud):
    """The refusal names the stream."""
    with pytest.raises(ClientError, match=r"CreateLogStream on resource: .*:log-stream:mine"):
        written(ground_cloud, "")


def written(cloud: EmbeddedCloud, ending: str) -> int:
    """How many events a user wrote who may write to `GROUP + ending`."""
    session, name = cloud.session(), f"logger-{uuid.uuid4().hex[:8]}"
    logs, iam = session.client("logs"), session.client("iam")
    logs.create_log_group(logGroupName=name)
    iam.create_user(UserName=name)
    writing = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:{cloud.region}:{cloud.account}:log-group:{name}{ending}",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [writing]})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    writer = session.client(
        "logs",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
    )
    writer.create_log_stream(logGroupName=name, logStreamName="mine")
    event = {"timestamp": int(time.time() * 1000), "message": "hello"}
    writer.put_log_events(logGroupName=name, logStreamName="mine", logEvents=[event])
    return len(logs.get_log_events(logGroupName=name, logStreamName="mine")["events"])
