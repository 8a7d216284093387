"""The stack that trains by a built-in algorithm, and options of training jobs: as SageMaker takes.

`tidegate check` holds the arguments of every step to botocore's model.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from emulator.sagemaker.pipelines.definition import definition_of
from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from tests.synth.assembly import Assembly, own_faults, synthesize
from tests.synth.test_training_template import PACKAGE

FILE = """\
project: shop
stages:
  prod:
    region: eu-west-1
    account: "123456789012"
models:
  delays:
    algorithm: xgboost
    algorithm_version: "3.2-0"
    hosting: { instance_type: ml.m5.large }
    training:
      code: scripts
      process: process.py
      channels: { train: text/csv, validation: text/csv }
      hyperparameters: { objective: "binary:logistic", num_round: 20 }
      require:
        - { metric: auc, at_least: 0.7 }
      spot: { wait: 2h }
      network_isolation: true
      vpc: { subnets: [subnet-0123abcd], security_groups: [sg-0123abcd] }
  groups:
    algorithm: kmeans
    algorithm_version: "1"
    hosting: { instance_type: ml.m5.large }
    training:
      code: scripts
      hyperparameters: { feature_dim: 2, k: 3 }
      require:
        - { metric: msd, at_most: 1 }
      tune:
        objective: test:msd
        ranges: { epochs: { least: 1, most: 5 } }
"""
SCRIPTED = """\
  scripted:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: scripted
    hosting: { instance_type: ml.m5.large }
    training:
      code: scripts
      require:
        - { metric: wrong_share, at_most: 0.15 }
      metrics: { "loss": "loss=([0-9.]+)" }
      tune:
        objective: loss
        goal: Minimize
        early_stopping: true
        ranges:
          depth: { least: 2, most: 8 }
          rate: { least: 0.01, most: 0.5, scale: Logarithmic }
          kind: { values: [a, b] }
      network_isolation: true
      most_usd: 1
  warm:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: scripted
    hosting: { instance_type: ml.m5.large }
    training:
      code: scripts
      require:
        - { metric: wrong_share, at_most: 0.15 }
      warm_pool: 10m
"""


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The project, before anything was approved."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "scripts").mkdir()
    for name in ("process.py", "train.py", "evaluate.py"):
        (folder / "scripts" / name).write_text(name)
    (folder / "scripted" / "code").mkdir(parents=True)
    (folder / "scripted" / "code" / "inference.py").write_text("def model_fn(model_dir): ...\n")
    (folder / "tidegate.yaml").write_text(FILE + SCRIPTED)
    project = load_project(folder / "tidegate.yaml")
    out = tmp_path_factory.mktemp("cdk.out")
    return synthesize(Deployment(project=project, stage="prod", folder=out))


def resources(assembly: Assembly, model: str, kind: str) -> list[Mapping[str, Any]]:
    """The properties of resources of a type in a model's training stack."""
    found = assembly.resources(f"shop-prod-training-{model}", kind).values()
    return [each["Properties"] for each in found]


def steps_of(assembly: Assembly, model: str) -> dict[str, Any]:
    """The steps of a model's pipeline as CloudFormation fills them in, which the cloud takes."""
    (pipeline,) = resources(assembly, model, "AWS::SageMaker::Pipeline")
    text: str = pipeline["PipelineDefinition"]["PipelineDefinitionBody"]["Fn::Sub"]
    role = "arn:aws:iam::123456789012:role/jobs"
    filled = text.replace("${JobRole.Arn}", role).replace("${Bucket}", "bucket")
    definition_of(filled)
    return {step["Name"]: step for step in json.loads(filled)["Steps"]}


def test_nothing_in_the_stacks_is_a_trap(assembly: Assembly):
    """`tidegate check` finds nothing: every step satisfies botocore's model."""
    assert own_faults(assembly) == []


def test_a_model_without_a_version_has_no_hosting(assembly: Assembly):
    """It is trained, and the rest waits for what is approved."""
    assert "shop-prod-training-delays" in assembly.templates
    assert "shop-prod-model-delays" not in assembly.templates
    assert "shop-prod-model-scripted" in assembly.templates


def test_an_approved_version_is_hosted_and_compared_with(
    assembly: Assembly, tmp_path_factory: pytest.TempPathFactory
):
    """From then on the evaluation asks the live version too."""
    steps = steps_of(assembly, "delays")
    assert [*steps] == ["Process", "Train", "Candidate", "AskCandidate", "Evaluate", "Decide"]
    folder = tmp_path_factory.mktemp("born")
    (folder / "scripts").mkdir()
    for name in ("process.py", "evaluate.py"):
        (folder / "scripts" / name).write_text(name)
    (folder / "tidegate.yaml").write_text(FILE)
    project = load_project(folder / "tidegate.yaml")
    deployment = Deployment(
        project=project, stage="prod", folder=folder / "out", packages={"delays": PACKAGE}
    )
    made = synthesize(deployment)
    assert "shop-prod-model-delays" in made.templates
    asked = steps_of(made, "delays")
    assert set(asked) - set(steps) == {"Live", "AskLive"}
    assert asked["Evaluate"]["DependsOn"] == ["AskCandidate", "AskLive"]


def test_channels_have_content_types_and_scripts_an_image_of_their_own(assembly: Assembly):
    """The algorithm's image runs no scripts."""
    steps = steps_of(assembly, "delays")
    train = steps["Train"]["Arguments"]
    channels = {each["ChannelName"]: each["ContentType"] for each in train["InputDataConfig"]}
    assert channels == {"train": "text/csv", "validation": "text/csv"}
    assert train["HyperParameters"] == {"objective": "binary:logistic", "num_round": "20"}
    assert "xgboost" in train["AlgorithmSpecification"]["TrainingImage"]
    script = steps["Process"]["Arguments"]["AppSpecification"]
    assert "scikit-learn" in script["ImageUri"]
    words = script["ContainerArguments"]
    assert words[0] == "process.py"
    assert {"--train", "--validation", "--test"} <= set(words)


def test_spot_network_and_isolation_are_asked_for(assembly: Assembly):
    """With checkpoints under the run, and the network for every job."""
    steps = steps_of(assembly, "delays")
    train = steps["Train"]["Arguments"]
    assert train["EnableManagedSpotTraining"] is True
    assert train["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 3600,
        "MaxWaitTimeInSeconds": 7200,
    }
    assert "checkpoints" in json.dumps(train["CheckpointConfig"])
    assert train["EnableNetworkIsolation"] is True
    network = {"SecurityGroupIds": ["sg-0123abcd"], "Subnets": ["subnet-0123abcd"]}
    assert train["VpcConfig"] == network
    assert steps["Process"]["Arguments"]["NetworkConfig"] == {"VpcConfig": network}
    assert steps["Candidate"]["Arguments"]["VpcConfig"] == network


def test_data_without_a_process_script_has_a_folder_a_channel(assembly: Assembly):
    """The prefix of the input, and the channel's name."""
    steps = steps_of(assembly, "groups")
    assert "Process" not in steps
    (channel,) = steps["Train"]["Arguments"]["TrainingJobDefinition"]["InputDataConfig"]
    uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
    assert uri == {"Std:Join": {"On": "", "Values": [{"Get": "Parameters.InputData"}, "train/"]}}


def test_a_tuning_step_has_ranges_an_objective_and_limits(assembly: Assembly):
    """Its best job is what is asked, evaluated and registered."""
    steps = steps_of(assembly, "scripted")
    train = steps["Train"]
    assert train["Type"] == "Tuning"
    config = train["Arguments"]["HyperParameterTuningJobConfig"]
    assert config["HyperParameterTuningJobObjective"] == {"Type": "Minimize", "MetricName": "loss"}
    assert config["TrainingJobEarlyStoppingType"] == "Auto"
    ranges = config["ParameterRanges"]
    assert ranges["IntegerParameterRanges"][0]["MaxValue"] == "8"
    assert ranges["ContinuousParameterRanges"][0]["ScalingType"] == "Logarithmic"
    assert ranges["CategoricalParameterRanges"] == [{"Name": "kind", "Values": ["a", "b"]}]
    definition = train["Arguments"]["TrainingJobDefinition"]
    metrics = definition["AlgorithmSpecification"]["MetricDefinitions"]
    assert metrics == [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]
    (register,) = steps["Decide"]["Arguments"]["IfSteps"]
    (container,) = register["Arguments"]["InferenceSpecification"]["Containers"]
    assert "Steps.Train.BestTrainingJob.TrainingJobName" in json.dumps(container["ModelDataUrl"])


def test_a_ceiling_of_costs_shortens_every_job(assembly: Assembly):
    """Twelve jobs for a dollar at $0.128 an hour: 39 minutes each."""
    steps = steps_of(assembly, "scripted")
    seconds = int(1 / (12 * 0.128) * 3600)
    definition = steps["Train"]["Arguments"]["TrainingJobDefinition"]
    assert definition["StoppingCondition"] == {"MaxRuntimeInSeconds": seconds}
    assert steps["Evaluate"]["Arguments"]["StoppingCondition"] == {"MaxRuntimeInSeconds": seconds}


def test_isolated_scripts_get_their_code_as_data(assembly: Assembly):
    """A container without a network can fetch nothing."""
    steps = steps_of(assembly, "scripted")
    definition = steps["Train"]["Arguments"]["TrainingJobDefinition"]
    names = [each["ChannelName"] for each in definition["InputDataConfig"]]
    assert names == ["train", "code"]
    submitted = definition["StaticHyperParameters"]["sagemaker_submit_directory"]
    assert submitted.startswith("/opt/ml/input/data/code/")


def test_a_warm_pool_keeps_the_training_instance(assembly: Assembly):
    """For the next job of the same kind."""
    steps = steps_of(assembly, "warm")
    assert steps["Train"]["Arguments"]["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 600


def test_the_pipeline_may_do_what_its_steps_need_and_no_more(assembly: Assembly):
    """Tuning and asking have rights of their own."""
    asking, tuned = _actions(assembly, "delays"), _actions(assembly, "scripted")
    assert {"sagemaker:CreateTransformJob", "sagemaker:CreateModel"} <= asking
    assert not {action for action in tuned if "Transform" in action or "Model" in action[-6:]}
    assert "sagemaker:CreateHyperParameterTuningJob" in tuned
    assert "sagemaker:CreateTrainingJob" not in tuned
    jobs = json.dumps(assembly.templates["shop-prod-training-delays"]["Resources"]["JobRole"])
    assert "ec2:CreateNetworkInterface" in jobs
    jobs = json.dumps(assembly.templates["shop-prod-training-warm"]["Resources"]["JobRole"])
    assert "ec2:" not in jobs


def _actions(assembly: Assembly, model: str) -> set[str]:
    role = assembly.templates[f"shop-prod-training-{model}"]["Resources"]["TrainingRole"]
    (document,) = (each["PolicyDocument"] for each in role["Properties"]["Policies"])
    return {action for each in document["Statement"] for action in each["Action"]}
