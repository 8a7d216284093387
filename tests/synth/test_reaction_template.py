"""What a reaction adds to a monitor's stack: when it runs, and that it may do what it asks for."""

import json
from pathlib import Path

import pytest

from tests.synth.assembly import ROOT, Assembly
from tests.synth.examples import synthesized

STACK = "trained-dev-monitoring-flights"
GROUP = "model-package/trained-dev-flights/*"


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example's, which asks for retraining."""
    example = ROOT / "examples" / "training" / "flights.yaml"
    return synthesized(example, tmp_path_factory.mktemp("reaction"))


@pytest.fixture(scope="module")
def cycle(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """A project that asks for both ways to act."""
    example = ROOT / "examples" / "pipelines" / "cycle.yaml"
    return synthesized(example, tmp_path_factory.mktemp("cycle"))


def actions(assembly: Assembly, stack: str, role: str) -> set[str]:
    """What a role may do."""
    (work, _) = assembly.templates[stack]["Resources"][role]["Properties"]["Policies"]
    return {action for one in work["PolicyDocument"]["Statement"] for action in one["Action"]}


def test_it_runs_on_the_monitors_event_and_by_time(assembly: Assembly) -> None:
    """The event makes it prompt, the schedule makes up for what was held back."""
    resources = assembly.templates[STACK]["Resources"]
    assert resources["Found"]["Properties"]["EventPattern"] == {
        "source": ["tidegate"],
        "detail-type": ["Tidegate Monitoring State Change"],
        "detail": {"model": ["flights"]},
    }
    schedule = resources["ReactionSchedule"]["Properties"]
    assert schedule["ScheduleExpression"] == "rate(5 minutes)"
    for rule in ("Found", "ReactionSchedule"):
        permission = resources[f"{rule}Permission"]["Properties"]
        assert permission["SourceArn"] == {"Fn::GetAtt": [rule, "Arn"]}


def test_it_is_told_the_plan_and_what_trains(assembly: Assembly) -> None:
    """By variables, as every function."""
    function = assembly.templates[STACK]["Resources"]["ReactToFindings"]["Properties"]
    variables = function["Environment"]["Variables"]
    plan = json.loads(variables["REACTION"])
    asked = {family: action for family, action in plan["actions"].items() if action != "alert"}
    assert asked == {"data drift": "retrain"}
    assert (plan["pause_seconds"], plan["most_a_month"]) == (86_400, 4)
    assert variables["TRAINING_PIPELINE"] == "trained-dev-training-flights"
    assert variables["PACKAGE_GROUP"] == "trained-dev-flights"


def test_rights_follow_from_what_is_asked_for(assembly: Assembly, cycle: Assembly) -> None:
    """Who may only retrain cannot start a release."""
    retrains = actions(assembly, STACK, "ReactToFindingsRole")
    assert "sagemaker:StartPipelineExecution" in retrains
    assert "states:StartExecution" not in retrains
    both = actions(cycle, "cycle-staging-monitoring-flights", "ReactToFindingsRole")
    assert both - retrains == {"sagemaker:DescribeEndpoint", "states:StartExecution"}


def test_a_monitor_reads_what_training_left_where_there_is_training(assembly: Assembly) -> None:
    """And keeps the baselines that it makes of it, longer than everything else."""
    resources = assembly.templates[STACK]["Resources"]
    monitors = actions(assembly, STACK, "MonitorModelRole")
    assert "sagemaker:DescribeModelPackage" in monitors
    rules = resources["MonitorBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {rule.get("Prefix") for rule in rules} == {"state.json.gz", "report.json", None}
    assert [rule["Id"] for rule in rules if "Prefix" not in rule] == ["Abort"]


def test_without_a_reaction_there_is_none(tmp_path: Path) -> None:
    """It is opt-in."""
    example = ROOT / "examples" / "monitoring" / "flights.yaml"
    found = synthesized(example, tmp_path).templates["monitored-dev-monitoring-flights"]
    assert "ReactToFindings" not in found["Resources"]
