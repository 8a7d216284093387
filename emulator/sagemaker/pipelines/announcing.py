"""What EventBridge is told of executions and their steps.

Source: SageMaker developer guide, "Events that Amazon SageMaker AI sends to Amazon EventBridge",
sections "SageMaker pipeline execution state change" and "SageMaker pipeline step state change".
"""

from collections.abc import Callable
from typing import Any

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.pipelines.state import Execution, StepRun
from emulator.sagemaker.registry.announcements import moment_text
from emulator.seams.events import Event

Tell = Callable[[Tenant, Event], None]
SOURCE = "aws.sagemaker"
EXECUTION_TYPE = "SageMaker Model Building Pipeline Execution Status Change"
STEP_TYPE = "SageMaker Model Building Pipeline Execution Step Status Change"


def execution_changed(after: Execution, before: Execution | None) -> Event:
    """The execution has another status."""
    detail: dict[str, Any] = {
        "pipelineExecutionDescription": after.description or "",
        "pipelineExecutionDisplayName": after.display_name or "",
        "currentPipelineExecutionStatus": after.status.value,
        "executionStartTime": moment_text(after.created),
        "pipelineArn": after.pipeline.arn,
        "pipelineExecutionArn": after.arn,
    }
    if before is not None:
        detail["previousPipelineExecutionStatus"] = before.status.value
    if after.ended is not None and after.status.over:
        detail["executionEndTime"] = moment_text(after.ended)
    return Event(
        source=SOURCE,
        detail_type=EXECUTION_TYPE,
        resources=(after.pipeline.arn, after.arn),
        detail=detail,
    )


def step_changed(execution: Execution, run: StepRun, before: StepRun | None) -> Event:
    """The step has another status."""
    detail: dict[str, Any] = {
        "metadata": dict(run.metadata),
        "stepStartTime": moment_text(run.started),
        "stepName": run.name,
        "stepType": run.type,
        "currentStepStatus": run.status.value,
        "pipelineArn": execution.pipeline.arn,
        "pipelineExecutionArn": execution.arn,
    }
    if before is not None:
        detail["previousStepStatus"] = before.status.value
    if run.ended is not None:
        detail["stepEndTime"] = moment_text(run.ended)
    if run.failure_reason is not None:
        detail["failureReason"] = run.failure_reason
    return Event(
        source=SOURCE,
        detail_type=STEP_TYPE,
        resources=(execution.pipeline.arn, execution.arn),
        detail=detail,
    )
