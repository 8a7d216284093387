"""Secrets of the embedded cloud are rotated by their function, in AWS's four steps."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud

ROTATES = """
import boto3
def handle(event, context):
    client, secret = boto3.client("secretsmanager"), event["SecretId"]
    token = event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        client.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString="new",
                                VersionStages=["AWSPENDING"])
    if event["Step"] == "finishSecret":
        client.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT",
            MoveToVersionId=token,
            RemoveFromVersionId=client.get_secret_value(SecretId=secret)["VersionId"])
"""
ACTIONS = (
    "secretsmanager:PutSecretValue",
    "secretsmanager:GetSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)


@pytest.fixture
def secret(ground_cloud: EmbeddedCloud) -> str:
    """A secret with a value; its ARN."""
    client = ground_cloud.session().client("secretsmanager")
    made = client.create_secret(Name=f"s-{uuid.uuid4().hex[:8]}", SecretString="old")
    return str(made["ARN"])


@pytest.fixture
def rotator(
    ground_cloud: EmbeddedCloud, make_function: Callable[..., str], make_role: Callable[..., str]
) -> str:
    """A rotation function that Secrets Manager may invoke; its ARN."""
    function = make_function(ROTATES, role=make_role("lambda", *ACTIONS))
    ground_cloud.session().client("lambda").add_permission(
        FunctionName=function,
        StatementId="rotation",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceAccount=function.split(":")[4],
    )
    return function


def value(cloud: EmbeddedCloud, secret: str) -> str:
    """What the secret is now."""
    client = cloud.session().client("secretsmanager")
    return str(client.get_secret_value(SecretId=secret)["SecretString"])


def test_rotate_secret_runs_the_function(
    ground_cloud: EmbeddedCloud,
    secret: str,
    rotator: str,
    eventually: Callable[[Callable[[], Any]], Any],
) -> None:
    """The new version is current once the last step was done."""
    client = ground_cloud.session().client("secretsmanager")
    client.rotate_secret(SecretId=secret, RotationLambdaARN=rotator)
    assert eventually(lambda: value(ground_cloud, secret) == "new")
    assert client.describe_secret(SecretId=secret)["RotationLambdaARN"] == rotator


def test_a_function_that_secrets_manager_may_not_invoke_does_not_run(
    ground_cloud: EmbeddedCloud, secret: str, make_function: Callable[..., str]
) -> None:
    """Its policy decides, as on AWS; the secret stays as it is."""
    function = make_function("def handle(e, c): raise SystemExit")
    ground_cloud.session().client("secretsmanager").rotate_secret(
        SecretId=secret, RotationLambdaARN=function
    )
    assert value(ground_cloud, secret) == "old"


def test_a_secret_without_a_function_is_not_rotated(
    ground_cloud: EmbeddedCloud, secret: str
) -> None:
    """The error says what lacks."""
    client = ground_cloud.session().client("secretsmanager")
    with pytest.raises(ClientError, match="no rotation function"):
        client.rotate_secret(SecretId=secret)


def test_a_schedule_of_a_template_names_the_function(
    ground_cloud: EmbeddedCloud,
    secret: str,
    rotator: str,
    eventually: Callable[[Callable[[], Any]], Any],
) -> None:
    """Then RotateSecret needs no more than the secret."""
    schedule = {
        "Type": "AWS::SecretsManager::RotationSchedule",
        "Properties": {
            "SecretId": secret,
            "RotationLambdaARN": rotator,
            "RotationRules": {"ScheduleExpression": "rate(30 days)"},
            "RotateImmediatelyOnUpdate": False,
        },
    }
    session = ground_cloud.session()
    session.client("cloudformation").create_stack(
        StackName=f"rotation-{uuid.uuid4().hex[:8]}",
        TemplateBody=json.dumps({"Resources": {"Schedule": schedule}}),
    )
    client = session.client("secretsmanager")
    assert eventually(lambda: client.describe_secret(SecretId=secret).get("RotationEnabled"))
    assert value(ground_cloud, secret) == "old"
    client.rotate_secret(SecretId=secret)
    assert eventually(lambda: value(ground_cloud, secret) == "new")
