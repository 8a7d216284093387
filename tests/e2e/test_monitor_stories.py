"""Monitoring end to end: steady traffic is steady, drift is found within stated requests."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands.monitor import app
from cli.monitor_page import monitor_page
from cli.monitors import Monitor, drift_in
from cli.options import PLACES
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.monitors import ask, asked, counted, look, monitor_of, monitored
from tests.e2e.world import V1, World, wait_for

pytestmark = pytest.mark.accept

STEADY, FOUND_WITHIN = 300, 300
OTHERWISE = {"draw": 0.2, "amount": 0.7}


@pytest.fixture(scope="module")
def world(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A model whose traffic is watched."""
    folder = tmp_path_factory.mktemp("monitored")
    made = monitored(World(cloud=story_cloud, folder=folder, model="watched"))
    made.deploy(V1)
    yield made
    remove_stacks(story_cloud, f"{made.project}-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A world, and what its monitor said of steady traffic and after its change."""

    world: World
    monitor: Monitor
    steady: dict[str, Any]
    drifted: dict[str, Any]


@pytest.fixture(scope="module")
def seen(world: World) -> Seen:
    """Traffic was steady; then only one country asked, and only what version 1 gets wrong."""
    chance = random.Random(3)  # noqa: S311 - questions, not secrets
    monitor = monitor_of(world)
    ask(world, STEADY, lambda: asked(chance, draw=(0, 10_000)), labelled=STEADY)
    steady = counted(monitor, STEADY)
    ask(
        world,
        FOUND_WITHIN,
        lambda: asked(chance, draw=(0, 2_000), country="us", why=OTHERWISE),
        labelled=FOUND_WITHIN,
    )
    drifted = counted(monitor, STEADY + FOUND_WITHIN)
    return Seen(world=world, monitor=monitor, steady=steady, drifted=drifted)


def test_steady_traffic_is_steady(seen: Seen) -> None:
    """300 steady requests raise nothing, and each is counted."""
    steady = seen.steady

    assert steady["word"] == "steady", steady["reason"]
    assert steady["totals"] == {
        "requests": STEADY,
        "unreadable": 0,
        "repeated": 0,
        "late": steady["totals"]["late"],
        "objects": steady["totals"]["objects"],
    }


def test_drift_is_found_within_stated_requests(seen: Seen) -> None:
    """Of those after the change 300 are enough; what did not change is not accused."""
    drifted = seen.drifted
    found = {(one["family"], one["feature"]) for one in drifted["findings"] if one["refused"]}

    assert ("data drift", "country") in found
    assert ("data drift", "draw") in found
    assert ("prediction drift", "(prediction)") in found
    assert ("attribution drift", "(attributions)") in found
    assert drifted["attributions"]["ndcg"] < seen.steady["attributions"]["ndcg"] == 1.0
    assert ("data drift", "amount") not in found
    assert "country" in drifted["reason"] or "draw" in drifted["reason"]
    country = next(one for one in drifted["findings"] if one["feature"] == "country")
    steady_end = max(point["window"] for point in seen.steady["points"])
    assert country["since"] > steady_end * drifted["window_seconds"]
    assert "<svg" in monitor_page(drifted)


def test_a_second_look_counts_nothing_again(seen: Seen) -> None:
    """Each object of captures counts once."""
    look(seen.monitor)
    again = seen.monitor.report()

    assert again is not None
    assert again["totals"] == seen.drifted["totals"]


def test_late_truth_is_judged_and_the_alarm_tells(seen: Seen) -> None:
    """When all of the truth can have come, quality is judged too; people are told.

    Scores were joined with labels: ranking and calibration fell, in the country whose labels
    turned; where labels were as scores said, nothing is found.
    """
    assert wait_for(lambda: quality_of(seen.monitor), seconds=60, what="the verdict on quality")
    view = seen.monitor.report()
    assert view is not None
    found = {one["feature"] for one in view["findings"] if one["refused"]}
    turned = {f"country = us ({what})" for what in ("ranking", "calibration", "errors")}
    assert found >= {"(ranking)", "(calibration)", *turned}
    assert not [one for one in found if one.startswith("country = ") and " us " not in one]
    assert view["slices"][0]["slice"] == "country = us"
    joined = view["quality"]["joined"]
    assert (joined["labelled"], joined["offered"]) == (STEADY + FOUND_WITHIN,) * 2
    assert view["quality"]["evaluation"]["auc"] == pytest.approx(0.8, abs=0.02)
    assert view["quality"]["recent"]["auc"] < 0.6
    cloudwatch = seen.world.cloud.session().client("cloudwatch")

    def alarmed() -> bool:
        alarms = cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
        return any("Drifted" in alarm["AlarmName"] for alarm in alarms)

    wait_for(alarmed, seconds=30, what="the alarm")


def quality_of(monitor: Monitor) -> bool:
    """Whether a look now finds that more of the answers are wrong than was expected."""
    look(monitor)
    view = monitor.report()
    assert view is not None
    # Counters come by the log, and labels by their keys: either may be there first.
    judged = view["quality"]["joined"]["waiting"] == 0
    return judged and any(
        one["feature"] == "(outcome)" and one["refused"] for one in view["findings"]
    )


def test_commands_say_what_was_found(seen: Seen, tmp_path: Path) -> None:
    """After the drift: exit code 6, a page, and JSON for programs."""
    world = seen.world
    token = PLACES.set(lambda *_: world.place(V1))
    try:
        ran = CliRunner().invoke(app, ["run", world.model, "--json"])
        status = CliRunner().invoke(app, ["status", world.model])
        page = tmp_path / "page.html"
        report = CliRunner().invoke(app, ["report", world.model, "--output", str(page)])
        unknown = CliRunner().invoke(app, ["status", "nobody"])
        told = list(drift_in(world.place(V1)))
    finally:
        PLACES.reset(token)

    assert (ran.exit_code, json.loads(ran.stdout)["word"]) == (6, "drift")
    assert status.exit_code == 6
    assert "country" in status.output
    assert report.exit_code == 0
    assert "<polyline" in page.read_text()
    assert "country = us" in page.read_text()
    assert unknown.exit_code == 3
    (line,) = told
    assert line.startswith(f"{world.model} in test: drift, ")


def test_counts_and_a_report_are_all_that_is_kept(seen: Seen) -> None:
    """Beside it is the report, and nothing else: no request, no answer, no client."""
    world, monitor = seen.world, seen.monitor
    s3 = world.cloud.session().client("s3")
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=monitor.bucket)["Contents"]]

    assert sorted(keys) == ["report.json", "state.json.gz"]
    report = json.loads(s3.get_object(Bucket=monitor.bucket, Key="report.json")["Body"].read())
    assert report["model"] == world.model
