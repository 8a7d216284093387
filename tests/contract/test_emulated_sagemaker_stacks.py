"""Stacks with SageMaker hosting in the embedded cloud: create, update, fail, roll back, delete."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.emulated_hosting import (
    IMAGE,
    PING_SENTENCE,
    PROGRAM,
    SICK,
    Hosting,
    Traffic,
    code_of,
    make_hosting,
    variants,
)
from tests.polling import until


@pytest.fixture(scope="module")
def hosting(ground_cloud: EmbeddedCloud) -> Hosting:
    """A role that may read artifacts, and a bucket for them."""
    return make_hosting(ground_cloud)


class Stack:
    """A stack with one endpoint of two slots."""

    def __init__(self, hosting: Hosting) -> None:
        self.hosting = hosting
        self.name = next(hosting.names)
        self.client = hosting.cloud.session().client("cloudformation")

    def put(
        self, operation: str, blue: str, green: str, more: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The stack after creating or updating it to these models and further resources."""
        template = self.template(blue, green)
        template["Resources"] |= {} if more is None else more
        change = getattr(self.client, f"{operation}_stack")
        change(StackName=self.name, TemplateBody=json.dumps(template))
        return self.done()

    def done(self) -> dict[str, Any]:
        """The stack once nothing is under way; AssertionError after thirty seconds."""
        return until(self._ended, seconds=30, what=f"the end of stack {self.name}")

    def _ended(self) -> dict[str, Any] | None:
        stack: dict[str, Any] = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    def gone(self) -> bool:
        """Whether there is no such stack any more."""
        try:
            self.client.describe_stacks(StackName=self.name)
        except ClientError:
            return True
        return False

    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        listed = self.client.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]
        return {output["OutputKey"]: output["OutputValue"] for output in listed}

    def reasons(self) -> str:
        """Why resources failed."""
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return " ".join(event.get("ResourceStatusReason", "") for event in events)

    def template(self, blue: str, green: str) -> dict[str, Any]:
        """Models as they are written in a template: generated names, counts as strings."""
        listed = variants("x", "x")
        for variant, slot in zip(listed, ("Blue", "Green"), strict=True):
            variant["ModelName"] = {"Fn::GetAtt": [slot, "ModelName"]}
            variant["InitialInstanceCount"] = "1"
        resources = {
            "Blue": self._model(blue),
            "Green": self._model(green),
            "Config": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "Properties": {"ProductionVariants": listed},
            },
            "Endpoint": {
                "Type": "AWS::SageMaker::Endpoint",
                "Properties": {
                    "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
                    "RetainAllVariantProperties": True,
                },
            },
        }
        outputs = {
            "Arn": {"Value": {"Ref": "Endpoint"}},
            "Name": {"Value": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}},
            "Config": {"Value": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
        }
        return {"Resources": resources, "Outputs": outputs}

    def _model(self, url: str) -> dict[str, Any]:
        container = {"Image": IMAGE, "ModelDataUrl": url, "Environment": PROGRAM}
        properties = {"ExecutionRoleArn": self.hosting.role, "PrimaryContainer": container}
        return {"Type": "AWS::SageMaker::Model", "Properties": properties}


@pytest.fixture
def stack(hosting: Hosting) -> Iterator[Stack]:
    """A stack that is deleted afterwards, whatever became of it."""
    stack = Stack(hosting)
    yield stack
    stack.client.delete_stack(StackName=stack.name)
    until(stack.gone, seconds=20, what=f"the deletion of stack {stack.name}")


def test_template_hosts_and_replaces_a_model(hosting: Hosting, stack: Stack):
    """A template creates an endpoint in service, and its update replaces one slot's model."""
    first, second = hosting.artifact(), hosting.artifact()
    assert stack.put("create", first, first)["StackStatus"] == "CREATE_COMPLETE"
    outputs = stack.outputs()
    assert outputs["Arn"].endswith(f":endpoint/{outputs['Name'].lower()}")
    assert stack.put("update", first, second)["StackStatus"] == "UPDATE_COMPLETE"
    described = hosting.sagemaker.describe_endpoint(EndpointName=outputs["Name"])
    assert described["EndpointConfigName"] == stack.outputs()["Config"]
    assert hosting.answer(outputs["Name"], TargetVariant="green") == second.rpartition("/")[2]


def test_template_with_a_sick_model_is_rolled_back_with_the_reason(hosting: Hosting, stack: Stack):
    """A stack whose endpoint fails is rolled back, says SageMaker's reason, and leaves nothing."""
    created = stack.put("create", hosting.artifact(), hosting.artifact(SICK))
    assert created["StackStatus"] == "ROLLBACK_COMPLETE"
    assert PING_SENTENCE in stack.reasons()
    listed = hosting.sagemaker.list_endpoints(NameContains=stack.name)["Endpoints"]
    assert listed == []


def test_silent_rollback_of_an_update_is_a_success_to_cloudformation(
    hosting: Hosting, stack: Stack
):
    """An update that SageMaker rolled back ends UPDATE_COMPLETE on the old configuration."""
    good = hosting.artifact()
    stack.put("create", good, good)
    before = stack.outputs()["Config"]
    updated = stack.put("update", good, hosting.artifact(SICK))
    described = hosting.sagemaker.describe_endpoint(EndpointName=stack.outputs()["Name"])
    assert updated["StackStatus"] == "UPDATE_COMPLETE"
    assert described["EndpointConfigName"] == before
    assert stack.outputs()["Config"] != before


def test_rollback_of_an_update_restores_configuration_and_keeps_live_weights(
    hosting: Hosting, stack: Stack
):
    """A stack rolled back after its endpoint was updated serves the old models, weights as live."""
    old, new = hosting.artifact(), hosting.artifact()
    stack.put("create", old, old)
    name, before = stack.outputs()["Name"], stack.outputs()["Config"]
    hosting.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[
            {"VariantName": "blue", "DesiredWeight": 0},
            {"VariantName": "green", "DesiredWeight": 1},
        ],
    )
    hosting.settled(name)
    container = {"Image": IMAGE, "ModelDataUrl": "s3://models-never/x.tar.gz"}
    late = {"ExecutionRoleArn": hosting.role, "PrimaryContainer": container}
    failing = {"Type": "AWS::SageMaker::Model", "DependsOn": "Endpoint", "Properties": late}
    with Traffic(hosting, name) as traffic:
        updated = stack.put("update", new, old, {"Late": failing})
    described = hosting.settled(name)
    weights = {v["VariantName"]: v["CurrentWeight"] for v in described["ProductionVariants"]}
    assert updated["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert described["EndpointConfigName"] == before
    assert weights == {"blue": 0.0, "green": 1.0}
    assert traffic.errors == []
    assert set(traffic.answers) == {old.rpartition("/")[2]}


def test_deleted_stack_leaves_no_endpoint(hosting: Hosting, stack: Stack):
    """Deleting the stack deletes endpoint, configuration and models."""
    good = hosting.artifact()
    stack.put("create", good, good)
    name = stack.outputs()["Name"]
    stack.client.delete_stack(StackName=stack.name)
    stack.client.get_waiter("stack_delete_complete").wait(
        StackName=stack.name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    code, _ = code_of(lambda: hosting.sagemaker.describe_endpoint(EndpointName=name))
    assert code == "ValidationException"
    assert hosting.sagemaker.list_models(NameContains=stack.name)["Models"] == []
