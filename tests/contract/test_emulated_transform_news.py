"""What the rest of the cloud sees of transform jobs: rules, state machines, other regions."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator import processes
from emulator.server import EmbeddedCloud, Settings
from tests.emulated_hosting import code_of
from tests.emulated_queues import listening_queue, taken
from tests.emulated_transforms import Batch, descendants
from tests.polling import until


@pytest.fixture(scope="module")
def batch(ground_cloud: EmbeddedCloud) -> Batch:
    """A model, its role, two buckets."""
    return Batch(ground_cloud)


def test_a_rule_hears_of_every_status(batch: Batch, eventually: Callable[[Callable[[], Any]], Any]):
    """InProgress and Completed, as the developer guide words the event."""
    session = batch.cloud.session()
    events, (sqs, queue, queue_arn) = session.client("events"), listening_queue(session)
    name = next(batch.names)
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Transform Job State Change"],
        "detail": {"TransformJobName": [name]},
    }
    events.put_rule(Name=batch.role_name, EventPattern=json.dumps(pattern))
    target = {"Id": "q", "Arn": queue_arn}
    events.put_targets(Rule=batch.role_name, Targets=[target])
    batch.put("heard/a", "1\n")
    request = {**batch.request("heard/"), "TransformJobName": name}
    arn = batch.sagemaker.create_transform_job(**request)["TransformJobArn"]
    heard: list[dict[str, Any]] = []

    def all_heard() -> bool:
        heard.extend(taken(sqs, queue))
        return len(heard) == 2

    eventually(all_heard)
    assert [event["detail"]["TransformJobStatus"] for event in heard] == ["InProgress", "Completed"]
    assert heard[1]["resources"] == [arn]
    assert heard[1]["detail"]["ModelName"] == batch.model
    assert heard[1]["detail"]["TransformEndTime"].endswith("Z")


def test_a_state_machine_waits_for_a_job(
    batch: Batch, make_role: Callable[..., str], eventually: Callable[[Callable[[], Any]], Any]
):
    """`createTransformJob.sync` goes on when the job is done, and catches one that fails."""
    steps = batch.cloud.session().client("stepfunctions")
    actions = [f"sagemaker:{verb}TransformJob" for verb in ("Create", "Describe", "Stop")]
    role = make_role("states", *actions, "sagemaker:AddTags", "events:*")
    batch.put("machine/good", "1\n")
    batch.put("machine/bad", "poison\n")

    def ended(key: str) -> Any:
        request = batch.request(f"machine/{key}", ModelClientConfig={"InvocationsMaxRetries": 0})
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync",
            "Parameters": request,
            "End": True,
        }
        machine = steps.create_state_machine(
            name=request["TransformJobName"],
            roleArn=role,
            definition=json.dumps({"StartAt": "T", "States": {"T": task}}),
        )["stateMachineArn"]
        execution = steps.start_execution(stateMachineArn=machine)["executionArn"]

        def over() -> Any:
            told = steps.describe_execution(executionArn=execution)
            return None if told["status"] == "RUNNING" else told

        return eventually(over)

    good, bad = ended("good"), ended("bad")
    assert good["status"] == "SUCCEEDED"
    assert json.loads(good["output"])["TransformJobStatus"] == "Completed"
    assert bad["status"] == "FAILED"
    assert "See job logs for more information" in bad["cause"]


def test_another_region_knows_nothing_of_a_job(batch: Batch):
    """Neither its name nor its model."""
    batch.put("here/a", "1\n")
    request = batch.request("here/")
    batch.sagemaker.create_transform_job(**request)
    other = batch.cloud.session().client("sagemaker", region_name="eu-central-1")
    name = request["TransformJobName"]
    assert other.list_transform_jobs()["TransformJobSummaries"] == []
    code, _ = code_of(lambda: other.describe_transform_job(TransformJobName=name))
    assert code == "ValidationException"
    code, message = code_of(lambda: other.create_transform_job(**request))
    assert (code, "Could not find model" in message) == ("ValidationException", True)
    batch.ended(name)


@pytest.mark.accept
def test_accounts_have_jobs_of_their_own():
    """A job of the second account runs with its role, and the first knows nothing of it."""
    settings = Settings(account="111111111111", other_accounts=("222222222222",))
    with EmbeddedCloud.start(settings) as cloud:
        batch = Batch(cloud, account="222222222222")
        batch.put("a", "1\n")
        name = batch.start("a")
        job = batch.ended(name)
        assert (job["TransformJobStatus"], batch.outputs(name)) == ("Completed", {"a.out": "<1>\n"})
        assert job["TransformJobArn"].split(":")[4] == "222222222222"
        assert "loaded" in batch.log(name)["container"]
        first = cloud.session("111111111111").client("sagemaker")
        assert first.list_transform_jobs()["TransformJobSummaries"] == []


@pytest.mark.accept
def test_nothing_of_a_job_outlives_the_cloud():
    """Ended in the middle of a job, with its container busy and an upload open."""
    with EmbeddedCloud.start(Settings(time_scale=20.0)) as cloud:
        batch = Batch(cloud)
        batch.put("a", "1234567\n" * 1_000_000 + "sleep\n")
        batch.start("a", MaxPayloadInMB=1)
        until(lambda: batch.uploads() or None, seconds=30, what="an upload under way")
        left = {cloud.pid, *descendants(cloud.pid)}
    assert len(left) >= 3
    assert [pid for pid in left if processes.is_running(pid)] == []
