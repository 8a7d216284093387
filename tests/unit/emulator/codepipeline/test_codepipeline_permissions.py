"""Which permission each request to CodePipeline needs."""

from emulator.codepipeline.declaration import Tenant
from emulator.codepipeline.permissions import needed

TENANT = Tenant("123456789012", "eu-west-1")
ARN = "arn:aws:codepipeline:eu-west-1:123456789012:"


def _asked(operation: str, **request: object) -> list[tuple[str, str]]:
    return [(p.action, p.resource) for p in needed(operation, TENANT, request)]


def test_pipeline_stage_and_action_are_resources():
    """An approval is asked on its action, a retry on its stage, a start on its pipeline."""
    approval = _asked("PutApprovalResult", pipelineName="p", stageName="s", actionName="a")
    assert approval == [("codepipeline:PutApprovalResult", f"{ARN}p/s/a")]
    retry = _asked("RetryStageExecution", pipelineName="p", stageName="s")
    assert retry == [("codepipeline:RetryStageExecution", f"{ARN}p/s")]
    start = _asked("StartPipelineExecution", name="p")
    assert start == [("codepipeline:StartPipelineExecution", f"{ARN}p")]
    assert _asked("PutJobSuccessResult", jobId="j") == [("codepipeline:PutJobSuccessResult", "*")]


def test_the_pipelines_role_is_passed():
    """CreatePipeline needs iam:PassRole for CodePipeline."""
    wanted = needed("CreatePipeline", TENANT, {"pipeline": {"name": "p", "roleArn": "r"}})
    assert [(p.action, p.resource) for p in wanted] == [
        ("codepipeline:CreatePipeline", f"{ARN}p"),
        ("iam:PassRole", "r"),
    ]
