"""Tools, staging and production in an account each: a change crosses from one to the other by role.

Nothing of one account is in another: each has its own roles, stacks and release loop, and only the
roles of the templates lead across.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.ending import held
from cli.target import embedded_target
from emulator.server import EmbeddedCloud
from tests.e2e.conftest import TIME_SCALE
from tests.e2e.pipelines import ACCOUNTS, PipelineWorld, cloud_of_three
from tests.e2e.world import BETTER, V1

pytestmark = pytest.mark.accept

PATIENCE = 420.0
ALARM = "apart-health"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[EmbeddedCloud]:
    """A cloud of three accounts."""
    with cloud_of_three(tmp_path / "cloud", time_scale=TIME_SCALE) as made:
        yield made


@pytest.fixture
def world(cloud: EmbeddedCloud, tmp_path: Path) -> PipelineWorld:
    """A project whose pipeline and stages are in three accounts, each first deployed there."""
    made = PipelineWorld(
        cloud=cloud,
        folder=tmp_path / "source",
        name="apart",
        mode="delivery",
        accounts=ACCOUNTS,
        alarm=ALARM,
    )
    set_alarm(cloud, "ALARM")
    made.install(V1, "staging", "prod")
    return made


def stacks(cloud: EmbeddedCloud, account: str) -> set[str]:
    """The project's stacks in an account."""
    told = cloud.session(account).client("cloudformation").describe_stacks()["Stacks"]
    return {s["StackName"] for s in told if s["StackName"].startswith("apart-")}


def set_alarm(cloud: EmbeddedCloud, state: str) -> None:
    """The alarm of production's account is in that state until it is set to another one."""
    cloudwatch = cloud.session(ACCOUNTS.prod).client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=ALARM, Namespace="n", MetricName="m", Period=60, Statistic="Sum", Threshold=1,
        EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="a story")


def test_a_change_crosses_three_accounts(world: PipelineWorld, cloud: EmbeddedCloud):
    """Released in staging's account, approved in the tools', released in production's.

    Production is not entered while its alarm is on; once it is off, the stage is retried.
    """
    assert stacks(cloud, ACCOUNTS.tools) == {"apart-pipeline"}
    assert {name.split("-")[1] for name in stacks(cloud, ACCOUNTS.staging)} == {"staging"}
    assert {name.split("-")[1] for name in stacks(cloud, ACCOUNTS.prod)} == {"prod"}

    world.write(BETTER)
    execution = world.upload()
    waiting = world.rest(execution, seconds=PATIENCE)
    assert waiting.waiting is not None, json.dumps(waiting.to_json())
    assert (world.live("staging"), world.live("prod")) == ("v2", "v1")
    stage, action = waiting.waiting
    assert "v2 after v1 in staging: promoted" in world.pipeline.evidence(execution, action.name)

    world.pipeline.decide(stage, action, status="Approved", why="the story says so")
    kept_out = world.rest(execution, seconds=PATIENCE)
    assert kept_out.status == "Failed", json.dumps(kept_out.to_json())
    production = kept_out.stages[-1]
    assert "alarm" in production.entry.lower(), production
    assert world.live("prod") == "v1"
    set_alarm(cloud, "OK")
    world.pipeline.retry(production)
    done = world.crossing(execution, asked="prod", seconds=PATIENCE)
    assert done.status == "Succeeded", json.dumps(done.to_json())
    assert world.live("prod") == "v2"
    everything = held(embedded_target(cloud, account) for account in cloud.administrators)
    assert everything.open == ()
