"""The templates of models whose deploy is the release: how traffic moves, what stops it."""

from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from gate.lint import matches
from stacks.application import add_stacks
from stacks.checks import nag
from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from stacks.project.spec import ProjectSpec
from tests.synth.assembly import Assembly, own_faults, synthesize
from tidegate.guardrail.alarm import alarm_name
from tidegate.guardrail.course import shifts

NAMED = """{ strategy: canary, mechanism: guardrail, echoes_version: true,
      steps: [{ share_percent: 10, bake: 15m }], guardrails: { outcomes: { margin: 0.1 } } }"""
MODELS = {
    "bang": (2, "{ strategy: big-bang, bake: 20m, mechanism: guardrail }"),
    "canary": (
        2,
        "{ strategy: canary, mechanism: guardrail, steps: [{ share_percent: 10, bake: 15m }] }",
    ),
    "linear": (2, "{ strategy: linear, mechanism: guardrail, step_percent: 20, bake: 10m }"),
    "rolling": (5, "{ strategy: rolling, batch_percent: 50, bake: 10m }"),
    "named": (2, NAMED),
}
MODEL = """
  NAME:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: model
    hosting: { instance_type: ml.m5.large, instances: { min: COUNT, max: 8 } }
    release: RELEASE
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> ProjectSpec:
    """A model for each strategy that SageMaker can do."""
    folder = tmp_path_factory.mktemp("guarded")
    code = folder / "model" / "code"
    code.mkdir(parents=True)
    (code / "inference.py").write_text("def model_fn(model_dir): ...\n")
    models = [
        MODEL.replace("NAME", name).replace("COUNT", str(count)).replace("RELEASE", release)
        for name, (count, release) in MODELS.items()
    ]
    text = "project: shop\nstages: { dev: { region: eu-west-1 } }\nmodels:" + "".join(models)
    (folder / "tidegate.yaml").write_text(text)
    return load_project(folder / "tidegate.yaml")


@pytest.fixture(scope="module")
def templates(guarded: ProjectSpec, tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Their templates."""
    folder = tmp_path_factory.mktemp("templates")
    return synthesize(Deployment(project=guarded, stage="dev", folder=folder))


def deployment(templates: Assembly, model: str) -> dict[str, Any]:
    """The endpoint's DeploymentConfig."""
    endpoints = templates.resources(f"shop-dev-model-{model}", "AWS::SageMaker::Endpoint")
    (endpoint,) = endpoints.values()
    config: dict[str, Any] = endpoint["Properties"]["DeploymentConfig"]
    return config


ROUTING = {
    "bang": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 1_200},
    "canary": {
        "Type": "CANARY",
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
        "WaitIntervalInSeconds": 900,
    },
    "named": {
        "Type": "CANARY",
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
        "WaitIntervalInSeconds": 900,
    },
    "linear": {
        "Type": "LINEAR",
        "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 20},
        "WaitIntervalInSeconds": 600,
    },
}


@pytest.mark.parametrize("model", ROUTING)
def test_blue_green_strategies_say_how_traffic_moves(templates: Assembly, model: str):
    """SageMaker is told the plan's shares and bakes, whichever of its types that is."""
    policy = deployment(templates, model)["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"] == ROUTING[model]


def test_rolling_goes_by_whole_instances(templates: Assembly):
    """Half of five instances is two: SageMaker is not left to round."""
    config = deployment(templates, "rolling")
    policy = config["RollingUpdatePolicy"]
    assert policy["MaximumBatchSize"] == {"Type": "INSTANCE_COUNT", "Value": 2}
    assert policy["WaitIntervalInSeconds"] == 600
    assert "BlueGreenUpdatePolicy" not in config


@pytest.mark.parametrize("model", MODELS)
def test_the_time_limit_is_above_all_waits(templates: Assembly, model: str, guarded: ProjectSpec):
    """SageMaker would end the update in its midst otherwise."""
    config = deployment(templates, model)
    (policy,) = (config[p] for p in ("BlueGreenUpdatePolicy", "RollingUpdatePolicy") if p in config)
    plan = guarded.models[model].plan
    shares = [step.share_percent for step in plan.steps]
    waits = shifts(plan.strategy, shares) * plan.steps[0].bake_seconds
    assert waits < policy["MaximumExecutionTimeoutInSeconds"] <= 28_800


@pytest.mark.parametrize("model", MODELS)
def test_the_judge_s_alarm_stops_it(templates: Assembly, model: str):
    """It is there before the endpoint, by a literal name; nothing but harm raises it."""
    stack = f"shop-dev-model-{model}"
    name = alarm_name(f"shop-dev-{model}")
    alarm = templates.resources(stack, "AWS::CloudWatch::Alarm")["ReleaseHarm"]["Properties"]
    (endpoint,) = templates.resources(stack, "AWS::SageMaker::Endpoint").values()
    rollback = deployment(templates, model)["AutoRollbackConfiguration"]
    assert rollback == {"Alarms": [{"AlarmName": name}]}
    assert "ReleaseHarm" in endpoint["DependsOn"]
    assert (alarm["AlarmName"], alarm["TreatMissingData"]) == (name, "notBreaching")
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 60


@pytest.mark.parametrize("model", MODELS)
def test_there_is_one_production_variant(templates: Assembly, model: str):
    """SageMaker brings up the second fleet itself: an idle slot would cost its instances."""
    stack = f"shop-dev-model-{model}"
    (config,) = templates.resources(stack, "AWS::SageMaker::EndpointConfig").values()
    variants = config["Properties"]["ProductionVariants"]
    assert [(v["VariantName"], v["InitialVariantWeight"]) for v in variants] == [("blue", 1)]
    assert len(templates.resources(stack, "AWS::SageMaker::Model")) == 1
    scaled = templates.resources(stack, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert set(scaled) == {"BlueScaling"}


def test_a_container_that_names_its_version_is_told_it(templates: Assembly, guarded: ProjectSpec):
    """By a variable that is no part of the version; no other container gets it."""
    (named,) = templates.resources("shop-dev-model-named", "AWS::SageMaker::Model").values()
    (other,) = templates.resources("shop-dev-model-canary", "AWS::SageMaker::Model").values()
    told = named["Properties"]["PrimaryContainer"]["Environment"]
    plain = other["Properties"]["PrimaryContainer"]["Environment"]
    verify = templates.resources("shop-dev-model-named", "Custom::ReleaseVerify")
    (gate,) = (item["Properties"] for item in verify.values())
    assert told.pop("TIDEGATE_VERSION") == gate["Slots"]["blue"]["digest"]
    assert told == plain


@pytest.mark.parametrize("model", MODELS)
def test_each_version_has_a_role_of_its_own(templates: Assembly, model: str):
    """The old fleet must still be able to read its artifact while the new one is brought up."""
    roles = templates.resources(f"shop-dev-model-{model}", "AWS::IAM::Role")
    (role,) = roles
    assert role.startswith("ExecutionRole")
    assert len(role) == len("ExecutionRole") + 8


def test_the_watch_may_look_and_publish_and_move_nothing(templates: Assembly):
    """It has no action that changes an endpoint."""
    roles = templates.resources("shop-dev-release", "AWS::IAM::Role")
    statements = [
        statement
        for policy in roles["WatchReleaseRole"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    actions = {action for statement in statements for action in statement["Action"]}
    assert {a for a in actions if a.startswith("sagemaker:")} == {"sagemaker:DescribeEndpoint"}
    assert {a for a in actions if a.startswith("cloudformation:")} == {
        "cloudformation:DescribeStacks"
    }
    published = [s for s in statements if "cloudwatch:PutMetricData" in s["Action"]]
    assert [s["Condition"] for s in published] == [
        {"StringEquals": {"cloudwatch:namespace": "Tidegate"}}
    ]


def test_templates_lint_clean(templates: Assembly):
    """cfn-lint with warnings as errors, and our own rules."""
    assert own_faults(templates) == []
    files = [str(templates.folder / f"{name}.template.json") for name in templates.templates]
    assert [str(match) for match in matches(files, region="eu-west-1")] == []


@pytest.mark.nag
def test_nothing_is_found_that_was_not_acknowledged(guarded: ProjectSpec, tmp_path: Path):
    """AwsSolutions and CDK's validation pass."""
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=True)
    add_stacks(app, Deployment(project=guarded, stage="dev", folder=tmp_path))
    nag.add_nag(app, guarded, guarded.stages["dev"])
    app.synth()
