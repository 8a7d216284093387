"""Tuning jobs, spot jobs and built-in algorithms as a client with boto3 sees them."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.ai.control import FaultControlError
from emulator.server import EmbeddedCloud
from tests.emulated_jobs import ENDED, Shop, channel, packed, unpacked
from tests.polling import until

pytestmark = pytest.mark.accept

LOGS = "/aws/sagemaker/TrainingJobs"
CHECKPOINTED = """
import os, pathlib, sys, time
folder = pathlib.Path(sys.argv[sys.argv.index("--checkpoints") + 1])
done = sorted(int(file.name) for file in folder.iterdir())
start = done[-1] + 1 if done else 0
print("credentials:", "AWS_ACCESS_KEY_ID" in os.environ)
for step in range(start, 6):
    (folder / str(step)).write_text("done")
    print(f"accuracy={step / 10};")
    print(f"step {step}")
    time.sleep(0.0 if start else 5.0 * (step == 2))
(pathlib.Path(os.environ["SM_MODEL_DIR"]) / "model.json").write_text("{}")
"""

HOPELESS = """
import os, pathlib, sys, time
kind = sys.argv[sys.argv.index("--kind") + 1]
for step in range(3):
    print(f"accuracy={0.1 if kind == 'z' else 0.8};")
time.sleep(3_600.0 if kind == "z" else 0.0)
(pathlib.Path(os.environ["SM_MODEL_DIR"]) / "model.json").write_text("{}")
"""


@pytest.fixture(scope="module")
def shop(ground_cloud: EmbeddedCloud) -> Shop:
    """Programs, data, and a role that may do just what it needs."""
    made = Shop(ground_cloud)
    made.put("code/checkpointed.tar.gz", packed({"train.py": CHECKPOINTED}))
    made.put("code/hopeless.tar.gz", packed({"train.py": HOPELESS}))
    return made


def tuning(shop: Shop, hyperparameters: Mapping[str, str] | None = None, **config: Any) -> Any:
    """A CreateHyperParameterTuningJob request; `config` replaces members of its configuration."""
    training = shop.training(hyperparameters)
    name = training.pop("TrainingJobName")[-30:]
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "accuracy"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "rate", "MinValue": "0.1", "MaxValue": "0.9"}
                ]
            },
            **config,
        },
        "TrainingJobDefinition": {
            **{key: each for key, each in training.items() if key != "HyperParameters"},
            "StaticHyperParameters": training["HyperParameters"],
        },
    }


def tuned(shop: Shop, request: Mapping[str, Any]) -> dict[str, Any]:
    """The description of the tuning job once it has ended."""
    shop.sagemaker.create_hyper_parameter_tuning_job(**request)
    return tuning_ended(shop, request["HyperParameterTuningJobName"])


def tuning_ended(shop: Shop, name: str) -> dict[str, Any]:
    """The description of a tuning job that has ended."""

    def found() -> dict[str, Any] | None:
        job: dict[str, Any] = shop.sagemaker.describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name
        )
        return job if job["HyperParameterTuningJobStatus"] in ENDED else None

    return until(found, seconds=120, what=f"tuning job {name} ended")


def test_each_try_is_a_training_job_with_values_of_its_own(shop: Shop):
    """As many as asked for, each with its objective; one of them is the best."""
    job = tuned(shop, tuning(shop))
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    assert job["TrainingJobStatusCounters"]["Completed"] == 3
    name = job["HyperParameterTuningJobName"]
    listed = shop.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name, SortBy="FinalObjectiveMetricValue"
    )["TrainingJobSummaries"]
    rates = {float(each["TunedHyperParameters"]["rate"]) for each in listed}
    assert len(rates) == 3
    assert all(0.1 <= rate <= 0.9 for rate in rates)
    values = {each["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for each in listed}
    assert values == {0.75}
    best = job["BestTrainingJob"]
    assert best["TrainingJobName"] in {each["TrainingJobName"] for each in listed}
    told = shop.sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert told["TuningJobArn"] == job["HyperParameterTuningJobArn"]
    model = unpacked(shop.body(told["ModelArtifacts"]["S3ModelArtifacts"]))["model.json"]
    assert model["rate"] == float(best["TunedHyperParameters"]["rate"])


def test_a_tuning_job_whose_tries_fail_has_failed(shop: Shop):
    """With the first reason."""
    job = tuned(shop, tuning(shop, {"behaviour": "fail"}))
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert "All training jobs failed" in job["FailureReason"]
    assert "no such luck" in job["FailureReason"]


def test_a_tuning_job_that_is_stopped_stops_its_tries(shop: Shop):
    """None is left running."""
    request = tuning(shop, {"behaviour": "sleep"})
    name = request["HyperParameterTuningJobName"]
    shop.sagemaker.create_hyper_parameter_tuning_job(**request)

    def running() -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (
            shop.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
                HyperParameterTuningJobName=name
            )["TrainingJobSummaries"]
        )
        return listed

    until(lambda: len(running()) == 2, seconds=30, what="two tries run")
    shop.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    job = tuning_ended(shop, name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    ended = [shop.training_ended(each["TrainingJobName"]) for each in running()]
    assert {each["TrainingJobStatus"] for each in ended} == {"Stopped"}


def test_a_try_that_is_worse_than_those_before_it_is_stopped(shop: Shop):
    """It would have gone on for an hour; the job completes with the best of the others."""
    request = tuning(
        shop,
        {"sagemaker_submit_directory": shop.uri("code/hopeless.tar.gz")},
        Strategy="Grid",
        TrainingJobEarlyStoppingType="Auto",
        ResourceLimits={"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 1},
        ParameterRanges={
            "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b", "c", "z"]}]
        },
    )
    request["TrainingJobDefinition"]["StoppingCondition"] = {"MaxRuntimeInSeconds": 86_400}
    job = tuned(shop, request)
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    listed = shop.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=job["HyperParameterTuningJobName"]
    )["TrainingJobSummaries"]
    ended = {
        each["TunedHyperParameters"]["kind"].strip('"'): each["TrainingJobStatus"]
        for each in listed
    }
    assert ended == {"a": "Completed", "b": "Completed", "c": "Completed", "z": "Stopped"}
    assert job["BestTrainingJob"]["TunedHyperParameters"]["kind"].strip('"') != "z"


def test_what_cannot_be_tuned_is_refused_all_at_once(shop: Shop):
    """An unknown objective, a wrong range, a static value that is tuned; then what is not here."""
    ranges = [{"Name": "rate", "MinValue": "0.9", "MaxValue": "0.1"}]
    wrong = tuning(
        shop,
        {"rate": "1"},
        HyperParameterTuningJobObjective={"Type": "Maximize", "MetricName": "loss"},
        ParameterRanges={"ContinuousParameterRanges": ranges},
    )
    with pytest.raises(ClientError) as refused:
        shop.sagemaker.create_hyper_parameter_tuning_job(**wrong)
    for words in ("metric loss is not defined", "must be less than", "static and tuned"):
        assert words in str(refused.value)
    with pytest.raises(ClientError, match="the tuning strategy Hyperband"):
        shop.sagemaker.create_hyper_parameter_tuning_job(**tuning(shop, Strategy="Hyperband"))


def test_an_interrupted_job_goes_on_from_its_checkpoints(shop: Shop, ground_cloud: EmbeddedCloud):
    """In a fresh /opt/ml, with what it left; an isolated one has no credentials."""
    request = shop.training(
        {
            "sagemaker_submit_directory": shop.uri("code/checkpointed.tar.gz"),
            "checkpoints": "/opt/ml/checkpoints",
        },
        EnableManagedSpotTraining=True,
        EnableNetworkIsolation=True,
        StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120},
        CheckpointConfig={"S3Uri": shop.uri("checkpoints")},
    )
    name = request["TrainingJobName"]
    shop.sagemaker.create_training_job(**request)
    until(lambda: "step 2" in shop.log(LOGS, name), seconds=30, what="two steps are done")
    ground_cloud.interrupt_spot(name)
    job = shop.training_ended(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    statuses = [each["Status"] for each in job["SecondaryStatusTransitions"]]
    assert statuses.count("Interrupted") == 1
    steps = [line for line in shop.log(LOGS, name).splitlines() if line.startswith("step ")]
    assert steps == [f"step {number}" for number in range(6)]
    assert "credentials: False" in shop.log(LOGS, name)


def test_capacity_of_other_jobs_is_not_taken_away(shop: Shop, ground_cloud: EmbeddedCloud):
    """Not of an unknown one, not on demand; and spot jobs must say how long they wait."""
    with pytest.raises(FaultControlError, match="not found"):
        ground_cloud.interrupt_spot("nobody")
    job = shop.trained(shop.training())
    with pytest.raises(FaultControlError, match="does not run on spot capacity"):
        ground_cloud.interrupt_spot(job["TrainingJobName"])
    with pytest.raises(ClientError, match="MaxWaitTimeInSeconds must be at least"):
        shop.sagemaker.create_training_job(**shop.training(EnableManagedSpotTraining=True))


def test_an_algorithm_says_what_is_wrong_with_its_job(shop: Shop):
    """By its own table, as a ClientError; a job that is right is recorded and says so."""
    shop.put("pairs/a.csv", "user,10.0.0.1\n")
    image = "382416733822.dkr.ecr.us-east-1.amazonaws.com/ipinsights:1"
    given: dict[str, Any] = {
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "InputDataConfig": [{**channel("train", shop.uri("pairs/")), "ContentType": "text/csv"}],
        "HyperParameters": {"num_entity_vectors": "10", "vector_dim": "2"},
    }
    wrong = shop.trained(shop.training(**given))
    assert wrong["TrainingJobStatus"] == "Failed"
    assert wrong["FailureReason"].startswith("ClientError: Unable to initialize the algorithm")
    assert "'2' is not valid for vector_dim" in wrong["FailureReason"]
    given["HyperParameters"] = {"num_entity_vectors": "10", "vector_dim": "8"}
    right = shop.trained(shop.training(**given))
    assert right["TrainingJobStatus"] == "Completed", right.get("FailureReason")
    names = [each["Name"] for each in right["AlgorithmSpecification"]["MetricDefinitions"]]
    assert names == ["validation:discriminator_auc"]
    told = unpacked(shop.body(right["ModelArtifacts"]["S3ModelArtifacts"]))["recorded.json"]
    assert told["algorithm"] == "ipinsights"
