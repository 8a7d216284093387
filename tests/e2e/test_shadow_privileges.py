"""Least privilege of the function that joins captures: one action less, and it shows."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.privileges import (
    REQUIRED_NOT_EXERCISED,
    Grant,
    Role,
    StoryFailedError,
    expect,
    invoke,
)
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
def world(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A model whose idle version gets copies."""
    folder = tmp_path_factory.mktemp("shadow-role")
    made = shadowed(World(cloud=story_cloud, folder=folder, model="shadow-role"))
    made.deploy(V1)
    made.deploy(ALIKE)
    return made


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


def test_each_action_of_the_joining_function_is_needed(world: World) -> None:
    """With its role intact pairs are counted; without any one action they are not."""
    role = Role(world=world, package="join_shadow_captures")
    role.start_cold()
    join(world, role)

    unneeded: list[Grant] = []
    for grant in role.grants():
        with role.without(grant):
            try:
                join(world, role)
            except StoryFailedError:
                continue
            unneeded.append(grant)

    assert {grant.action for grant in unneeded} == set(REQUIRED_NOT_EXERCISED), unneeded
