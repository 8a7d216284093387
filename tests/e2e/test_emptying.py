"""What is captured goes with its stack where the stage says so, and stays where it does not."""

from collections.abc import Iterator

import pytest

from emulator.server import EmbeddedCloud
from emulator.settings import Settings
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
