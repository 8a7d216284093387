"""The tables and the rest of a deployed project, in moto, for adapters and functions under test."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import moto

from tests.samples import CONFIG, ENDPOINT
from tidegate_aws import clients, world

RELEASE_TABLE = "release-table"
OBSERVATION_TABLE = "observation-table"
ROLE = "arn:aws:iam::123456789012:role/tests"
MACHINE = "release-machine"


@contextmanager
def mocked_aws() -> Iterator[None]:
    """AWS answers from memory, with the two tables in it; nothing of it outlives the block."""
    with moto.mock_aws():
        world.forget()
        for name in (RELEASE_TABLE, OBSERVATION_TABLE):
            make_table(name)
        yield
    world.forget()


def make_table(name: str) -> None:
    """The table exists, with the product's keys."""
    clients.dynamodb().create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def make_endpoint(
    *, config: str = CONFIG, endpoint: str = ENDPOINT, tag: str | None = None
) -> None:
    """The endpoint serves all of its traffic from blue, with one model a slot."""
    make_config(config, tag=tag)
    clients.sagemaker().create_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    # moto drops a weight of zero at creation, and keeps it when it is set.
    clients.sagemaker().update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[
            {"VariantName": "blue", "DesiredWeight": 1.0},
            {"VariantName": "green", "DesiredWeight": 0.0},
        ],
    )


def make_config(name: str, *, tag: str | None = None) -> None:
    """The endpoint configuration and its two models exist, tagged if a tag is given."""
    tags: list[Any] = [] if tag is None else [{"Key": "tidegate:model", "Value": tag}]
    number = name.rpartition("-")[2]
    for slot in ("blue", "green"):
        clients.sagemaker().create_model(
            ModelName=f"flights-{slot}-{number}",
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"},
            Tags=tags,
        )
    clients.sagemaker().create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": slot,
                "ModelName": f"flights-{slot}-{number}",
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": weight,
            }
            for slot, weight in (("blue", 1.0), ("green", 0.5))
        ],
        Tags=tags,
    )


def make_secret() -> str:
    """The signing secret as CloudFormation generates it; its ARN."""
    secret = json.dumps({"current": "k1", "k1": "a generated text"})
    answer = clients.secretsmanager().create_secret(Name="signing", SecretString=secret)
    arn: str = answer["ARN"]
    return arn


def make_machine() -> str:
    """A state machine that waits; its ARN."""
    definition = {
        "StartAt": "Wait",
        "States": {"Wait": {"Type": "Wait", "Seconds": 1, "End": True}},
    }
    answer = clients.stepfunctions().create_state_machine(
        name=MACHINE, definition=json.dumps(definition), roleArn=ROLE
    )
    return answer["stateMachineArn"]
