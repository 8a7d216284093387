"""What is captured goes with its stack where the stage says so, and stays where it does not."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from tests.e2e.roles import Prover, Role, StoryFailedError
from tests.e2e.world import PROJECT, V1, World, questions, wait_for

pytestmark = pytest.mark.accept

DELETE = "region: us-east-1, data_on_destroy: delete,"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A cloud of this module's own; requests are captured, and go with the stage."""
    folder = tmp_path_factory.mktemp("emptied")
    text = PROJECT.replace("region: us-east-1,", DELETE)
    text += "    data_capture: { percent: 100 }\n"
    settings = Settings(time_scale=120.0, state_directory=folder / "cloud")
    with EmbeddedCloud.start(settings) as cloud:
        made = World(cloud=cloud, folder=folder, model="kept", project_text=text)
        made.deploy(V1)
        yield made


def _objects(world: World, bucket: str) -> list[str]:
    found = world.cloud.session().client("s3").list_objects_v2(Bucket=bucket)
    return [item["Key"] for item in found.get("Contents", ())]


def _capture_bucket(world: World) -> str:
    client = world.cloud.session().client("cloudformation")
    (stack,) = client.describe_stacks(StackName=world.hosting_stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return outputs["CaptureBucketName"]


def _deleted(world: World, stack: str) -> str:
    """How the deletion of a stack ended."""
    client = world.cloud.session().client("cloudformation")
    id_ = client.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    client.delete_stack(StackName=id_)

    def over() -> str | None:
        status = str(client.describe_stacks(StackName=id_)["Stacks"][0]["StackStatus"])
        return None if status.endswith("IN_PROGRESS") else status

    return str(wait_for(over, seconds=60, what=f"the end of {stack}"))


def empty_bucket(world: World, role: Role) -> None:
    """A stack of the stage goes, with a bucket that holds something."""
    session, name = world.cloud.session(), f"story-test-story-{uuid.uuid4().hex[:6]}"
    function = session.client("lambda").get_function(FunctionName=role.function)
    token = function["Configuration"]["FunctionArn"]
    emptying = {"ServiceToken": token, "BucketName": {"Ref": "Bucket"}}
    resources: dict[str, Any] = {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Emptying": {"Type": "Custom::EmptyBucket", "Properties": emptying},
    }
    client = session.client("cloudformation")
    client.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))

    def made() -> bool:
        status = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        return bool(status == "CREATE_COMPLETE")

    wait_for(made, seconds=60, what=name)
    told = client.describe_stack_resource(StackName=name, LogicalResourceId="Bucket")
    bucket = told["StackResourceDetail"]["PhysicalResourceId"]
    session.client("s3").put_object(Bucket=bucket, Key="captured", Body=b"x")
    status = _deleted(world, name)
    if status != "DELETE_COMPLETE":
        raise StoryFailedError(f"{name} ended in {status}")


def test_each_right_of_the_role_is_needed(world: World, prover: Prover) -> None:
    """With its role intact the stack goes; without any one right it stays."""
    role = Role(world=world, package="empty_bucket")
    prover.prove("empty_bucket", role, {"empty_bucket": empty_bucket})


def test_captures_stay_when_the_stage_begins_to_keep_them_and_go_when_it_does_not(
    world: World,
) -> None:
    """From delete to keep nothing is lost; deleted with the stage, nothing is left."""
    bucket = _capture_bucket(world)
    for question in questions(3):
        world.door().predict(world.model, question.body)
    wait_for(lambda: _objects(world, bucket), seconds=60, what="captured requests")

    deleting = world.project_text
    world.project_text = deleting.replace("data_on_destroy: delete", "data_on_destroy: keep")
    world.deploy(V1)
    assert _objects(world, bucket)

    world.project_text = deleting
    world.deploy(V1)
    assert _deleted(world, world.hosting_stack) == "DELETE_COMPLETE"
    buckets = world.cloud.session().client("s3").list_buckets()["Buckets"]
    assert bucket not in {item["Name"] for item in buckets}
