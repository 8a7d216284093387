"""Least privilege of the profiler's agent in a function: one right less, and no profile comes.

Every profiled function has the same agent and the same statement; that of the router is proven.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.profiles import profiled_world
from tests.e2e.roles import Prover, Role, StoryFailedError, client
from tests.e2e.world import V1, World, questions, wait_for

pytestmark = pytest.mark.accept

PATIENCE = 20.0
"""Agents report every five seconds here, as the service tells them; untold, in five minutes."""


@pytest.fixture(scope="module")
def world(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A profiled stage."""
    made = profiled_world(story_cloud, tmp_path_factory.mktemp("agent"), name="agent")
    made.deploy_plainly(V1)
    yield made
    remove_stacks(story_cloud, "agent-")


def agent_posts(world: World, _role: Role) -> None:
    """A router that is asked for a while posts as often as the service wants; users are answered.

    Other functions of the stage post to the same group: only its own samples count.
    """
    door, body = world.door(), questions(1)[0].body
    began = datetime.fromtimestamp(world.cloud.clock.now(), UTC)

    def posted() -> bool:
        reply = door.predict(world.model, body)
        assert reply.status == 200, reply
        return "route_request.handler:handle" in profile_since(world, began)

    try:
        wait_for(posted, seconds=PATIENCE, what="a profile")
    except AssertionError as error:
        if "a profile" not in str(error):
            raise
        raise StoryFailedError(str(error)) from error


def profile_since(world: World, began: datetime) -> str:
    """What was posted since then, as JSON."""
    answer = client(world, "codeguruprofiler").get_profile(
        profilingGroupName="agent-test-profiling",
        accept="application/json",
        startTime=began,
        endTime=began + timedelta(days=7),
    )
    return str(answer["profile"].read().decode())


def test_each_right_of_an_agent_is_needed(world: World, prover: Prover) -> None:
    """With both a profile comes in time; without one of them none does, and users are answered."""
    prover.prove(
        "profiling_agent",
        Role(world=world, package="route_request"),
        {agent_posts.__name__: agent_posts},
        about=lambda right: right.action.startswith("codeguru-profiler:"),
    )
