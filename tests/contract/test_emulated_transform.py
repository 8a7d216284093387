"""Batch transform as a client with boto3 sees it: embedded cloud, real containers, IAM on."""

import gzip
import json
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.emulated_hosting import SICK, code_of
from tests.emulated_transforms import Batch, descendants, document, packed
from tests.polling import until

SEE_LOG = "See job logs for more information"
JSON_LINES: dict[str, Any] = {
    "given": {"ContentType": "application/json"},
    "wanted": {"Accept": "application/json", "AssembleWith": "Line"},
}
TO_CSV: dict[str, Any] = {"wanted": {"Accept": "text/csv", "AssembleWith": "Line"}}


@pytest.fixture(scope="module")
def batch(ground_cloud: EmbeddedCloud) -> Batch:
    """A model, a role that may do just what it needs, a bucket for input and one for output."""
    return Batch(ground_cloud)


def test_every_object_below_a_prefix_is_transformed(batch: Batch):
    """Outputs stand below the output path as inputs below the prefix, in the order of records."""
    batch.put("plain/a.csv", "1\n2\n3\n")
    batch.put("plain/deep/b.csv", "4\n5")
    batch.put("plain/empty.csv", "")
    name = batch.start("plain/", wanted={"Accept": "text/csv"})
    job = batch.ended(name)
    assert job["TransformJobStatus"] == "Completed"
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]
    assert batch.outputs(name) == {
        "a.csv.out": "<1>\n<2>\n<3>\n",
        "deep/b.csv.out": "<4>\n<5>\n",
        "empty.csv.out": "",
    }
    listed = batch.sagemaker.list_transform_jobs(NameContains=name)["TransformJobSummaries"]
    assert [(each["TransformJobName"], each["TransformJobStatus"]) for each in listed] == [
        (name, "Completed")
    ]


def test_botos_own_waiter_ends(batch: Batch):
    """`transform_job_completed_or_stopped` reads the status as AWS writes it."""
    batch.put("waited/a", "1\n")
    name = batch.start("waited/")
    waiter = batch.sagemaker.get_waiter("transform_job_completed_or_stopped")
    waiter.wait(TransformJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    assert batch.outputs(name) == {"a.out": "<1>\n"}


def test_objects_of_a_manifest_are_transformed(batch: Batch):
    """And no others."""
    for key in ("listed/x/1", "listed/2", "listed/3"):
        batch.put(key, "1\n")
    batch.put("the.manifest", json.dumps([{"prefix": f"s3://{batch.source}/listed/"}, "x/1", "2"]))
    outputs = batch.transformed("the.manifest", data_type="ManifestFile")
    assert outputs == {"x/1.out": "<1>\n", "2.out": "<1>\n"}


def test_gzip_is_unpacked_and_lines_are_single_records(batch: Batch):
    """`.gz` stays in the name, the output is plain; SingleRecord asks about each line."""
    batch.put("packed/a.gz", gzip.compress(b"1\n2\n") + gzip.compress(b"3\n"))
    outputs = batch.transformed(
        "packed/", given={"CompressionType": "Gzip"}, BatchStrategy="SingleRecord"
    )
    assert outputs == {"a.gz.out": "<1>\n<2>\n<3>\n"}


def test_instances_share_the_objects(batch: Batch):
    """Two instances have a container each; every object has its output."""
    for number in range(5):
        batch.put(f"shared/{number}", f"{number}\n")
    name = batch.start(
        "shared/",
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 2},
        MaxConcurrentTransforms=2,
    )
    batch.ended(name)
    assert batch.outputs(name) == {f"{number}.out": f"<{number}>\n" for number in range(5)}
    assert batch.log(name)["container"].count("loaded") == 2


def test_the_container_knows_its_job(batch: Batch):
    """The job's variables over the model's, and SageMaker's own as far as the request says."""
    batch.put("told/a", "environment\n")
    outputs = batch.transformed(
        "told/",
        Environment={"X_OF": "the job"},
        MaxPayloadInMB=1,
        MaxConcurrentTransforms=2,
        BatchStrategy="MultiRecord",
    )
    assert json.loads(outputs["a.out"].strip("<>\n")) == {
        "X_OF": "the job",
        "X_MODEL": "1",
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "1",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "2",
        "SAGEMAKER_BATCH_STRATEGY": "MULTI_RECORD",
    }


def test_rows_are_filtered_and_joined(batch: Batch):
    """The model never sees the id; the output has it beside the answer."""
    batch.put("rows/a.csv", "id-1,10,20\nid-2,30,40\n")
    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    outputs = batch.transformed("rows/", **TO_CSV, DataProcessing=processing)
    # The model wraps each row in <>, so that its first cell and last show what it was given.
    assert outputs == {"a.csv.out": "id-1,20>\nid-2,40>\n"}


def test_records_are_filtered_and_joined(batch: Batch):
    """JSON lines: the answer is an attribute of the record."""
    batch.put("records/a.jsonl", '{"id":1,"in":{"x":[1,2]}}\n{"id":2,"in":{"x":[3]}}\n')
    processing = {
        "InputFilter": "$.in",
        "JoinSource": "Input",
        "OutputFilter": "$['id','SageMakerOutput']",
    }
    outputs = batch.transformed("records/", **JSON_LINES, DataProcessing=processing)
    assert [json.loads(line) for line in outputs["a.jsonl.out"].splitlines()] == [
        {"id": 1, "SageMakerOutput": {"sum": 3}},
        {"id": 2, "SageMakerOutput": {"sum": 3}},
    ]


@pytest.mark.accept
def test_a_large_object_is_written_in_parts(batch: Batch):
    """Many mini-batches, several parts, every record where it belongs."""
    rows = [f"{number:07d}" for number in range(1_000_000)]
    batch.put("large/a", "\n".join(rows))
    outputs = batch.transformed("large/", MaxPayloadInMB=2, MaxConcurrentTransforms=3)
    assert outputs["a.out"] == "".join(f"<{row}>\n" for row in rows)
    assert batch.uploads() == []


def test_a_poisoned_record_fails_its_object_only(batch: Batch):
    """The job is Failed and says where to look; the other object's output is usable."""
    batch.put("poisoned/a", "1\n" * 10 + "poison\n")
    batch.put("poisoned/b", "2\n")
    job = batch.failed("poisoned/", ModelClientConfig={"InvocationsMaxRetries": 0})
    assert job["FailureReason"] == f"ClientError: {SEE_LOG}"
    assert batch.outputs(job["TransformJobName"]) == {"b.out": "<2>\n"}
    log = batch.log(job["TransformJobName"])
    assert "MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD" in log["data"]
    assert f"{batch.source}/poisoned/a: Bad HTTP status received from algorithm: 500" in log["data"]
    assert "a poisoned record" in log["container"]


@pytest.mark.accept
def test_a_late_fault_leaves_nothing_of_the_object(batch: Batch):
    """Parts that were uploaded before the fault are gone again."""
    batch.put("late/a", "1234567\n" * 1_000_000 + "poison\n")
    job = batch.failed("late/", MaxPayloadInMB=1, ModelClientConfig={"InvocationsMaxRetries": 0})
    assert (batch.outputs(job["TransformJobName"]), batch.uploads()) == ({}, [])


def test_a_record_above_the_limit_fails_the_job(batch: Batch):
    """MaxPayloadInMB holds for a record, and for an object that is not split."""
    batch.put("big/a", "x" * (1024 * 1024 + 1))
    for split in ("Line", "None"):
        job = batch.failed("big/", MaxPayloadInMB=1, given={"SplitType": split})
        assert job["FailureReason"] == f"ClientError: {SEE_LOG}"
        assert "Too much data for max payload size" in batch.log(job["TransformJobName"])["data"]


def test_a_record_that_can_not_be_filtered_fails_the_job(batch: Batch):
    """An index beyond the row is an error, as the API reference says."""
    batch.put("short/a", "1,2\n3\n")
    job = batch.failed("short/", **TO_CSV, DataProcessing={"InputFilter": "$[1]"})
    assert job["FailureReason"] == f"ClientError: {SEE_LOG}"
    assert "there is no element 1 in an array of 1" in batch.log(job["TransformJobName"])["data"]


def test_a_killed_container_is_replaced(batch: Batch):
    """Killed once, in the middle of a job: the mini-batch is asked again, nothing is lost."""
    batch.put("killed/a", "1\ndie once\n3\n")
    assert batch.transformed("killed/") == {"a.out": "<1>\n<die once>\n<3>\n"}


def test_a_container_that_always_dies_fails_the_job(batch: Batch):
    """After the retries, and its processes are gone."""
    batch.put("dying/a", "die\n")
    job = batch.failed("dying/", ModelClientConfig={"InvocationsMaxRetries": 1})
    assert job["FailureReason"] == f"AlgorithmError: {SEE_LOG}"
    assert "Unable to get response from algorithm" in batch.log(job["TransformJobName"])["data"]


def test_an_answer_that_does_not_come_fails_the_job(batch: Batch):
    """InvocationsTimeoutInSeconds, with no retry."""
    batch.put("slow/a", "sleep\n")
    client = {"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 0}
    job = batch.failed("slow/", ModelClientConfig=client)
    assert job["FailureReason"] == f"AlgorithmError: {SEE_LOG}"
    assert "none came in 1 seconds" in batch.log(job["TransformJobName"])["data"]


def test_a_model_that_never_starts_fails_the_job(batch: Batch):
    """Before any data is read."""
    batch.put("models/sick.tar.gz", packed(SICK))
    batch.create_model("sick-model", "models/sick.tar.gz")
    batch.put("sick/a", "1\n")
    job = batch.failed("sick/", ModelName="sick-model")
    assert "failed to respond to ping" in job["FailureReason"]
    assert "TransformStartTime" not in job


def test_input_that_is_not_there_fails_the_job(batch: Batch):
    """With the URL, the role and what to look at."""
    job = batch.failed("nothing/")
    assert (
        f'No S3 objects found under S3 URL "s3://{batch.source}/nothing/"' in (job["FailureReason"])
    )
    missing = batch.failed("no.manifest", data_type="ManifestFile")
    assert "NoSuchKey" in missing["FailureReason"]


def test_a_stopped_job_ends_in_the_middle(batch: Batch):
    """Stopping, then Stopped; no output of the object under way, no part, no process."""
    batch.put("stopped/a", "1234567\n" * 1_000_000 + "sleep\n")
    batch.put("once/a", "1\n")
    batch.transformed("once/")  # what containers are forked from stays for the next job
    before = descendants(batch.cloud.pid)
    name = batch.start("stopped/", MaxPayloadInMB=1)
    until(lambda: batch.uploads() or None, seconds=20, what="an upload under way")
    batch.sagemaker.stop_transform_job(TransformJobName=name)
    job = batch.ended(name)
    assert job["TransformJobStatus"] == "Stopped"
    assert "FailureReason" not in job
    assert (batch.outputs(name), batch.uploads()) == ({}, [])
    until(
        lambda: descendants(batch.cloud.pid) <= before or None, seconds=10, what="no process left"
    )
    code, message = code_of(lambda: batch.sagemaker.stop_transform_job(TransformJobName=name))
    assert (code, "is in status Stopped" in message) == ("ValidationException", True)


@pytest.mark.accept
@pytest.mark.parametrize(
    ("left_out", "operation"),
    [("s3:ListBucket", "ListObjectsV2"), ("s3:GetObject", "GetObject"), ("s3:PutObject", "Put")],
)
def test_each_permission_of_the_role_is_needed(
    ground_cloud: EmbeddedCloud, left_out: str, operation: str
):
    """Without one, the job fails and says what was refused to whom; nothing is written."""
    batch = Batch(ground_cloud)
    batch.put("a", "1\n")
    allowed = [dict(statement) for statement in batch.usual()]
    for statement in allowed:
        actions = statement["Action"]
        listed = [actions] if isinstance(actions, str) else list(actions)
        statement["Action"] = [action for action in listed if action != left_out]
    artifact = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{batch.source}/models/*"}
    batch.allow(artifact, *(statement for statement in allowed if statement["Action"]))
    job = batch.failed("a")
    assert job["FailureReason"].startswith(f"ClientError: {operation}")
    assert batch.role in job["FailureReason"]
    assert "AccessDenied" in job["FailureReason"]
    assert batch.outputs(job["TransformJobName"]) == {}


def test_creating_a_job_needs_permission_but_no_pass_role(batch: Batch):
    """A user may create jobs of one model by `sagemaker:ModelArn`; the model holds the role."""
    user = f"user-{batch.role_name}"
    batch.iam.create_user(UserName=user)
    arn = f"arn:aws:sagemaker:*:{batch.cloud.account}:transform-job/*"
    condition = {"ArnLike": {"sagemaker:ModelArn": f"arn:aws:sagemaker:*:*:model/{batch.model}"}}
    allowed = {"Action": "sagemaker:CreateTransformJob", "Resource": arn, "Condition": condition}
    batch.iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document(allowed))
    key = batch.iam.create_access_key(UserName=user)["AccessKey"]
    client = batch.cloud.session().client(
        "sagemaker",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=None,
    )
    batch.put("asked/a", "1\n")
    batch.create_model("other-model")
    request = batch.request("asked/")
    code, message = code_of(
        lambda: client.create_transform_job(**{**request, "ModelName": "other-model"})
    )
    assert code == "AccessDeniedException"
    assert "sagemaker:CreateTransformJob" in message
    client.create_transform_job(**request)
    assert batch.ended(request["TransformJobName"])["TransformJobStatus"] == "Completed"


def test_what_is_not_emulated_is_refused_by_name(batch: Batch):
    """Nothing was created."""
    request = batch.request("plain/", given={"SplitType": "TFRecord"})
    code, message = code_of(lambda: batch.sagemaker.create_transform_job(**request))
    assert code == "NotEmulatedException"
    assert "SplitType TFRecord (here: None, Line)" in message
    name = request["TransformJobName"]
    code, _ = code_of(lambda: batch.sagemaker.describe_transform_job(TransformJobName=name))
    assert code == "ValidationException"


def test_names_are_unique(batch: Batch):
    """A job's name stays taken."""
    batch.put("named/a", "1\n")
    request = batch.request("named/", Tags=[{"Key": "team", "Value": "ml"}])
    arn = batch.sagemaker.create_transform_job(**request)["TransformJobArn"]
    code, message = code_of(lambda: batch.sagemaker.create_transform_job(**request))
    assert (code, arn in message) == ("ResourceInUse", True)
    assert batch.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "ml"}]
    batch.ended(request["TransformJobName"])
