"""The life of jobs without processes: statuses, refusals, news."""

import asyncio
import threading
from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.jobs.failures import JobFailedError
from emulator.sagemaker.jobs.job import Result

ROLE = "arn:aws:iam::123456789012:role/exec"
IMAGE = "1.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2"


def request(name: str = "Job", **members: Any) -> dict[str, Any]:
    """A CreateTrainingJob request."""
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": "s3://b/out/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **members,
    }


async def ended(story: Any, name: str = "Job") -> dict[str, Any]:
    """The job's description when its task is over."""
    await asyncio.gather(*story.plane.jobs.training.tasks.values(), return_exceptions=True)
    described: dict[str, Any] = await story.call("DescribeTrainingJob", TrainingJobName=name)
    return described


def test_a_job_is_described_as_it_was_asked_for(story: Any):
    """With where its model goes."""

    async def life() -> Any:
        await story.call("CreateTrainingJob", **request())
        return await ended(story, "job")

    job = asyncio.run(life())
    assert {name: job[name] for name in request()} == request()
    assert job["TrainingJobStatus"] == "Completed"
    assert job["ModelArtifacts"] == {"S3ModelArtifacts": "s3://b/out/Job/output/model.tar.gz"}


@pytest.mark.parametrize(
    ("result", "status", "secondary"),
    [
        (Result(timed_out=True), "Stopped", "MaxRuntimeExceeded"),
        (Result(stopped=True), "Stopped", "Stopped"),
    ],
)
def test_endings_have_their_statuses(story: Any, result: Result, status: str, secondary: str):
    """As the runner says."""
    story.world.programs.behaviour["Job"] = lambda _progress, _controls: result

    async def life() -> Any:
        await story.call("CreateTrainingJob", **request())
        return await ended(story)

    job = asyncio.run(life())
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == (status, secondary)


def test_failures_and_faults_are_told(story: Any):
    """A reason of the job's own, or AWS's sentence for a fault of the service."""

    def fail(_progress: Any, _controls: Any) -> Result:
        raise JobFailedError("ClientError: no")

    def break_down(_progress: Any, _controls: Any) -> Result:
        raise RuntimeError("a bug")

    story.world.programs.behaviour |= {"a": fail, "b": break_down}

    async def life() -> Any:
        for name in ("a", "b"):
            await story.call("CreateTrainingJob", **request(name))
        return [(await ended(story, name))["FailureReason"] for name in ("a", "b")]

    own, faulty = asyncio.run(life())
    assert own == "ClientError: no"
    assert faulty.startswith("InternalServerError")


def test_a_stopped_job_is_stopping_until_its_program_ends(story: Any):
    """And the program is told."""
    seen = threading.Event()

    def wait(_progress: Any, controls: Any) -> Result:
        assert controls.stop.wait(10)
        seen.set()
        return Result(stopped=True)

    story.world.programs.behaviour["Job"] = wait

    async def life() -> Any:
        await story.call("CreateTrainingJob", **request())
        await story.call("StopTrainingJob", TrainingJobName="Job")
        now = await story.call("DescribeTrainingJob", TrainingJobName="Job")
        return now, await ended(story)

    now, then = asyncio.run(life())
    assert now["TrainingJobStatus"] == "Stopping"
    assert seen.is_set()
    assert then["TrainingJobStatus"] == "Stopped"


def test_what_is_not_emulated_is_refused_all_at_once(story: Any):
    """With a code that AWS never sends."""
    asked = request()
    asked["AlgorithmSpecification"] = {"TrainingImage": "other:1", "TrainingInputMode": "Pipe"}
    asked["ResourceConfig"]["InstanceCount"] = 2
    with pytest.raises(SageMakerError) as refused:
        asyncio.run(story.call("CreateTrainingJob", **asked))
    assert refused.value.code == "NotEmulatedException"
    for words in ("Pipe", "other:1", "several instances"):
        assert words in refused.value.message


def test_a_role_that_cannot_be_assumed_is_refused(story: Any):
    """Before there is a job."""
    story.world.trusted = False
    with pytest.raises(SageMakerError, match="Could not assume role"):
        asyncio.run(story.call("CreateTrainingJob", **request()))
