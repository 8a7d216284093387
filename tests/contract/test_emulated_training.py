"""Training jobs as a client with boto3 sees them: embedded cloud, real programs, IAM on."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.emulated_jobs import Shop, channel, packed, unpacked
from tests.emulated_transforms import document
from tests.polling import until

LOGS = "/aws/sagemaker/TrainingJobs"


@pytest.fixture(scope="module")
def shop(ground_cloud: EmbeddedCloud) -> Shop:
    """Programs, data, and a role that may do just what it needs."""
    return Shop(ground_cloud)


def test_a_program_trains_on_a_channel_and_leaves_its_model(shop: Shop):
    """Hyperparameters arrive as arguments, every object of the channel, the model in S3."""
    job = shop.trained(shop.training({"rate": "0.25"}))
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == shop.uri(f"models/{job['TrainingJobName']}/output/model.tar.gz")
    model = unpacked(shop.body(uri))["model.json"]
    assert model == {"rows": ["one", "three", "two"], "rate": 0.25}
    assert job["SecondaryStatus"] == "Completed"
    assert [each["Status"] for each in job["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]


def test_metrics_are_read_from_the_log(shop: Shop):
    """The last value is in the description; the lines are in the log group of training jobs."""
    job = shop.trained(shop.training())
    (metric,) = job["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("accuracy", 0.75)
    assert shop.log(LOGS, job["TrainingJobName"]) == "accuracy=0.5;\naccuracy=0.75;"


@pytest.mark.accept
def test_the_environment_is_that_of_the_training_toolkit(shop: Shop):
    """`SM_*` variables and the three files of /opt/ml/input/config."""
    job = shop.trained(shop.training({"behaviour": "report", "depth": "4"}))
    assert job["TrainingJobStatus"] == "Failed"  # --depth is no option of the program
    job = shop.trained(shop.training({"behaviour": "report", "rate": "4"}))
    output = shop.body(shop.uri(f"models/{job['TrainingJobName']}/output/output.tar.gz"))
    told = unpacked(output)["told.json"]
    assert json.loads(told["SM_HPS"]) == {"behaviour": "report", "rate": 4}
    assert told["SM_HP_RATE"] == "4"
    assert json.loads(told["SM_CHANNELS"]) == ["train"]
    assert told["SM_USER_ENTRY_POINT"] == "train.py"
    assert told["SM_CHANNEL_TRAIN"].endswith("/opt/ml/input/data/train")
    assert told["files"]["hyperparameters.json"]["rate"] == "4"
    assert told["files"]["inputdataconfig.json"] == {
        "train": {
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
        }
    }
    assert told["files"]["resourceconfig.json"]["current_host"] == "algo-1"


def test_a_program_that_fails_says_why(shop: Shop):
    """The toolkit's text is the reason: exit code, error and command."""
    job = shop.trained(shop.training({"behaviour": "fail"}))
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Failed"
    reason = job["FailureReason"]
    assert reason.startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage")
    assert "ValueError: no such luck" in reason
    assert reason.endswith('Command "python train.py --behaviour fail", exit code: 1')


@pytest.mark.accept
def test_a_program_beyond_its_time_is_stopped_and_its_model_kept(shop: Shop):
    """MaxRuntimeExceeded, with what was in the model's folder."""
    request = shop.training({"behaviour": "sleep"}, StoppingCondition={"MaxRuntimeInSeconds": 2})
    job = shop.trained(request)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert "model.json" in unpacked(shop.body(job["ModelArtifacts"]["S3ModelArtifacts"]))


def test_a_job_that_is_stopped_ends_stopped(shop: Shop):
    """SIGTERM reaches the program; a job that has ended can't be stopped."""
    request = shop.training({"behaviour": "sleep"})
    name = request["TrainingJobName"]
    shop.sagemaker.create_training_job(**request)
    until(
        lambda: "asleep" in shop.log(LOGS, name),
        seconds=30,
        what="the program sleeps",
    )
    shop.sagemaker.stop_training_job(TrainingJobName=name)
    job = shop.training_ended(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    with pytest.raises(ClientError, match="the training job is in status Stopped"):
        shop.sagemaker.stop_training_job(TrainingJobName=name)


@pytest.mark.accept
@pytest.mark.parametrize(
    ("key", "words"),
    [("missing/", "No S3 objects found"), ("code/", "no .tar.gz archive")],
)
def test_data_that_is_not_there_fails_the_job(shop: Shop, key: str, words: str):
    """With a reason that names it."""
    wrong: dict[str, Any] = {
        "missing/": {"InputDataConfig": [channel("train", shop.uri("missing/"))]},
        "code/": {
            "HyperParameters": {
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": shop.uri("code/process.py"),
            }
        },
    }[key]
    job = shop.trained(shop.training(**wrong))
    assert job["TrainingJobStatus"] == "Failed"
    assert words in job["FailureReason"]


@pytest.mark.accept
def test_a_program_that_needs_the_project_fails_as_on_aws(shop: Shop):
    """The embedded cloud's own modules are not the container's."""
    shop.put("code/wrong.tar.gz", packed({"train.py": "import emulator"}))
    code = {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": shop.uri("code/wrong.tar.gz"),
    }
    job = shop.trained(shop.training(code))
    assert "No module named 'emulator'" in job["FailureReason"]


@pytest.mark.accept
@pytest.mark.parametrize("taken", range(3))
def test_the_role_needs_each_of_its_rights(ground_cloud: EmbeddedCloud, taken: int):
    """List and read the data, write the model: without one the job fails with its name."""
    shop = Shop(ground_cloud)
    resources = (f"arn:aws:s3:::{shop.bucket}", f"arn:aws:s3:::{shop.bucket}/*")
    rights = [
        {"Action": "s3:ListBucket", "Resource": resources[0]},
        {"Action": "s3:GetObject", "Resource": resources[1]},
        {"Action": "s3:PutObject", "Resource": resources[1]},
    ]
    shop.allow(*[right for number, right in enumerate(rights) if number != taken])
    job = shop.trained(shop.training())
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ")
    assert shop.role in job["FailureReason"]


def test_a_role_that_does_not_trust_sagemaker_is_refused(shop: Shop):
    """At creation."""
    trust = {"Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = shop.iam.create_role(
        RoleName=f"other-{shop.mark}", AssumeRolePolicyDocument=document(trust)
    )
    with pytest.raises(ClientError, match="Could not assume role"):
        shop.sagemaker.create_training_job(**shop.training(RoleArn=role["Role"]["Arn"]))


def test_wrong_requests_are_refused_with_all_their_faults(shop: Shop):
    """No job is made of them."""
    request = shop.training(
        InputDataConfig=[channel("train", shop.uri("a")), channel("train", shop.uri("b"))]
    )
    request["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "x", "Regex": "x=.*"}]
    with pytest.raises(ClientError) as refused:
        shop.sagemaker.create_training_job(**request)
    message = refused.value.response["Error"]["Message"]
    assert "Names of channels must be unique, got train more than once" in message
    assert "metric x needs a group" in message
    with pytest.raises(ClientError, match="Requested resource not found"):
        shop.sagemaker.describe_training_job(TrainingJobName=request["TrainingJobName"])


def test_names_are_never_used_again_and_tags_are_kept(shop: Shop):
    """As of other jobs."""
    tags = [{"Key": "team", "Value": "ml"}]
    request = shop.training(Tags=tags)
    job = shop.trained(request)
    assert shop.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"] == tags
    with pytest.raises(ClientError, match="Job name must be unique"):
        shop.sagemaker.create_training_job(**request)
    found = shop.sagemaker.list_training_jobs(NameContains=job["TrainingJobName"])
    assert [each["TrainingJobStatus"] for each in found["TrainingJobSummaries"]] == ["Completed"]
