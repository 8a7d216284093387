"""The closed engine: what it asks of Ground Truth, and what comes of its jobs."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.ai_fakes import PLACE, FakeCalls, FakeFiles, fake_ports
from tidegate.ai.kind import Arrived, Done, Waiting
from tidegate.ai.labelling import KIND
from tidegate.ai.labelling.groundtruth import ACCOUNTS, function_arn, template
from tidegate.ai.labelling.resources import resources_of
from tidegate.ai.labelling.settings import TASKS, LabellingSettings, faults, sign_in
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError, ProblemError

TEAM = "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/sorters"
LEGACY = LabellingSettings(
    task="text-class",
    classes=("cat", "dog"),
    instructions='Cats & "dogs"',
    engine="ground-truth",
    enrolled=True,
    work_team=TEAM,
)
RESOURCES = {
    "role": "arn:aws:iam::123456789012:role/jobs",
    "names": "tg-12345678",
    "region": "eu-west-1",
}
WORK = "0123456789abcdef0123456789abcdef"
ARRIVED = Arrived(key="in/items/a.manifest", name="a.manifest", size=20, work=WORK)


def ports(
    answer: Mapping[str, Any] | Exception | None = None, settings: LabellingSettings = LEGACY
) -> ServicePorts:
    """Ground Truth takes every job, and says this of each."""

    def described(_: Mapping[str, Any]) -> Mapping[str, Any]:
        assert isinstance(answer, Mapping)
        return answer

    def created(_: Mapping[str, Any]) -> Mapping[str, Any]:
        if isinstance(answer, Exception):
            raise answer
        return {"LabelingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/x"}

    answers = {
        "sagemaker:CreateLabelingJob": created,
        "sagemaker:DescribeLabelingJob": described,
    }
    made = fake_ports(KIND, answers, settings=settings, resources=RESOURCES)
    made.files.write(ARRIVED.key, b'{"source": "meow", "from": "ana"}\n', content_type="x/y")
    return made


def begun(found: ServicePorts) -> Any:
    """What begins when the manifest arrives."""
    arrival = next(one for one in KIND.arrivals if one.prefix == "items")
    return arrival.begin(ARRIVED, found)


def looked(found: ServicePorts) -> Any:
    """The next look at it."""
    arrival = next(one for one in KIND.arrivals if one.prefix == "items")
    return arrival.look(ARRIVED, {"items": 1}, found)


def test_a_manifest_becomes_a_job_with_its_files() -> None:
    """Under a name that follows from the work; classes and template are beside the manifest."""
    found = ports()
    assert isinstance(begun(found), Waiting)
    assert isinstance(found.calls, FakeCalls)
    assert isinstance(found.files, FakeFiles)
    ((_, asked),) = found.calls.asked
    assert asked["LabelingJobName"] == "tg-12345678-0123456789abcdef"
    task = asked["HumanTaskConfig"]
    assert task["WorkteamArn"] == TEAM
    assert task["PreHumanTaskLambdaArn"] == (
        "arn:aws:lambda:eu-west-1:568282634449:function:PRE-TextMultiClass"
    )
    folder = f"jobs/{WORK}/"
    content = found.files.content
    assert json.loads(content[f"{folder}input.manifest"]) == {"source": "meow", "from": "ana"}
    labels = json.loads(content[f"{folder}classes.json"])["labels"]
    assert labels == [{"label": "cat"}, {"label": "dog"}]
    assert "Cats &amp; &quot;dogs&quot;" in content[f"{folder}template.liquid"].decode()


def test_a_job_that_was_begun_before_the_function_was_killed_stands() -> None:
    """Its name is taken: by this work."""
    taken = CallRefusedError(operation="CreateLabelingJob", code="ResourceInUse", message="taken")
    assert isinstance(begun(ports(taken)), Waiting)


def counters(status: str, **more: Any) -> Mapping[str, Any]:
    """What Ground Truth says of a job."""
    return {"LabelingJobStatus": status, "LabelCounters": {"TotalLabeled": 1}, **more}


def test_what_becomes_of_a_job_is_told() -> None:
    """Its manifest; that somebody stopped it; that it failed, which is tried again."""
    assert isinstance(looked(ports(counters("InProgress"))), Waiting)
    output = {"OutputDatasetS3Uri": "s3://files/jobs/x/output.manifest"}
    done = looked(ports(counters("Completed", LabelingJobOutput=output)))
    assert isinstance(done, Done)
    assert (done.result.labelled, done.result.manifest) == (1, output["OutputDatasetS3Uri"])
    with pytest.raises(ProblemError, match="somebody stopped"):
        looked(ports(counters("Stopped")))
    with pytest.raises(CallFailedError):
        looked(ports(counters("Failed", FailureReason="no")))


@pytest.mark.parametrize("task", TASKS)
def test_each_task_has_functions_and_a_template(task: str) -> None:
    """In every region of the table, by AWS's own names."""
    settings = replace(LEGACY, task=task)
    for region, account in ACCOUNTS.items():
        for begin in ("PRE", "ACS"):
            assert f":{region}:{account}:function:{begin}-" in function_arn(region, task, begin)
    assert "<crowd-form>" in template(settings)


def test_a_team_signs_in_elsewhere_and_nothing_of_ours_is_made() -> None:
    """One role, for the jobs; it says why a closed service is taken."""
    assert faults(LEGACY) == ()
    assert sign_in(LEGACY) is None
    ((role),) = resources_of(LEGACY, PLACE).templates.values()
    assert role["Type"] == "AWS::IAM::Role"
    (row,) = role["Metadata"]["tidegate"]["acknowledged"]
    assert "closed to new customers since 2026-07-30" in row["reason"]


def test_a_team_is_of_the_closed_engine_and_the_engine_needs_one() -> None:
    """Both ways."""
    assert faults(replace(LEGACY, work_team=None))[0].startswith("work_team is missing")
    assert faults(replace(LEGACY, engine="tidegate"))[0].startswith("work_team is for engine")
