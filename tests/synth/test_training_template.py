"""The stack that trains a model: its pipeline is one that SageMaker takes, and touches no more."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator.sagemaker.pipelines.definition import definition_of
from stacks.access_stack import READER_ROLE, AccessProps, access_blueprint
from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from stacks.project.pipelines import HomeSpec
from stacks.project.spec import ProjectSpec
from tests.synth.assembly import PROJECT_FILE, Assembly, own_faults, synthesize
from tidegate.training.package import Package

SECTION = """\
    training:
      code: scripts
      hyperparameters: { trees: "10" }
      require:
        - { metric: wrong_share, at_most: 0.15, against_live: better }
        - { metric: answered, at_least: 0.9, against_live: ignored }
      schedule: rate(7 days)
      approve: automatically
"""
STACK, HOSTING = "shop-prod-training-fraud", "shop-prod-model-fraud"
PACKAGE = Package(
    arn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/shop-prod-fraud/3",
    version=3,
    image="141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-py312-cpu-py3",
    artifact_uri="s3://trained/models/job/output/model.tar.gz",
    environment={"SAGEMAKER_PROGRAM": "inference.py"},
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> ProjectSpec:
    """The project, whose model fraud is trained."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("process.py", "train.py", "evaluate.py"):
        (folder / "scripts").mkdir(exist_ok=True)
        (folder / "scripts" / name).write_text(name)
    (folder / "fraud" / "code").mkdir(parents=True)
    (folder / "fraud" / "code" / "inference.py").write_text("def model_fn(model_dir): ...\n")
    capture = "    data_capture: { percent: 10 }\n"
    (folder / "tidegate.yaml").write_text(PROJECT_FILE.replace(capture, capture + SECTION))
    return load_project(folder / "tidegate.yaml")


@pytest.fixture(scope="module")
def assembly(project: ProjectSpec, tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Stage prod, before anything was approved."""
    folder = tmp_path_factory.mktemp("cdk.out")
    return synthesize(Deployment(project=project, stage="prod", folder=folder))


def resources(assembly: Assembly, stack: str, kind: str) -> list[Mapping[str, Any]]:
    """The properties of the stack's resources of a type."""
    found = assembly.templates[stack]["Resources"].values()
    return [each["Properties"] for each in found if each["Type"] == kind]


def definition(assembly: Assembly) -> str:
    """The pipeline's definition as CloudFormation fills it in."""
    (pipeline,) = resources(assembly, STACK, "AWS::SageMaker::Pipeline")
    text: str = pipeline["PipelineDefinition"]["PipelineDefinitionBody"]["Fn::Sub"]
    role = "arn:aws:iam::123456789012:role/jobs"
    return text.replace("${JobRole.Arn}", role).replace("${Bucket}", "bucket")


def test_the_embedded_cloud_takes_the_definition(assembly: Assembly):
    """Five steps and a refusal, in the order of their needs."""
    steps = {step.name: step for step in definition_of(definition(assembly)).steps}
    assert set(steps) == {"Process", "Train", "Evaluate", "Decide", "Register", "Refuse"}
    assert steps["Train"].needs == {"Process"}
    assert steps["Evaluate"].needs == {"Process", "Train"}
    assert steps["Decide"].needs == {"Evaluate"}


def test_every_requirement_is_a_condition(assembly: Assembly):
    """The limit, and the comparison with what is live."""
    steps = {step["Name"]: step for step in json.loads(definition(assembly))["Steps"]}
    found = [
        (each["Type"], each["RightValue"] if isinstance(each["RightValue"], float) else "live")
        for each in steps["Decide"]["Arguments"]["Conditions"]
    ]
    assert found == [
        ("LessThanOrEqualTo", 0.15),
        ("LessThan", "live"),
        ("GreaterThanOrEqualTo", 0.9),
    ]
    (register,) = steps["Decide"]["Arguments"]["IfSteps"]
    assert register["Arguments"]["ModelApprovalStatus"] == "Approved"


def test_nothing_in_the_stacks_is_a_trap(assembly: Assembly):
    """`tidegate check` finds nothing: the steps satisfy botocore's model too."""
    assert own_faults(assembly) == []


def test_a_schedule_starts_the_pipeline_and_nothing_else(assembly: Assembly):
    """Under a role of its own."""
    (schedule,) = resources(assembly, STACK, "AWS::Scheduler::Schedule")
    assert schedule["ScheduleExpression"] == "rate(7 days)"
    assert schedule["Target"]["Arn"] == (
        "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/shop-prod-training-fraud"
    )


def test_an_approved_package_is_what_the_hosting_stack_serves(project: ProjectSpec, tmp_path: Path):
    """Its artifact, and the role may read it; other models are as they were."""
    packages = {"fraud": PACKAGE, "price": PACKAGE}
    made = synthesize(Deployment(project=project, stage="prod", folder=tmp_path, packages=packages))
    urls = {
        model["PrimaryContainer"]["ModelDataUrl"]
        for model in resources(made, HOSTING, "AWS::SageMaker::Model")
    }
    assert urls == {PACKAGE.artifact_uri}
    roles = json.dumps(resources(made, HOSTING, "AWS::IAM::Role"))
    assert "arn:aws:s3:::trained/models/job/output/model.tar.gz" in roles
    assert "trained/models" not in json.dumps(made.templates["shop-prod-model-price"])


def test_a_pipeline_may_look_for_the_approved_version_where_one_is_trained(project: ProjectSpec):
    """Of this group only, and not at all where nothing is trained."""
    home = HomeSpec(region="eu-west-1", partition="aws", account=None, keep_data=False, log_days=7)
    props = AccessProps(project="shop", stage=project.stages["prod"], home=home)
    without = json.dumps(access_blueprint(props).resources[READER_ROLE])
    assert "ListModelPackages" not in without
    asking = replace(props, groups=("shop-prod-Fraud",))
    (document,) = (
        each["PolicyDocument"]
        for each in access_blueprint(asking).resources[READER_ROLE]["Properties"]["Policies"]
    )
    (found,) = (s for s in document["Statement"] if "sagemaker:ListModelPackages" in s["Action"])
    assert found["Resource"] == [
        "arn:aws:sagemaker:eu-west-1:123456789012:model-package/shop-prod-fraud/*"
    ]


def test_the_price_of_its_jobs_is_told_with_its_source(assembly: Assembly):
    """The command line says by it what a run cost."""
    outputs = assembly.templates[STACK]["Outputs"]
    assert float(outputs["JobUsdPerHour"]["Value"]) == 0.128
    assert "ml.m5.large, as of 2023-12-31" in outputs["JobPriceSaid"]["Value"]
