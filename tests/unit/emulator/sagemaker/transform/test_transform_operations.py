"""The life of a job, without processes: statuses, names, limits, lists, news."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from botocore.validate import ParamValidator

from emulator.apimodels import service_model
from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.permissions import needed
from emulator.sagemaker.transform.announcing import detail_of
from emulator.sagemaker.transform.failures import JobFailedError

TENANT = Tenant("123456789012", "eu-west-1")
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:"


def request(name: str = "Job", **members: Any) -> dict[str, Any]:
    """A request for a job of the model `v1`."""
    return {
        "TransformJobName": name,
        "ModelName": "v1",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}
        },
        "TransformOutput": {"S3OutputPath": "s3://b/out"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **members,
    }


@pytest.fixture
def told(story: Any) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a story on a loop of its own; the model `v1` exists."""

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        async def whole() -> Any:
            await story.model("v1")
            return await work

        return asyncio.run(whole())

    return run


async def ended(story: Any, name: str = "Job") -> dict[str, Any]:
    """The job's description when its task is over."""
    await asyncio.gather(*story.plane.transforms.tasks.values(), return_exceptions=True)
    described: dict[str, Any] = await story.call("DescribeTransformJob", TransformJobName=name)
    return described


def test_a_job_is_described_as_it_was_asked_for(story: Any, told: Any):
    """InProgress, then Completed, with its times; tags are not part of it."""

    async def life() -> Any:
        tags = [{"Key": "team", "Value": "ml"}]
        answer = await story.call("CreateTransformJob", **request(Tags=tags))
        before = await story.call("DescribeTransformJob", TransformJobName="job")
        return answer, before, await ended(story)

    answer, before, after = told(life())
    assert answer == {"TransformJobArn": f"{ARN}transform-job/job"}
    assert before["TransformJobStatus"] == "InProgress"
    assert "TransformEndTime" not in before
    assert after == {
        **request(),
        "TransformJobArn": f"{ARN}transform-job/job",
        "TransformJobStatus": "Completed",
        "CreationTime": 1_000_000.0,
        "TransformStartTime": 1_000_000.0,
        "TransformEndTime": 1_000_000.0,
    }


def test_failures_and_faults_are_told(story: Any, told: Any):
    """A reason of the job's own, or AWS's sentence for a fault of the service."""

    async def fail() -> None:
        raise JobFailedError("ClientError: no")

    async def break_down() -> None:
        raise RuntimeError("a bug")

    story.world.jobs |= {"a": fail, "b": break_down}

    async def life() -> Any:
        for name in ("a", "b"):
            await story.call("CreateTransformJob", **request(name))
        return [await ended(story, name) for name in ("a", "b")]

    first, second = told(life())
    assert (first["TransformJobStatus"], first["FailureReason"]) == ("Failed", "ClientError: no")
    assert second["FailureReason"].startswith("InternalServerError: ")


def test_a_stopped_job_was_stopping_before(story: Any, told: Any):
    """Stopping while its containers end, then Stopped; a second stop changes nothing."""
    never = asyncio.Event()
    story.world.jobs["Job"] = never.wait

    async def life() -> Any:
        await story.call("CreateTransformJob", **request())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for _ in range(2):
            assert await story.call("StopTransformJob", TransformJobName="Job") == {}
        return await ended(story)

    assert told(life())["TransformJobStatus"] == "Stopped"
    statuses = [status for _, status, _ in story.world.job_news]
    assert statuses == ["InProgress", "Stopping", "Stopped"]


def test_a_job_that_is_stopped_before_it_ran_is_stopped(story: Any, told: Any):
    """Its task never began, its status ends all the same."""

    async def life() -> Any:
        await story.call("CreateTransformJob", **request())
        await story.call("StopTransformJob", TransformJobName="Job")
        return await ended(story)

    assert told(life())["TransformJobStatus"] == "Stopped"


@pytest.mark.parametrize("operation", ["DescribeTransformJob", "StopTransformJob"])
def test_an_unknown_job_is_an_error(story: Any, told: Any, operation: str):
    """In AWS's words."""
    with pytest.raises(SageMakerError, match="Could not find requested job with name: x") as error:
        told(story.call(operation, TransformJobName="x"))
    assert error.value.code == "ValidationException"


def test_a_job_that_has_ended_can_not_be_stopped(story: Any, told: Any):
    """The status is named."""

    async def life() -> None:
        await story.call("CreateTransformJob", **request())
        await ended(story)
        await story.call("StopTransformJob", TransformJobName="Job")

    with pytest.raises(SageMakerError, match="is in status Completed"):
        told(life())


def test_a_name_is_used_once(story: Any, told: Any):
    """Also after the job has ended, and whatever its case."""

    async def life() -> None:
        await story.call("CreateTransformJob", **request())
        await ended(story)
        await story.call("CreateTransformJob", **request("JOB"))

    with pytest.raises(SageMakerError, match="must be unique within an AWS account") as error:
        told(life())
    assert error.value.code == "ResourceInUse"


def test_a_model_must_exist(story: Any, told: Any):
    """Its ARN is named."""
    with pytest.raises(SageMakerError, match=f'Could not find model "{ARN}model/none"'):
        told(story.call("CreateTransformJob", **request(ModelName="none")))


def test_running_instances_are_limited(story: Any, told: Any):
    """A machine is no region: 20 at a time, in AWS's sentence."""
    never = asyncio.Event()
    story.world.jobs["a"] = never.wait

    async def life() -> None:
        resources = {"InstanceType": "ml.m5.large", "InstanceCount": 12}
        try:
            for name in ("a", "b"):
                wanted = request(name, TransformResources=resources)
                await story.call("CreateTransformJob", **wanted)
        finally:
            await story.plane.transforms.close()

    words = "is 20 Instances, with current utilization of 12 Instances and a request delta of 12"
    with pytest.raises(SageMakerError, match=words) as error:
        told(life())
    assert error.value.code == "ResourceLimitExceeded"


def test_lists_are_filtered_and_sorted(story: Any, told: Any):
    """By status, name and order; an entry has what AWS's has."""

    async def fail() -> None:
        raise JobFailedError("ClientError: no")

    story.world.jobs["b-1"] = fail

    async def life() -> Any:
        for name in ("a-1", "b-1", "b-2"):
            await story.call("CreateTransformJob", **request(name))
            await ended(story, name)
        return (
            await story.call("ListTransformJobs", StatusEquals="Failed"),
            await story.call("ListTransformJobs", NameContains="b-", SortBy="Name"),
            await story.call("ListTransformJobs", SortBy="Status", SortOrder="Ascending"),
            await story.call("ListTransformJobs", LastModifiedTimeAfter=2_000_000.0),
        )

    def names(listed: Any) -> list[str]:
        return [job["TransformJobName"] for job in listed["TransformJobSummaries"]]

    failed, named, by_status, later = told(life())
    assert failed["TransformJobSummaries"] == [
        {
            "TransformJobName": "b-1",
            "TransformJobArn": f"{ARN}transform-job/b-1",
            "CreationTime": 1_000_000.0,
            "LastModifiedTime": 1_000_000.0,
            "TransformEndTime": 1_000_000.0,
            "TransformJobStatus": "Failed",
            "FailureReason": "ClientError: no",
        }
    ]
    assert names(named) == ["b-2", "b-1"]
    assert names(by_status) == ["a-1", "b-2", "b-1"]
    assert names(later) == []


def test_answers_have_the_shapes_of_the_api_model(story: Any, told: Any):
    """Every operation's answer, of a job that failed: no member is missing, none unknown."""

    async def fail() -> None:
        raise JobFailedError("ClientError: no")

    story.world.jobs["Job"] = fail

    async def life() -> dict[str, Any]:
        answers = {"CreateTransformJob": await story.call("CreateTransformJob", **request())}
        answers["DescribeTransformJob"] = await ended(story)
        answers["ListTransformJobs"] = await story.call("ListTransformJobs")
        story.world.jobs["other"] = asyncio.Event().wait
        await story.call("CreateTransformJob", **request("other"))
        stopped = await story.call("StopTransformJob", TransformJobName="other")
        await ended(story, "other")
        return {**answers, "StopTransformJob": stopped}

    for operation, answer in told(life()).items():
        shape = service_model("sagemaker").operation_model(operation).output_shape
        assert (shape is None) == (answer == {})
        if shape is not None:
            report = ParamValidator().validate(answer, shape)
            assert not report.has_errors(), report.generate_report()


def test_tags_are_kept_by_the_operations_for_tags(story: Any, told: Any):
    """Those of the request, then what AddTags and DeleteTags make of them."""
    arn = f"{ARN}transform-job/job"

    async def life() -> Any:
        tags = [{"Key": "a", "Value": "1"}]
        await story.call("CreateTransformJob", **request(Tags=tags))
        await story.call("AddTags", ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
        await story.call("DeleteTags", ResourceArn=arn, TagKeys=["a"])
        await ended(story)
        return await story.call("ListTags", ResourceArn=arn)

    assert told(life()) == {"Tags": [{"Key": "b", "Value": "2"}]}
    assert story.world.job_news[-1] == ("Job", "Completed", {"b": "2"})


def test_events_have_the_shape_of_the_guide(story: Any, told: Any):
    """The description, times as texts, tags as a map."""

    async def life() -> Any:
        await story.call("CreateTransformJob", **request())
        await ended(story)

    told(life())
    job = story.world.store.transform_job(TENANT, "Job")
    assert detail_of(job, {"team": "ml"}) == {
        **request(),
        "TransformJobArn": f"{ARN}transform-job/job",
        "TransformJobStatus": "Completed",
        "CreationTime": "1970-01-12T13:46:40Z",
        "TransformStartTime": "1970-01-12T13:46:40Z",
        "TransformEndTime": "1970-01-12T13:46:40Z",
        "Tags": {"team": "ml"},
    }


def test_creating_is_asked_on_the_job_with_its_model_as_a_condition():
    """The service authorization reference; there is no iam:PassRole, the model has the role."""
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeKmsKeyId": "v"}
    output = {"S3OutputPath": "s3://b/o", "KmsKeyId": "k"}
    wanted = needed(
        "CreateTransformJob",
        TENANT,
        request(ModelName="V1", TransformResources=resources, TransformOutput=output),
    )
    (permission,) = wanted
    assert permission.action == "sagemaker:CreateTransformJob"
    assert permission.resource == f"{ARN}transform-job/job"
    assert permission.context == {
        "sagemaker:ModelArn": f"{ARN}model/v1",
        "sagemaker:InstanceTypes": ["ml.m5.large"],
        "sagemaker:OutputKmsKey": "k",
        "sagemaker:VolumeKmsKey": "v",
    }
