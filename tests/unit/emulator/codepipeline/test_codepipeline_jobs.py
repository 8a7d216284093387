"""Jobs of functions: one result each, for a run that still waits."""

import pytest

from emulator.codepipeline.declaration import RuleDeclaration
from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.jobs import JobBoard
from emulator.codepipeline.state import ActionStatus, WorkRun


def _run() -> WorkRun:
    declared = RuleDeclaration(
        name="r", provider="LambdaInvoke", configuration={}, inputs=(), role_arn=None, type_id={}
    )
    return WorkRun(
        id="1", stage="s", execution_id="e", version=1, declaration=declared, started=0.0,
        updated=0.0,
    )  # fmt: skip


def test_a_result_wakes_the_run_and_is_taken_once():
    """The second report is refused, and so is one for a job that nobody opened."""
    board, run = JobBoard(), _run()
    job = board.open(run)
    assert board.result(job) is None
    board.succeed({"jobId": job, "outputVariables": {"a": "b"}})
    assert run.woken.is_set()
    with pytest.raises(CodePipelineError, match="has a result already"):
        board.fail({"jobId": job, "failureDetails": {"type": "JobFailed", "message": "m"}})
    found = board.result(job)
    assert found is not None
    assert found.variables == {"a": "b"}
    assert board.result(job) is None
    with pytest.raises(CodePipelineError, match="not found"):
        board.succeed({"jobId": job})


def test_a_run_that_is_over_takes_no_result():
    """An abandoned action is not brought back."""
    board, run = JobBoard(), _run()
    job = board.open(run)
    run.status = ActionStatus.ABANDONED
    with pytest.raises(CodePipelineError) as caught:
        board.succeed({"jobId": job})
    assert caught.value.code == "InvalidJobStateException"
