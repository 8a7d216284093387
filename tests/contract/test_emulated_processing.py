"""Processing jobs as a client with boto3 sees them: embedded cloud, real programs, IAM on."""

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.emulated_jobs import Shop, processing_input

LOGS = "/aws/sagemaker/ProcessingJobs"


@pytest.fixture(scope="module")
def shop(ground_cloud: EmbeddedCloud) -> Shop:
    """Programs, data, and a role that may do just what it needs."""
    return Shop(ground_cloud)


def test_a_program_turns_inputs_into_outputs(shop: Shop):
    """Paths in its arguments are where the data is; every file of an output is an object."""
    request = shop.processing()
    job = shop.processed(request)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    folder = f"processed/{request['ProcessingJobName']}"
    assert shop.body(shop.uri(f"{folder}/a.csv")) == b"ONE\nTWO\n"
    assert shop.body(shop.uri(f"{folder}/b.csv")) == b"THREE\n"
    assert shop.log(LOGS, request["ProcessingJobName"]) == "done"
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"]


def test_a_program_that_fails_leaves_its_message(shop: Shop):
    """/opt/ml/output/message is the ExitMessage and the reason; nothing is uploaded."""
    request = shop.processing("--fail")
    job = shop.processed(request)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["ExitMessage"] == "bad rows"
    assert job["FailureReason"] == "AlgorithmError: bad rows, exit code: 3"
    prefix = f"processed/{request['ProcessingJobName']}"
    assert shop.s3.list_objects_v2(Bucket=shop.bucket, Prefix=prefix)["KeyCount"] == 0


def test_botos_own_waiter_ends(shop: Shop):
    """`processing_job_completed_or_stopped` reads the status as AWS writes it."""
    request = shop.processing()
    shop.sagemaker.create_processing_job(**request)
    waiter = shop.sagemaker.get_waiter("processing_job_completed_or_stopped")
    name = request["ProcessingJobName"]
    waiter.wait(ProcessingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    listed = shop.sagemaker.list_processing_jobs(NameContains=name)["ProcessingJobSummaries"]
    assert [each["ProcessingJobStatus"] for each in listed] == ["Completed"]


@pytest.mark.accept
def test_the_role_reads_the_data(ground_cloud: EmbeddedCloud):
    """Without the right the job fails with its name."""
    shop = Shop(ground_cloud)
    shop.allow({"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{shop.bucket}"})
    job = shop.processed(shop.processing())
    assert job["ProcessingJobStatus"] == "Failed"
    assert shop.role in job["FailureReason"]


def test_paths_outside_of_the_container_are_refused(shop: Shop):
    """At creation, by name."""
    wrong = processing_input("data", shop.uri("data/"))
    wrong["S3Input"]["LocalPath"] = "/opt/ml/processing/../../../etc"
    with pytest.raises(ClientError, match="LocalPath of input data must be below"):
        shop.sagemaker.create_processing_job(**shop.processing(ProcessingInputs=[wrong]))
