"""The response shapes of pipelines and executions. Pure."""

from typing import Any

from emulator.sagemaker.pipelines.state import Execution, Pipeline, StepRun

Json = dict[str, Any]


def _known(**optional: Any) -> Json:
    return {name: value for name, value in optional.items() if value is not None}


def _parallelism(most: int | None) -> Json:
    return {} if most is None else {"ParallelismConfiguration": {"MaxParallelExecutionSteps": most}}


def pipeline(record: Pipeline) -> Json:
    """DescribePipeline; nobody is named as its creator, as for callers outside of a Studio."""
    return {
        "PipelineArn": record.arn,
        "PipelineName": record.name,
        "PipelineDefinition": record.definition,
        "RoleArn": record.role_arn,
        "PipelineStatus": "Active",
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        "CreatedBy": {},
        "LastModifiedBy": {},
        **_parallelism(record.parallelism),
        **_known(
            PipelineDisplayName=record.display_name,
            PipelineDescription=record.description,
            LastRunTime=record.last_run,
        ),
    }


def pipeline_summary(record: Pipeline) -> Json:
    """A pipeline in a list."""
    return {
        "PipelineArn": record.arn,
        "PipelineName": record.name,
        "RoleArn": record.role_arn,
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        **_known(
            PipelineDisplayName=record.display_name,
            PipelineDescription=record.description,
            LastExecutionTime=record.last_run,
        ),
    }


def execution(record: Execution) -> Json:
    """DescribePipelineExecution."""
    return {
        "PipelineArn": record.pipeline.arn,
        "PipelineExecutionArn": record.arn,
        "PipelineExecutionStatus": record.status.value,
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        "CreatedBy": {},
        "LastModifiedBy": {},
        "PipelineVersionId": record.pipeline.version,
        **_parallelism(record.parallelism),
        **_known(
            PipelineExecutionDisplayName=record.display_name,
            PipelineExecutionDescription=record.description,
            FailureReason=record.failure_reason,
        ),
    }


def execution_summary(record: Execution) -> Json:
    """An execution in a list."""
    return {
        "PipelineExecutionArn": record.arn,
        "StartTime": record.created,
        "PipelineExecutionStatus": record.status.value,
        **_known(
            PipelineExecutionDisplayName=record.display_name,
            PipelineExecutionDescription=record.description,
            PipelineExecutionFailureReason=record.failure_reason,
        ),
    }


def step(record: StepRun) -> Json:
    """A step in ListPipelineExecutionSteps."""
    return {
        "StepName": record.name,
        "StartTime": record.started,
        "StepStatus": record.status.value,
        "Metadata": dict(record.metadata),
        "AttemptCount": record.attempts,
        **_known(
            EndTime=record.ended,
            FailureReason=record.failure_reason,
            StepDisplayName=record.display_name,
            StepDescription=record.description,
        ),
    }
