"""The stack of a monitor: what it may read, what it writes, when it runs, what it alarms of."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gate.acknowledge import acknowledge
from gate.check import own_findings
from gate.lint import lint
from gate.read import read
from stacks.access_stack import READER_ROLE, AccessProps, access_blueprint
from stacks.project.pipelines import HomeSpec
from stacks.project.spec import StageSpec
from tests.synth.assembly import ROOT, Assembly
from tests.synth.examples import synthesized

EXAMPLE = ROOT / "examples" / "monitoring" / "flights.yaml"
STACK = "monitored-dev-monitoring-flights"


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example's."""
    return synthesized(EXAMPLE, tmp_path_factory.mktemp("monitoring"))


@pytest.fixture
def resources(assembly: Assembly) -> dict:
    """The resources of the monitor's stack."""
    return dict(assembly.templates[STACK]["Resources"])


def test_the_stack_has_these_resources(resources: dict) -> None:
    """A new one is a decision."""
    kinds = sorted(one["Type"] for one in resources.values())
    assert kinds == [
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Alarm",
        "AWS::Events::Rule",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "Custom::EmptyBucket",
    ]


def test_the_function_is_told_plan_and_baseline(resources: dict) -> None:
    """The baseline is a file asset, read from the bucket of the bootstrap."""
    variables = resources["MonitorModel"]["Properties"]["Environment"]["Variables"]
    told = json.loads(variables["MONITORING"]["Fn::Sub"])
    assert variables["ENDPOINTS"] == "monitored-dev-flights"
    assert told["plan"]["records"] == "/features"
    assert told["plan"]["window_seconds"] == 86_400
    assert told["key"].endswith(".json")
    assert len(json.dumps(variables)) < 4_000


def test_labels_are_looked_up_by_their_keys(resources: dict) -> None:
    """In the table of the release stack, and only where scores are joined with them."""
    variables = resources["MonitorModel"]["Properties"]["Environment"]["Variables"]
    plan = json.loads(variables["MONITORING"]["Fn::Sub"])["plan"]
    assert plan["score"]["at"] == "/predictions/0/score"
    assert plan["slices"] == ["carrier", "dep"]
    assert "dynamodb:BatchGetItem" in _actions(resources)


def test_without_scores_nobody_looks_up_a_label(tmp_path: Path) -> None:
    """One right less."""
    path = tmp_path / "tidegate.yaml"
    text = EXAMPLE.read_text()
    lines = [line for line in text.splitlines() if "score:" not in line and "slice" not in line]
    path.write_text("\n".join(lines))
    found = synthesized(path, tmp_path / "out").templates[STACK]["Resources"]
    assert "dynamodb:Query" in _actions(found)
    assert "dynamodb:BatchGetItem" not in _actions(found)


def _actions(resources: dict) -> set[str]:
    (role,) = [one for one in resources.values() if one["Type"] == "AWS::IAM::Role"]
    return {
        action
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    }


def test_it_runs_on_the_schedule_of_the_project_file(resources: dict) -> None:
    """And nobody else's rule may invoke it."""
    assert resources["MonitorSchedule"]["Properties"]["ScheduleExpression"] == "rate(60 minutes)"
    permission = resources["MonitorSchedulePermission"]["Properties"]
    assert permission["SourceArn"] == {"Fn::GetAtt": ["MonitorSchedule", "Arn"]}


def test_an_alarm_keeps_its_state_between_looks(resources: dict) -> None:
    """Missing data is no news: the function speaks once an hour."""
    alarm = resources["Drifted"]["Properties"]
    assert alarm["MetricName"] == "MonitoringFindings"
    assert alarm["TreatMissingData"] == "ignore"


def test_a_project_without_monitoring_has_no_such_stack(tmp_path: Path) -> None:
    """It is opt-in."""
    assert not [
        name
        for name in synthesized(ROOT / "tidegate.yaml", tmp_path).templates
        if "monitoring" in name
    ]


LEGACY = ROOT / "examples" / "monitoring" / "model-monitor.yaml"
KINDS = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """A project of an account that had Model Monitor."""
    return synthesized(LEGACY, tmp_path_factory.mktemp("enrolled"))


def test_model_monitor_has_a_definition_and_a_schedule_each_kind(enrolled: Assembly) -> None:
    """Each acknowledged as of a closed service, with the way that is open to all."""
    resources = enrolled.templates["enrolled-dev-monitoring-flights"]["Resources"]
    for kind in KINDS:
        job, schedule = resources[f"{kind}Job"], resources[f"{kind}Schedule"]
        assert job["Type"] == f"AWS::SageMaker::{kind}JobDefinition"
        config = schedule["Properties"]["MonitoringScheduleConfig"]
        assert config["MonitoringType"] == kind
        # CloudFormation's schema has no attribute of the name.
        arn = {"Fn::GetAtt": [f"{kind}Job", "JobDefinitionArn"]}
        assert config["MonitoringJobDefinitionName"] == {
            "Fn::Select": [1, {"Fn::Split": ["/", arn]}]
        }
        (row,) = job["Metadata"]["tidegate"]["acknowledged"]
        assert row["rule"] == "closed-service"
        assert "closed to new customers" in row["reason"]


def test_model_monitor_synthesizes_lint_clean(enrolled: Assembly) -> None:
    """By cfn-lint and our own rules, which the closed service is acknowledged for."""
    assembly = read([enrolled.folder])
    found = (*own_findings(assembly), *acknowledge(tuple(lint(assembly)), assembly))
    assert [(str(one.place), one.rule, one.fault.wrong) for one in found if one.open] == []
    assert len([one for one in found if one.rule == "closed-service"]) == 2 * len(KINDS)


def test_a_pipeline_reads_reports_where_there_are_monitors_only() -> None:
    """Builds that gather evidence may read the report, and nothing else of the bucket."""
    stage = StageSpec(name="prod", region="eu-west-1", partition="aws")
    home = HomeSpec(region="eu-west-1", partition="aws", account=None, keep_data=True, log_days=7)
    props = AccessProps(project="shop", stage=stage, home=home, monitored=("flights",))

    def of_monitors(asked: AccessProps) -> list[tuple[str, str]]:
        (policy,) = access_blueprint(asked).resources[READER_ROLE]["Properties"]["Policies"]
        return [
            (action, resource)
            for statement in policy["PolicyDocument"]["Statement"]
            for action in statement["Action"]
            for resource in statement["Resource"]
            if "monitoring" in str(resource)
        ]

    assert of_monitors(props) == [
        ("s3:ListBucket", "arn:aws:s3:::shop-prod-monitoring-*"),
        ("s3:GetObject", "arn:aws:s3:::shop-prod-monitoring-*/report.json"),
    ]
    assert of_monitors(replace(props, monitored=())) == []
