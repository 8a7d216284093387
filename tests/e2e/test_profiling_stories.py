"""Stories of profiles: functions of a stage run under AWS's agent, and what they cost is told."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.options import Place
from cli.profiling.report import Report, group_of, report_of, world_of
from cli.profiling.window import window_of
from cli.synth import ROOT
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.profiles import profiled_world
from tests.e2e.world import V1, World, wait_for

pytestmark = pytest.mark.accept


@pytest.fixture
def world(story_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[World]:
    """A profiled stage; it goes with its story."""
    yield profiled_world(story_cloud, tmp_path, name="costly")
    remove_stacks(story_cloud, "costly-")


def reported(place: Place) -> Report:
    """The report of the last seven days: days are minutes here."""
    window = window_of("P7D", now=place.target.clock.now())
    return report_of(group_of(place), world_of(place), window)


def counted(world: World, name: str, metric: str) -> float:
    """All that CloudWatch counted of a function."""
    now = datetime.fromtimestamp(world.cloud.clock.now(), UTC)
    points = (
        world.cloud.session()
        .client("cloudwatch")
        .get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - timedelta(days=30),
            EndTime=now + timedelta(days=1),
            Period=86_400,
            Statistics=["Sum"],
        )["Datapoints"]
    )
    return sum(point["Sum"] for point in points)


def test_the_most_expensive_lines_are_the_projects_own(world: World) -> None:
    """Users ask, every request is answered; the bill of the functions is told by line."""
    world.deploy_plainly(V1)
    place = world.place(V1)
    profiler = world.cloud.session().client("codeguruprofiler")
    group = group_of(place).name
    assert group == f"{world.project}-test-profiling"

    def posted() -> dict[str, Any] | None:
        answer = profiler.get_profile(
            profilingGroupName=group, accept="application/json", period="P1D"
        )
        graph: dict[str, Any] = json.loads(answer["profile"].read())["callgraph"]
        return graph if "route_request.handler:handle" in json.dumps(graph) else None

    with world.watched(count=8, pause_seconds=0.02) as seen:
        wait_for(posted, seconds=120, what="a profile of the router")
    assert seen.door.lost() == []

    report = reported(place)
    costs = report.costs
    (router,) = [each for each in costs.functions if each.function == "route_request"]
    (name,) = router.names
    lines = [line for line in costs.lines if line.spot.function == "route_request"]
    assert lines
    for line in lines:
        code = (ROOT / "lambda" / line.spot.file).read_text(encoding="utf-8").splitlines()
        assert 1 <= line.spot.lines[0] <= line.spot.lines[-1] <= len(code)
    assert sum(line.spot.samples for line in lines) == router.samples > 0
    # Nothing runs any more: what is told is what was counted.
    wait_for(lambda: counted(world, name, "Invocations") == router.requests, seconds=10, what="it")
    seconds = counted(world, name, "Duration") / 1_000
    assert router.seconds == pytest.approx(seconds)
    assert router.duration_usd == pytest.approx(seconds * 256 / 1_024 * 0.0000166667)
    assert router.request_usd == pytest.approx(router.requests * 0.0000002)
    assert sum(line.usd for line in lines if line.usd is not None) == pytest.approx(
        router.duration_usd
    )
    told = report.to_json(top=5)["totals"]
    parts = (told["lines_usd"], told["unsampled_usd"], told["request_usd"])
    assert told["usd"] == pytest.approx(sum(parts))
    assert told["usd"] == pytest.approx(
        sum((f.duration_usd or 0) + (f.request_usd or 0) for f in costs.functions)
    )
