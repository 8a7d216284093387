"""Stories of profiles: functions of a stage run under AWS's agent, and what they cost is told."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.options import PLACES, Place
from cli.profiling.costs import FunctionCost, LineCost
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


def settled(world: World, place: Place) -> Report | None:
    """The report once it says what was counted: the last requests are over."""
    report = reported(place)
    router = router_of(report)
    (name,) = router.names
    return report if counted(world, name, "Invocations") == router.requests else None


def router_of(report: Report) -> FunctionCost:
    """The bill of the function that users ask."""
    (router,) = [each for each in report.costs.functions if each.function == "route_request"]
    return router


def test_the_most_expensive_lines_are_the_projects_own(world: World) -> None:
    """Users ask, every request is answered; the bill of the functions is told by line."""
    world.deploy_plainly(V1)
    place = world.place(V1)
    group = group_of(place).name
    profiler = world.cloud.session().client("codeguruprofiler")

    def posted() -> bool:
        answer = profiler.get_profile(
            profilingGroupName=group, accept="application/json", period="P1D"
        )
        return "route_request.handler:handle" in answer["profile"].read().decode()

    with world.watched(count=8, pause_seconds=0.02) as seen:
        wait_for(posted, seconds=120, what="a profile of the router")
    assert seen.door.lost() == []

    report = wait_for(lambda: settled(world, place), seconds=20, what="the last request's count")
    lines = [line for line in report.costs.lines if line.spot.function == "route_request"]
    assert sum(line.spot.samples for line in lines) == router_of(report).samples > 0
    for line in lines:
        code = (ROOT / "lambda" / line.spot.file).read_text(encoding="utf-8").splitlines()
        assert 1 <= line.spot.lines[0] <= line.spot.lines[-1] <= len(code)
    check_bill(world, report)
    check_command(place, lines[0])


def check_bill(world: World, report: Report) -> None:
    """It is what the metrics say at the prices of the table, and its parts add up."""
    router, costs = router_of(report), report.costs
    (name,) = router.names
    seconds = counted(world, name, "Duration") / 1_000
    assert router.seconds == pytest.approx(seconds)
    assert router.duration_usd == pytest.approx(seconds * 256 / 1_024 * 0.0000166667)
    assert router.request_usd == pytest.approx(router.requests * 0.0000002)
    shared = [
        x.usd for x in costs.lines if x.usd is not None and x.spot.function == router.function
    ]
    assert sum(shared) == pytest.approx(router.duration_usd)
    parts = (costs.totals.lines_usd, costs.totals.unsampled_usd, costs.totals.request_usd)
    assert costs.totals.usd == pytest.approx(sum(part for part in parts if part is not None))
    every = [usd for f in costs.functions for usd in (f.duration_usd, f.request_usd)]
    assert None not in every
    assert costs.totals.usd == pytest.approx(sum(usd for usd in every if usd is not None))


def check_command(place: Place, dearest: LineCost) -> None:
    """The command names the line, to people and to programs."""
    token = PLACES.set(lambda *_: place)
    try:
        words = CliRunner().invoke(app, ["profile", "--period", "P7D"])
        told = CliRunner().invoke(app, ["profile", "--period", "P7D", "--json"])
    finally:
        PLACES.reset(token)
    assert (words.exit_code, told.exit_code) == (0, 0), words.output
    assert dearest.spot.frame.partition(":")[2] in words.stdout
    assert dearest.spot.file in {line["file"] for line in json.loads(told.stdout)["lines"]}
