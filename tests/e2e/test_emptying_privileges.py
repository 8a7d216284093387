"""Least privilege of the function that empties buckets, where data goes with its stage."""

import json
import uuid
from collections.abc import Iterator

import pytest

from emulator import deployer
from emulator.server import EmbeddedCloud
from stacks.project.names import function_name
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover, Role, StoryFailedError, client
from tests.e2e.world import PROJECT, V1, World, wait_for

pytestmark = pytest.mark.accept

STACKS = "emptying-test-goes"


@pytest.fixture(scope="module")
def emptying(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The release stack of a stage that keeps no data; its models are not deployed."""
    text = PROJECT.replace("project: story", "project: emptying")
    world = World(
        cloud=story_cloud,
        folder=tmp_path_factory.mktemp("emptying"),
        model="emptied",
        project_text=text.replace(
            "region: us-east-1,", "region: us-east-1, data_on_destroy: delete,"
        ),
    )
    assembly = world.synth(V1, pointers={})
    deployer.deploy(story_cloud.session(), assembly, stacks=[world.release_stack])
    yield world
    remove_stacks(story_cloud, f"{world.project}-")


def stack_goes(world: World, _role: Role) -> None:
    """A stack whose bucket holds an object, and whose group a version, is deleted."""
    cloudformation, name = client(world, "cloudformation"), f"{STACKS}-{uuid.uuid4().hex[:8]}"
    function = client(world, "lambda").get_function_configuration(
        FunctionName=function_name("emptying", "test", "empty_bucket")
    )
    emptied = {"ServiceToken": function["FunctionArn"], "BucketName": {"Ref": "Bucket"}}
    group = f"emptying-test-{uuid.uuid4().hex[:8]}"
    held = {"ServiceToken": function["FunctionArn"], "PackageGroupName": group}
    resources = {
        "Group": {
            "Type": "AWS::SageMaker::ModelPackageGroup",
            "Properties": {"ModelPackageGroupName": group},
        },
        "GroupEmptying": {
            "Type": "Custom::EmptyPackageGroup",
            "Properties": held,
            "DependsOn": ["Group"],
        },
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Emptying": {"Type": "Custom::EmptyBucket", "Properties": emptied},
    }
    made = cloudformation.create_stack(
        StackName=name, TemplateBody=json.dumps({"Resources": resources})
    )["StackId"]
    if _rest(world, made) != "CREATE_COMPLETE":
        raise StoryFailedError(f"{name} was not made")
    told = cloudformation.describe_stack_resource(StackName=name, LogicalResourceId="Bucket")
    bucket = told["StackResourceDetail"]["PhysicalResourceId"]
    client(world, "s3").put_object(Bucket=bucket, Key="left", Body=b"something")
    client(world, "sagemaker").create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification={
            "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://models/m.tar.gz"}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )
    cloudformation.delete_stack(StackName=name)
    if _rest(world, made) != "DELETE_COMPLETE":
        raise StoryFailedError(f"{name} was not deleted")


def tidy(world: World) -> None:
    """No stack of a story that failed is left."""
    cloudformation = client(world, "cloudformation")
    for stack in cloudformation.describe_stacks()["Stacks"]:
        if stack["StackName"].startswith(STACKS):
            cloudformation.delete_stack(StackName=stack["StackId"])
            assert _rest(world, stack["StackId"]) == "DELETE_COMPLETE"


def _rest(world: World, stack_id: str) -> str:
    def status() -> str | None:
        found = client(world, "cloudformation").describe_stacks(StackName=stack_id)["Stacks"]
        told = str(found[0]["StackStatus"])
        return None if told.endswith("_IN_PROGRESS") else told

    return str(wait_for(status, seconds=60, what=f"rest of {stack_id}"))


def test_each_right_of_the_emptying_function_is_needed(emptying: World, prover: Prover) -> None:
    """Without any one right a stack with data in its bucket cannot go."""
    role = Role(world=emptying, package="empty_bucket")
    prover.prove(role.package, role, {"stack_goes": stack_goes}, after=lambda: tidy(emptying))
