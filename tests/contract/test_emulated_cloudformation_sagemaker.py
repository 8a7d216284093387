"""Models, endpoint configurations and endpoints in stacks serve, replace, retain and roll back."""

import io
import json
import tarfile
import time
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.server import EmbeddedCloud

ACCOUNT, REGION = "000000000000", "us-east-1"
IMAGE = f"683313688378.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
SERVES = """
def model_fn(directory):
    return {word!r}

def input_fn(body, content_type):
    return body

def predict_fn(data, model):
    return model

def output_fn(prediction, accept):
    return prediction
"""
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sagemaker.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        },
        "Policies": [
            {
                "PolicyName": "artifacts",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": ["s3:GetObject", "s3:ListBucket"],
                            "Resource": ["arn:aws:s3:::artifacts", "arn:aws:s3:::artifacts/*"],
                        }
                    ],
                },
            }
        ],
    },
}
RETAIN = {"UpdateReplacePolicy": "Retain"}


def _artifact(code: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        body = code.encode()
        entry = tarfile.TarInfo("code/inference.py")
        entry.size = len(body)
        archive.addfile(entry, io.BytesIO(body))
    return packed.getvalue()


def _hosting(artifact: str) -> dict[str, Any]:
    model = {
        "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "PrimaryContainer": {
            "Image": IMAGE,
            "ModelDataUrl": f"s3://artifacts/{artifact}",
            "Environment": {
                "SAGEMAKER_PROGRAM": "inference.py",
                "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
            },
        },
    }
    variant = {
        "VariantName": "blue",
        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": 1,
    }
    config = {"Fn::GetAtt": ["Config", "EndpointConfigName"]}
    return {
        "Role": ROLE,
        "Model": {"Type": "AWS::SageMaker::Model", "Properties": model, **RETAIN},
        "Config": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {"ProductionVariants": [variant]},
            **RETAIN,
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {"EndpointName": "served", "EndpointConfigName": config},
        },
    }


class Hosting:
    """One stack with an endpoint."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        session = cloud.session()
        self.cloudformation = session.client("cloudformation")
        self.sagemaker = session.client("sagemaker")
        self._runtime = session.client("sagemaker-runtime")
        s3 = session.client("s3")
        s3.create_bucket(Bucket="artifacts")
        for word in ("one", "two"):
            code = SERVES.format(word=word)
            s3.put_object(Bucket="artifacts", Key=f"{word}.tar.gz", Body=_artifact(code))

    def put(self, resources: dict[str, Any]) -> str:
        """Create or update the stack; return the status in which it comes to rest."""
        body = json.dumps({"Resources": resources})
        capabilities = ["CAPABILITY_IAM"]
        try:
            self.cloudformation.create_stack(
                StackName="hosting", TemplateBody=body, Capabilities=capabilities
            )
        except self.cloudformation.exceptions.AlreadyExistsException:
            self.cloudformation.update_stack(
                StackName="hosting", TemplateBody=body, Capabilities=capabilities
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            stack = self.cloudformation.describe_stacks(StackName="hosting")["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return str(stack["StackStatus"])
        raise AssertionError("the stack did not come to rest in 120 s")

    def says(self) -> str:
        """What the endpoint answers."""
        answer = self._runtime.invoke_endpoint(
            EndpointName="served", Body=b"hello", ContentType="text/csv"
        )
        return str(answer["Body"].read().decode())

    def physical_id(self, logical_id: str) -> str:
        """The physical id that the stack lists."""
        detail = self.cloudformation.describe_stack_resource(
            StackName="hosting", LogicalResourceId=logical_id
        )["StackResourceDetail"]
        return str(detail["PhysicalResourceId"])

    def model_names(self) -> list[str]:
        """The models there are."""
        return sorted(m["ModelName"] for m in self.sagemaker.list_models()["Models"])


@pytest.fixture(scope="module")
def hosting() -> Iterator[Hosting]:
    """A cloud of this module's own, with two artifacts."""
    with EmbeddedCloud.start() as cloud:
        yield Hosting(cloud)


@pytest.mark.accept
def test_an_endpoint_is_hosted_updated_retained_and_rolled_back(hosting: Hosting) -> None:
    """v1 serves, v2 replaces its model and keeps v1's, and a bad v3 leaves v2 in service."""
    assert hosting.put(_hosting("one.tar.gz")) == "CREATE_COMPLETE"
    assert hosting.says() == "one"
    first = hosting.physical_id("Model")
    assert first.startswith(f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/")

    assert hosting.put(_hosting("two.tar.gz")) == "UPDATE_COMPLETE"
    assert hosting.says() == "two"
    second = hosting.physical_id("Model")
    assert second != first
    assert len(hosting.model_names()) == 2

    later = {
        "Type": "AWS::CodeGuruProfiler::ProfilingGroup",
        "Properties": {},
        "DependsOn": "Endpoint",
    }
    assert hosting.put({**_hosting("one.tar.gz"), "Later": later}) == "UPDATE_ROLLBACK_COMPLETE"
    assert hosting.says() == "two"
    assert hosting.physical_id("Model") == second

    hosting.cloudformation.delete_stack(StackName="hosting")
    waiter = hosting.cloudformation.get_waiter("stack_delete_complete")
    waiter.wait(StackName="hosting", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    assert hosting.sagemaker.list_endpoints()["Endpoints"] == []
    assert [name.lower() for name in hosting.model_names()] == [first.rpartition("/")[2]]
