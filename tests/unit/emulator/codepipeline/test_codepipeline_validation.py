"""What CodePipeline refuses in a declaration."""

from typing import Any

import pytest

from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.validation import check
from tests.emulated_pipelines import action, approval, stage


def _source(**more: Any) -> dict[str, Any]:
    return action("S", "Source", "S3", outputs=["Src"], S3Bucket="b", S3ObjectKey="k", **more)


def _pipeline(*stages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": "p",
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "artifactStore": {"type": "S3", "location": "b"},
        "stages": [stage("Source", _source()), *stages],
        "pipelineType": "V2",
        **more,
    }


def _refusal(pipeline: dict[str, Any]) -> CodePipelineError:
    with pytest.raises(CodePipelineError) as caught:
        check(pipeline)
    return caught.value


def test_a_right_declaration_passes():
    """Source, build in two groups, conditions."""
    build = action("B", "Build", "CodeBuild", inputs=["Src"], outputs=["Out"], ProjectName="p")
    deploy = action("D", "Deploy", "S3", inputs=["Out"], more={"runOrder": 2},
                    BucketName="b", Extract="true")  # fmt: skip
    check(_pipeline(stage("Build", build, deploy, onFailure={"result": "ROLLBACK"})))


def test_all_faults_of_the_structure_are_named():
    """Too few stages, doubled names, sources elsewhere, results that don't belong, V1."""
    rule = {"name": "r", "ruleTypeId": {"category": "Rule", "provider": "CloudWatchAlarm"}}
    wrong = _pipeline(
        stage("Twice", approval("A"), approval("A")),
        stage("Twice", _source()),
        stage(
            "C",
            approval(),
            beforeEntry={"conditions": [{"result": "ROLLBACK", "rules": [rule]}]},
        ),
        pipelineType="V1",
        executionMode="QUEUED",
    )
    error = _refusal(wrong)
    assert error.code == "InvalidStructureException"
    for fault in (
        "Duplicate stage: Twice",
        "Duplicate action in stage Twice: A",
        "Stage Twice contains source actions",
        "beforeEntry of stage C: result ROLLBACK is not one of FAIL, SKIP",
        "Rule r of stage C is missing configuration AlarmName",
        "Execution mode QUEUED needs pipeline type V2",
    ):
        assert fault in error.message
    assert "at least 2 stages" in _refusal(_pipeline()).message


def test_all_faults_of_the_actions_are_named():
    """Missing and unknown configuration, artifacts nobody makes, numbers of artifacts."""
    build = action("B", "Build", "CodeBuild", inputs=["Nowhere"], Odd="x")
    deploy = action("D", "Deploy", "S3", BucketName="b", Extract="true")
    error = _refusal(_pipeline(stage("Build", build, deploy)))
    assert error.code == "InvalidActionDeclarationException"
    for fault in (
        "Action B in stage Build is missing required configuration ProjectName",
        "Action B in stage Build contains unknown configuration Odd",
        "input artifact Nowhere is not the output of an earlier action",
        "Action D in stage Build has 0 input artifacts, allowed are 1 to 1",
    ):
        assert fault in error.message


def test_an_artifact_is_there_for_later_groups_only():
    """Actions that run abreast can't hand each other anything."""
    build = action("B", "Build", "CodeBuild", inputs=["Src"], outputs=["Out"], ProjectName="p")
    deploy = action("D", "Deploy", "S3", inputs=["Out"], BucketName="b", Extract="true")
    assert "Out is not the output" in _refusal(_pipeline(stage("Build", build, deploy))).message


@pytest.mark.parametrize(
    ("pipeline", "what"),
    [
        (_pipeline(stage("A", approval()), executionMode="PARALLEL"), "execution mode PARALLEL"),
        (
            _pipeline(stage("A", action("D", "Deploy", "ECS", inputs=["Src"]))),
            "actions of Deploy provider ECS",
        ),
    ],
)
def test_what_is_not_built_is_refused_by_name(pipeline: dict[str, Any], what: str):
    """With a code that AWS never sends."""
    error = _refusal(pipeline)
    assert error.code == "NotEmulatedException"
    assert what in error.message
