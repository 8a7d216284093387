"""Least privilege of the function that watches captures: one right less, and it shows."""

import gzip
import json
import random
from collections.abc import Iterator

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.monitors import ask, asked, monitor_of, monitored
from tests.e2e.privileges import invoke
from tests.e2e.roles import Prover, Role, StoryFailedError, client
from tests.e2e.world import V1, World, wait_for

pytestmark = pytest.mark.accept

STATE = "state.json.gz"


@pytest.fixture(scope="module")
def world(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A model whose traffic is watched, and was looked at once."""
    folder = tmp_path_factory.mktemp("monitor-role")
    made = monitored(World(cloud=story_cloud, folder=folder, model="overseen"))
    made.deploy(V1)
    for _ in monitor_of(made).run():
        pass
    yield made
    remove_stacks(story_cloud, f"{made.project}-")


def watch(world: World, role: Role) -> None:
    """A new object of captures is counted, and a change of findings is kept and told."""
    monitor, s3 = monitor_of(world), client(world, "s3")
    # What was told last is not what is found: the next run has something to tell.
    body = s3.get_object(Bucket=monitor.bucket, Key=STATE)["Body"].read()
    state = {**json.loads(gzip.decompress(body)), "told": ["data drift: nothing"]}
    # Nor are the newest outcomes judged, which are read from the counters for that.
    state["outcomes_through"] -= 5
    s3.put_object(Bucket=monitor.bucket, Key=STATE, Body=gzip.compress(json.dumps(state).encode()))
    s3.delete_object(Bucket=monitor.bucket, Key="report.json")
    before = _objects(world)
    ask(world, 1, lambda: asked(random.Random(1), draw=(0, 10_000)))  # noqa: S311 - a question
    wait_for(lambda: _objects(world) > before, seconds=10, what="a capture")
    told = invoke(world, role, {})
    kept = json.loads(
        gzip.decompress(s3.get_object(Bucket=monitor.bucket, Key=STATE)["Body"].read())
    )
    if told["requests"] < 1 or kept["told"] != kept["now"] or monitor.report() is None:
        raise StoryFailedError(f"expected a request, a report and an event, got {told}")


def _objects(world: World) -> int:
    told = client(world, "cloudformation").describe_stack_resource(
        StackName=world.hosting_stack, LogicalResourceId="CaptureBucket"
    )
    bucket = told["StackResourceDetail"]["PhysicalResourceId"]
    pages = client(world, "s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return sum(page["KeyCount"] for page in pages)


def test_each_right_of_the_monitor_is_needed(world: World, prover: Prover) -> None:
    """With its role intact captures are counted and told; without any one right they are not."""
    role = Role(world=world, package="monitor_model")
    role.stack = f"{world.project}-test-monitoring-{world.model}"
    prover.prove(role.package, role, {"watch": watch})
