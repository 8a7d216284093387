"""Stories of profiles: functions of a stage run under AWS's agent, and what they cost is seen."""

import json
from collections.abc import Callable

import pytest

from tests.e2e.world import PROJECT, V1, World, wait_for

MakeWorld = Callable[[str], World]

pytestmark = pytest.mark.accept


def test_functions_of_a_stage_are_profiled(make_world: MakeWorld) -> None:
    """Users ask, every request is answered, and their functions' frames are in the group."""
    world = make_world("profiled")
    profiled = "region: us-east-1, profiling: true,"
    world.project_text = PROJECT.replace("region: us-east-1,", profiled)
    assert world.project_text != PROJECT
    world.deploy_plainly(V1)
    profiler = world.cloud.session().client("codeguruprofiler")
    group = f"{world.project}-test-profiling"

    def posted() -> str | None:
        answer = profiler.get_profile(
            profilingGroupName=group, accept="application/json", period="P1D"
        )
        graph = answer["profile"].read().decode()
        return graph if "children" in graph else None

    with world.watched(count=8, pause_seconds=0.02) as seen:
        graph = wait_for(posted, seconds=120, what="a profile of the functions")
    assert seen.door.lost() == []
    assert json.loads(graph)["callgraph"]["children"]
