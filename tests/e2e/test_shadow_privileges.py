"""Least privilege of the function that joins captures: one action less, and it shows."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.privileges import expect, invoke
from tests.e2e.roles import DeployedRole, Prover, Role, StoryFailedError, client
from tests.e2e.test_shadow_stories import ALIKE, shadowed
from tests.e2e.world import V1, World, questions, wait_for
from tidegate import decide
from tidegate.loop.prepare import StartRequest, prepare
from tidegate.loop.settle import steady_split
from tidegate.observation import PairCounts
from tidegate.release import Phase, ReleaseRecord

pytestmark = pytest.mark.accept

ASKED = 30


@pytest.fixture(scope="module")
def world(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A model whose idle version gets copies."""
    folder = tmp_path_factory.mktemp("shadow-role")
    made = shadowed(World(cloud=story_cloud, folder=folder, model="shadow-role"))
    made.deploy(V1)
    made.deploy(ALIKE)
    yield made
    remove_stacks(story_cloud, made.hosting_stack)


@contextmanager
def baking(world: World, *, since: float) -> Iterator[ReleaseRecord]:
    """A shadow release bakes since a moment."""
    deployed = world.deployed
    name = f"role-{uuid.uuid4().hex[:10]}"
    prepare(
        store=deployed.store,
        traffic=deployed.traffic,
        clock=deployed.target.clock,
        request=StartRequest(release_id=name, model=world.model, who="a story"),
    )
    opened = replace(
        deployed.store.load(name), phase=Phase.BAKING, step_started_at=since, started_at=since
    )
    try:
        yield deployed.store.save(opened)
    finally:
        ending = replace(deployed.store.load(name), phase=Phase.ABORTING)
        over = decide.finish(ending, now=deployed.target.clock.now())
        split = steady_split(over.record)
        deployed.store.settle(over.record, over.entries, pointer=None, split=split)


def join(world: World, role: Role) -> None:
    """Requests that both versions answered are pairs with latencies, once their lag is over."""
    clock = world.deployed.target.clock
    since, door = clock.now() - 60, world.door()
    for question in questions(ASKED):
        door.predict(world.model, question.body)
    closed = clock.now() + 7 * 60
    wait_for(lambda: clock.now() > closed, seconds=30, what="the end of the lag")
    with baking(world, since=since) as record:
        task = {"release_id": record.release_id, "epoch": record.epoch}
        expect(invoke(world, role, task), "judge")
        counted = sum(
            (o.pairs for o in world.deployed.counters.read(record.release_id) if o.pairs),
            start=PairCounts(),
        )
    if not counted.answered or not counted.candidate_latency:
        raise StoryFailedError(f"expected pairs and latencies, got {counted}")


def test_each_right_of_the_joining_function_is_needed(world: World, prover: Prover) -> None:
    """With its role intact pairs are counted; without any one right they are not."""
    role = Role(world=world, package="join_shadow_captures")
    prover.prove(role.package, role, {"join": join})


def capture(world: World, _role: DeployedRole) -> None:
    """A request is written to the bucket of captures."""
    captures, bucket = client(world, "s3"), _capture_bucket(world)

    def count() -> int:
        pages = captures.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sum(page["KeyCount"] for page in pages)

    before, door = count(), world.door()
    door.predict(world.model, questions(1)[0].body)
    try:
        wait_for(lambda: count() > before, seconds=6, what="a capture")
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error


def _capture_bucket(world: World) -> str:
    told = client(world, "cloudformation").describe_stack_resource(
        StackName=world.hosting_stack, LogicalResourceId="CaptureBucket"
    )
    return str(told["StackResourceDetail"]["PhysicalResourceId"])


def test_containers_may_write_captures(world: World, prover: Prover) -> None:
    """Their role writes to the bucket of captures, which only models with captures have."""
    role = DeployedRole(world=world, role_id="ExecutionRole", stack=world.hosting_stack)
    prover.prove("captures", role, {"capture": capture}, about=lambda r: "Capture" in r.resource)
