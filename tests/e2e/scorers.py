"""A hosted model that scores events, as a model of another project would."""

import json
import uuid
from typing import Any

from emulator.server import EmbeddedCloud
from tests.e2e.services import until
from tests.emulated_hosting import IMAGE, PROGRAM, Hosting

SCORER = """
def model_fn(model_dir):
    return 1000.0
def input_fn(body, content_type):
    text = body.decode() if isinstance(body, bytes) else body
    return [float(cell) for cell in text.split(",")]
def predict_fn(row, most):
    return min(1.0, row[0] / most)
def output_fn(score, accept):
    return str(score), "text/csv"
"""
"""Scores by the first column: 1000 and more is 1."""


def host_scorer(cloud: EmbeddedCloud, endpoint: str) -> None:
    """The endpoint serves the scorer."""
    iam, name = cloud.session().client("iam"), f"scores-{uuid.uuid4().hex[:8]}"
    trust = {"Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}}
    trusts, allows = (
        json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
        for statement in (trust, {"Action": "s3:*", "Resource": "*"})
    )
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusts)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allows)
    hosting = Hosting(cloud, role)
    config = config_of(hosting, SCORER)
    hosting.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    in_service(hosting.sagemaker, endpoint, config)


def config_of(hosting: Hosting, source: str) -> str:
    """A configuration of a model of this source; its name."""
    name, sagemaker = f"scores-{uuid.uuid4().hex[:8]}", hosting.sagemaker
    sagemaker.create_model(
        ModelName=name,
        PrimaryContainer={
            "Image": IMAGE,
            "ModelDataUrl": hosting.artifact(source),
            "Environment": PROGRAM,
        },
        ExecutionRoleArn=hosting.role,
    )
    variant = {
        "VariantName": "blue",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        # The story's minutes take half a second, and a container starts in its own time.
        "ContainerStartupHealthCheckTimeoutInSeconds": 3_600,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    return name


def in_service(sagemaker: Any, endpoint: str, config: str) -> None:
    """The endpoint serves by this configuration."""

    def look() -> bool | None:
        told = sagemaker.describe_endpoint(EndpointName=endpoint)
        assert told["EndpointStatus"] != "Failed", told["FailureReason"]
        return (told["EndpointStatus"], told["EndpointConfigName"]) == ("InService", config) or None

    until(look, seconds=60, what=f"an endpoint in service by {config}")
